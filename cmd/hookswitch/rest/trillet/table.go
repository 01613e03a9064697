package trillet

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

// Table says which of this gateway's models and voices the dialect's words mean.
type Table struct {
	Models map[string]roster.Choice // by llmModel
	Voices map[string]string        // UUIDs of voices, by "provider/voiceId"
	// Providers are our names of providers of voices, by the dialect's. One that is
	// not in it has the same name.
	Providers map[string]string
	// Fallback are the UUIDs of the voices that speak for those of a provider that
	// are not to be had here, by the dialect's name of the provider.
	Fallback map[string]string
	ASR      roster.Choice // how agents hear. Zero: the first recogniser that is available

	// UUID is the voice of one of our providers that calls it id; Of the other way
	// round. nil: the id itself, and nobody knows.
	UUID func(provider, id string) string
	Of   func(uuid string) (provider, id string)
}

// byo is the provider whose key comes with the agent; ours, who it is.
const (
	byo        = "11labs_byo"
	byoKeyOf   = "elevenlabs"
	defaultLLM = "gpt-4o-mini"
)

// model is what a word means: a row of the table, or provider/model, as an agent
// that was made elsewhere is shown.
func (t Table) model(word string, offered []roster.Capability) (roster.Choice, bool) {
	if c, ok := t.Models[word]; ok {
		return c, true
	}
	provider, model, ok := strings.Cut(word, "/")
	if !ok {
		return roster.Choice{}, false
	}
	_, known := roster.Find(offered, provider, model)
	return roster.Choice{Provider: provider, Model: model}, known
}

// modelWord is what the dialect calls a model: the shortest word of the table.
func (t Table) modelWord(c roster.Choice) string {
	best := ""
	for word, is := range t.Models {
		if is == c && (best == "" || shorter(word, best) < 0) {
			best = word
		}
	}
	return cmp.Or(best, c.Provider+"/"+c.Model)
}

func shorter(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

// models are the words that an agent may say here: those of the table whose
// models are offered.
func (t Table) models(offered []roster.Capability) []string {
	var all []string
	for word, c := range t.Models {
		if _, ok := roster.Find(offered, c.Provider, c.Model); ok {
			all = append(all, word)
		}
	}
	slices.Sort(all)
	return all
}

// ours is our name of a provider of voices.
func (t Table) ours(provider string) string { return cmp.Or(t.Providers[provider], provider) }

// voice is the UUID that a provider's voice has here: the table's, the provider's
// own, or who speaks for it. Rime's clients put the model before the voice, as in
// mistv2_Wildflower: which model speaks is the gateway's affair.
func (t Table) voice(provider, id string, voices roster.Voices) (uuid string, ok bool) {
	if uuid, ok := t.Voices[provider+"/"+id]; ok {
		return uuid, true
	}
	ours := t.ours(provider)
	ids := []string{id}
	if _, name, ok := strings.Cut(id, "_"); ok && provider == "rime" && name != "" {
		ids = append(ids, strings.ToLower(name))
	}
	for _, id := range ids {
		tries := []string{id}
		if t.UUID != nil {
			tries = []string{t.UUID(ours, id), id}
		}
		for _, uuid := range tries {
			if v, ok := voices.Find(uuid); ok && v.Provider == ours {
				return uuid, true
			}
		}
	}
	uuid, ok = t.Fallback[provider]
	return uuid, ok
}

// providers are the words for providers whose voices can be had here.
func (t Table) providers(voices roster.Voices) []string {
	all := map[string]bool{}
	have := map[string]bool{}
	for _, v := range voices.List {
		all[v.Provider], have[v.Provider] = true, true
	}
	for _, name := range voices.Partial {
		all[name], have[name] = true, true
	}
	for word, ours := range t.Providers {
		if have[ours] || word == byo {
			all[word] = true
		}
	}
	for word := range t.Voices {
		name, _, _ := strings.Cut(word, "/")
		all[name] = true
	}
	for word := range t.Fallback {
		all[word] = true
	}
	return slices.Sorted(maps.Keys(all))
}

// voiceWord is what the dialect calls a voice.
func (t Table) voiceWord(uuid string, keyed bool, voices roster.Voices) (provider, id, name string) {
	v, _ := voices.Find(uuid)
	best := ""
	for word, is := range t.Voices {
		if is == uuid && (best == "" || shorter(word, best) < 0) {
			best = word
		}
	}
	if best != "" {
		provider, id, _ = strings.Cut(best, "/")
		return provider, id, v.Name
	}
	provider, id = v.Provider, uuid
	if t.Of != nil {
		provider, id = t.Of(uuid)
	}
	if provider == byoKeyOf && keyed {
		provider = byo
	}
	return provider, id, v.Name
}
