package agentfile

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
)

// captions reads the live_captions block.
func (r *reader) captions(a *Agent, n *yaml.Node) *Captions {
	c, chosen, blocks := &Captions{}, (*entry)(nil), map[string]entry{}
	for _, e := range r.entries(n, "live_captions") {
		switch name := e.key.Value; name {
		case "processing":
			a.Automatic = r.processing(e, "live_captions.processing")
		case "provider":
			chosen = &e
		default:
			if _, known := vendorCalled(name); !known {
				r.unknown(e.key, "live_captions."+name, name, append(vendorNames(), "processing", "provider"))
				continue
			}
			blocks[name] = e
		}
	}
	for _, v := range vendors { // in the table's order, so that errors are, too
		if e, ok := blocks[v.name]; ok {
			r.block(v, e)
		}
	}
	if chosen == nil || unset(chosen.value) {
		return c
	}
	r.provider(c, chosen.value, blocks)
	return c
}

// provider reads whose recogniser it is, and how that is set up.
func (r *reader) provider(c *Captions, n *yaml.Node, blocks map[string]entry) {
	v, known := vendorCalled(n.Value)
	switch {
	case n.Kind != yaml.ScalarNode || !known:
		r.bad(n, "live_captions.provider must be one of %s; it is %s", list(serving()), said(n))
		return
	case v.use == nil:
		r.bad(n, "live_captions.provider %s has no recogniser here; these have: %s", v.name, list(serving()))
		return
	}
	c.Provider, c.BaseURL, c.Model = v.provider, v.base, v.model
	e, ok := blocks[v.name]
	if !ok {
		return
	}
	for _, e := range r.silently().entries(e.value, v.name) {
		k, known := v.keys[e.key.Value]
		if !known || unset(e.value) || !k.fits(e.value) {
			continue // told by block
		}
		name := v.name + "." + e.key.Value
		if use := v.use[e.key.Value]; use != nil {
			use(r, c, e.value, name)
		} else if !slices.Contains(v.fine[e.key.Value], e.value.Value) || e.value.Kind != yaml.ScalarNode {
			r.note(e.key, "live_captions.%s has no effect here", name)
		}
	}
}

// silently is a reader of the same file that tells nothing.
func (r *reader) silently() *reader { return &reader{file: r.file} }

// block checks the keys of a provider's block, chosen or not.
func (r *reader) block(v vendor, e entry) {
	for _, e := range r.entries(e.value, "live_captions."+v.name) {
		name := fmt.Sprintf("live_captions.%s.%s", v.name, e.key.Value)
		k, known := v.keys[e.key.Value]
		if !known {
			var all []string
			for key := range v.keys {
				all = append(all, key)
			}
			slices.Sort(all)
			r.unknown(e.key, name, e.key.Value, all)
			continue
		}
		r.takes(e, name, k)
	}
}

// unknown tells of a key that nobody knows.
func (r *reader) unknown(key *yaml.Node, name, typed string, all []string) {
	if near := fault.Nearest(typed, all); near != "" {
		r.bad(key, "%s is not known; is it %s?", clip(name), near)
		return
	}
	r.bad(key, "%s is not known; there are %s", clip(name), list(all))
}

// use is what a key's value, which fits its kind, does to the captions.
type use func(r *reader, c *Captions, n *yaml.Node, name string)

const (
	mostKey      = 1024 // bytes of an account's key
	mostKeywords = 100
)

func useKey(r *reader, c *Captions, n *yaml.Node, name string) {
	if len(n.Value) > mostKey || strings.ContainsAny(n.Value, " \t\r\n") {
		r.bad(n, "live_captions.%s is no key: it has a space in it, or is too long", name)
		return
	}
	c.Key = n.Value
}

func useModel(r *reader, c *Captions, n *yaml.Node, name string) {
	c.Model = r.word(entry{nil, n}, "live_captions."+name, mostWord)
}

func useLanguage(r *reader, c *Captions, n *yaml.Node, name string) {
	c.Options.Language = r.word(entry{nil, n}, "live_captions."+name, 35) // the longest tag that BCP 47 asks one to take
}

func useBaseURL(r *reader, c *Captions, n *yaml.Node, name string) {
	url := strings.TrimSuffix(r.word(entry{nil, n}, "live_captions."+name, 2048), "/")
	if !strings.HasPrefix(url, "https://") && !strings.HasPrefix(url, "http://") {
		r.bad(n, "live_captions.%s must begin with https:// or http://", name)
		return
	}
	c.BaseURL = url
}

func useKeywords(r *reader, c *Captions, n *yaml.Node, name string) {
	all := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		all = n.Content
	}
	if len(all) > mostKeywords {
		r.bad(n, "live_captions.%s has %d words, there may be %d", name, len(all), mostKeywords)
		return
	}
	for _, one := range all {
		if word := r.word(entry{nil, one}, "live_captions."+name, mostWord); word != "" {
			c.Options.Keywords = append(c.Options.Keywords, word)
		}
	}
}

func useInterims(r *reader, c *Captions, n *yaml.Node, name string) {
	c.Silent = !r.boolean(entry{nil, n}, "live_captions."+name, true)
}

// useEnglish is the language of the embedded recogniser, which knows one.
func useEnglish(r *reader, c *Captions, n *yaml.Node, name string) {
	if l := strings.ToLower(n.Value); l != "en" && !strings.HasPrefix(l, "en-") && !strings.HasPrefix(l, "en_") {
		r.bad(n, "live_captions.%s must be English: the embedded recogniser understands nothing else, not %s", name, said(n))
		return
	}
	c.Options.Language = "en-US"
}

// useEnglishModel is the model of an engine in whose place the embedded
// recogniser stands. Its name tells the language.
func useEnglishModel(r *reader, _ *Captions, n *yaml.Node, name string) {
	parts := strings.FieldsFunc(strings.ToLower(n.Value), func(c rune) bool { return c == '-' || c == '_' || c == '/' })
	if !slices.Contains(parts, "en") {
		r.bad(n, "live_captions.%s must be an English one: the embedded recogniser understands nothing else, not %s", name, said(n))
		return
	}
	r.note(n, "live_captions.%s has no effect here: the embedded recogniser, Moonshine, hears in its place", name)
}
