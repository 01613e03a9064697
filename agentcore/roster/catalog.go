package roster

import (
	"context"
	"slices"
	"strings"
)

// Capability is a provider's model that an agent may be set to.
type Capability struct {
	Provider    string
	Model       string
	Description string
	Available   bool     // a call could use it now
	Why         string   // it is not, as something to do about it; empty when available
	Formats     []string // of a recogniser: those of [AudioFormats] that it takes, its favourite first; empty: any
}

// Takes reports whether a recogniser can be sent format.
func (c Capability) Takes(format string) bool {
	return len(c.Formats) == 0 || slices.Contains(c.Formats, format)
}

// Format is what a recogniser is sent when format is asked for, perhaps by an
// agent whose first choice is another one: that, if it takes it, else the
// default, else its favourite.
func (c Capability) Format(format string) string {
	for _, f := range []string{format, defaultFormat} {
		if c.Takes(f) {
			return f
		}
	}
	return c.Formats[0]
}

// Voice is one that an agent may speak with.
type Voice struct {
	UUID     string // no other voice of the workspace has it
	Name     string
	Provider string
	Language string // BCP 47; empty when it speaks several
}

// Speaks reports whether v can be an agent's that speaks languages: a voice with
// another accent can be.
func (v Voice) Speaks(languages []string) bool {
	tongue := func(tag string) string {
		first, _, _ := strings.Cut(tag, "-")
		return strings.ToLower(first)
	}
	return v.Language == "" || len(languages) == 0 ||
		slices.ContainsFunc(languages, func(l string) bool { return tongue(l) == tongue(v.Language) })
}

// Voices are those that a workspace may choose from.
type Voices struct {
	List []Voice
	// Partial names the providers that have more voices than List, or may have: a
	// list that can't be had now, or is longer than anybody reads. Each once.
	Partial []string
	// Of names the provider whose voice a uuid would be. nil: nobody knows.
	Of func(uuid string) string
}

// Find returns the voice called uuid. One that is in no list is taken for that of
// the provider whose it would be if that one's list is not whole, or, where nobody
// knows whose, for that of the only one: then nothing else is known of it.
func (all Voices) Find(uuid string) (Voice, bool) {
	if i := slices.IndexFunc(all.List, func(v Voice) bool { return v.UUID == uuid }); i >= 0 {
		return all.List[i], true
	}
	whose := ""
	switch {
	case uuid == "":
	case all.Of != nil:
		whose = all.Of(uuid)
	case len(all.Partial) == 1:
		whose = all.Partial[0]
	}
	if !slices.Contains(all.Partial, whose) {
		return Voice{}, false
	}
	return Voice{UUID: uuid, Provider: whose}, true
}

// May reports whether there may be a voice called uuid. It is not for a list
// that can't be had to say that there is none.
func (all Voices) May(uuid string) bool {
	_, ok := all.Find(uuid)
	return ok || all.Of == nil && len(all.Partial) > 0
}

// Catalog is what this build and its settings offer a workspace.
type Catalog interface {
	ASR(ctx context.Context, workspace string) []Capability
	LLM(ctx context.Context, workspace string) []Capability
	// Voices answers from what is known by then, or soon: lists of agents wait
	// for it.
	Voices(ctx context.Context, workspace string) (Voices, error)
}

// Find returns the capability of provider and model.
func Find(all []Capability, provider, model string) (Capability, bool) {
	for _, c := range all {
		if c.Provider == provider && c.Model == model {
			return c, true
		}
	}
	return Capability{}, false
}
