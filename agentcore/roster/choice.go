package roster

import (
	"fmt"
	"slices"
)

// maxFallbacks is how many others take over, one after another.
const maxFallbacks = 3

// Choice is a provider's model.
type Choice struct {
	Provider string `json:"provider"`
	Model    string `json:"model"`
}

// Choices are the recognisers of an agent in the order in which they are tried:
// the first, then its fallbacks. There is none without a first.
func (a *ASR) Choices() []Choice {
	if a == nil || a.Provider == "" || a.Model == "" {
		return nil
	}
	return slices.Concat([]Choice{{a.Provider, a.Model}}, a.Fallbacks)
}

// Choices are the models of an agent in the order in which they are tried.
// There is none without a first.
func (l *LLM) Choices() []Choice {
	if l == nil || !given(l.Provider) || !given(l.Model) {
		return nil
	}
	return slices.Concat([]Choice{{*l.Provider, *l.Model}}, l.Fallbacks)
}

// VoiceUUIDs are the voices of an agent in the order in which they are tried.
// There is none without a first.
func (d Definition) VoiceUUIDs() []string {
	if d.VoiceUUID == "" {
		return nil
	}
	return slices.Concat([]string{d.VoiceUUID}, d.FallbackVoices)
}

// choices reads the list fallbacks of part, "ASR" or "LLM", whose models are all.
func choices(in form, part string, all []Capability, into *[]Choice) {
	items, ok := in.list("fallbacks", maxFallbacks)
	if !ok {
		return
	}
	var out []Choice
	for i, v := range items {
		var c Choice
		if one, ok := in.item("fallbacks", i, v); ok {
			c = choice(one, part, all)
		}
		out = append(out, c) // also a wrong one: the others keep their places
	}
	*into = out
}

// choice reads one fallback; the zero Choice when it is wrong.
func choice(one form, part string, all []Capability) Choice {
	before := len(*one.wrong)
	var c Choice
	for _, field := range []struct {
		name string
		into *string
	}{{"provider", &c.Provider}, {"model", &c.Model}} {
		known := len(*one.wrong)
		if one.text(field.name, maxName, "", field.into); *field.into == "" && len(*one.wrong) == known {
			one.refuse(field.name, blank)
		}
	}
	if len(*one.wrong) > before {
		return Choice{}
	}
	if _, ok := Find(all, c.Provider, c.Model); !ok {
		one.refuse("model", "%s provider/model combination '%.80s/%.80s' is not supported", part, c.Provider, c.Model)
		return Choice{}
	}
	return c
}

// apart refuses a list of fallbacks that repeats one, or the first.
func apart[E comparable](f form, list string, first E, others []E) {
	seen := []E{first}
	var none E
	for i, o := range others {
		if o != none && slices.Contains(seen, o) {
			f.refuse(fmt.Sprintf("%s.%d", list, i), taken)
		}
		seen = append(seen, o)
	}
}

// fallbackVoices reads the voices that take over.
func (t Terms) fallbackVoices(f form, d *Definition) {
	const name = "fallback_voice_uuids"
	if !f.texts(name, maxFallbacks, maxName, &d.FallbackVoices) {
		return
	}
	if len(d.FallbackVoices) == 0 {
		d.FallbackVoices = nil
	}
	for i, uuid := range d.FallbackVoices {
		if !t.Voices.May(uuid) {
			f.refuse(fmt.Sprintf("%s.%d", name, i), noVoice)
		}
	}
}
