package trillet

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

// Bounds of what the dialect keeps beside the agent.
const (
	maxSettings     = 50
	maxSettingsText = 16 << 10 // bytes of JSON
	maxWord         = 255
)

// mask stands for a key that is not shown. Sent back, it leaves the key as it is.
const mask = "********"

// form reads an agent's body. What it is to become goes into ours, the body that
// roster reads; what is wrong is noted under the dialect's names.
type form struct {
	table  Table
	voices roster.Voices
	llm    []roster.Capability
	in     map[string]any
	fresh  bool // the agent is new: what is missing has a default, or is a mistake
	was    words
	hadKey bool // the agent has a key of its own

	ours  map[string]any
	words words
	key   *string // of elevenLabsApiKey; nil: it stays as it is; "": there is none
	wrong roster.Problems
}

func (f *form) read() {
	f.words, f.ours = f.was, map[string]any{}
	f.words.Settings = maps.Clone(f.was.Settings)
	if f.words.Settings == nil {
		f.words.Settings = map[string]any{}
	}
	for name, ours := range map[string]string{"name": "name", "variables": "dynamic_variables", "greeting": "greeting"} {
		if v, there := f.in[name]; there || f.fresh && name == "name" {
			f.ours[ours] = v
		}
	}
	if v := f.in["type"]; v != nil && v != "voice" {
		f.wrong.Add("type", "must be voice: other agents are not made here")
	}
	f.speaks()
	f.thinks()
	f.calls()
}

// speaks reads ttsModel.
func (f *form) speaks() {
	v, there := f.in["ttsModel"]
	in, is := v.(map[string]any)
	switch {
	case !there && !f.fresh:
		return
	case v == nil:
		f.wrong.Add("ttsModel", "can't be blank")
		return
	case !is:
		f.wrong.Add("ttsModel", "must be an object")
		return
	}
	w := &f.words.TTS
	if f.fresh {
		w.Language = "en"
	}
	before := len(f.wrong)
	f.word(in, "ttsModel.", "provider", &w.Provider)
	f.word(in, "ttsModel.", "voiceId", &w.VoiceID)
	if _, named := in["name"]; !named && (w.VoiceID != f.was.TTS.VoiceID || w.Provider != f.was.TTS.Provider) {
		w.Name = "" // that of the voice before
	}
	f.word(in, "ttsModel.", "name", &w.Name)
	f.word(in, "ttsModel.", "language", &w.Language)
	for name, is := range map[string]string{"provider": w.Provider, "voiceId": w.VoiceID} {
		if is == "" && len(f.wrong.Of("ttsModel."+name)) == 0 {
			f.wrong.Add("ttsModel."+name, "can't be blank")
		}
	}
	f.ownKey(in)
	if len(f.wrong) > before {
		slices.SortStableFunc(f.wrong[before:], func(a, b roster.Problem) int { return strings.Compare(a.Field, b.Field) })
		return
	}
	f.language()
	f.voice()
}

// voice finds who is meant.
func (f *form) voice() {
	w := f.words.TTS
	uuid, ok := f.table.voice(w.Provider, w.VoiceID, f.voices)
	if ok {
		f.ours["voice_uuid"] = uuid
		if v, known := f.voices.Find(uuid); known && w.Name == "" {
			f.words.TTS.Name = v.Name
		}
		return
	}
	offered := f.table.providers(f.voices)
	if !slices.Contains(offered, w.Provider) {
		f.wrong.Add("ttsModel.provider", "'%.80s' has no voices here; offered are: %s", w.Provider, some(offered))
		return
	}
	f.wrong.Add("ttsModel.voiceId", "'%.80s' of %.80s is not a voice here; offered are: %s", w.VoiceID, w.Provider, some(f.voicesOf(w.Provider)))
}

// voicesOf are the ids of a provider's voices.
func (f *form) voicesOf(provider string) []string {
	var all []string
	for word := range f.table.Voices {
		if name, id, _ := strings.Cut(word, "/"); name == provider {
			all = append(all, id)
		}
	}
	for _, v := range f.voices.List {
		if v.Provider != f.table.ours(provider) {
			continue
		}
		id := v.UUID
		if f.table.Of != nil {
			_, id = f.table.Of(v.UUID)
		}
		all = append(all, id)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// some are the first of a list, for a message.
func some(all []string) string {
	const most = 20
	if len(all) == 0 {
		return "none"
	}
	if len(all) > most {
		return strings.Join(all[:most], ", ") + fmt.Sprintf(" and %d more", len(all)-most)
	}
	return strings.Join(all, ", ")
}

// language says what the agent speaks. Any English is taken for the one that
// recognisers here hear.
func (f *form) language() {
	first, _, _ := strings.Cut(strings.ToLower(f.words.TTS.Language), "-")
	if first != "en" {
		f.wrong.Add("ttsModel.language", "must be en: agents speak nothing else here")
		return
	}
	f.ours["languages"] = []any{"en-US"}
}

// ownKey reads the key that comes with the agent.
func (f *form) ownKey(in map[string]any) {
	v := in["elevenLabsApiKey"]
	key, is := v.(string)
	with := f.words.TTS.Provider == byo
	switch {
	case v != nil && !is:
		f.wrong.Add("ttsModel.elevenLabsApiKey", "must be a string")
	case !with && key != "" && key != mask:
		f.wrong.Add("ttsModel.elevenLabsApiKey", "is of use with the provider "+byo+" only")
	case !with:
		f.key = new("")
	case key == mask || key == "":
		if !f.hadKey {
			f.wrong.Add("ttsModel.elevenLabsApiKey", "can't be blank with the provider "+byo)
		}
	default:
		f.key = &key
	}
}

// thinks reads llmModel, settings and the prompt.
func (f *form) thinks() {
	llm := map[string]any{}
	if v, there := f.in["prompt"]; there {
		llm["prompt"] = v
	}
	v, there := f.in["llmModel"]
	word, is := v.(string)
	switch {
	case v == nil && (there || f.fresh):
		word, is = defaultLLM, true
	case there && !is:
		f.wrong.Add("llmModel", "must be a string")
	}
	if is {
		c, ok := f.table.model(word, f.llm)
		if ok {
			_, ok = roster.Find(f.llm, c.Provider, c.Model)
		}
		if ok {
			f.words.LLM, llm["provider"], llm["model"] = word, c.Provider, c.Model
		} else {
			f.wrong.Add("llmModel", "'%.80s' is not offered here; offered are: %s", word, some(f.table.models(f.llm)))
		}
	}
	f.settings(llm)
	if len(llm) > 0 {
		f.ours["llm"] = llm
	}
}

// settings reads settings: temperature is the model's, the others are kept.
func (f *form) settings(llm map[string]any) {
	v, there := f.in["settings"]
	in, is := v.(map[string]any)
	if !there {
		return
	}
	if v == nil {
		f.words.Settings, llm["temperature"] = map[string]any{}, nil
		return
	}
	if !is {
		f.wrong.Add("settings", "must be an object")
		return
	}
	for _, name := range slices.Sorted(maps.Keys(in)) {
		v := in[name]
		switch name {
		case "speed", "volume", "temperature":
			if v != nil && !unit(v) {
				f.wrong.Add("settings."+name, "must be a number from 0 to 1")
				continue
			}
		}
		switch {
		case name == "temperature":
			llm["temperature"] = v
		case v == nil:
			delete(f.words.Settings, name)
		default:
			f.words.Settings[name] = v
		}
	}
	if raw, err := json.Marshal(f.words.Settings); err != nil || len(raw) > maxSettingsText || len(f.words.Settings) > maxSettings || strings.Contains(string(raw), `\u0000`) {
		f.wrong.Add("settings", "is too long (maximum is %d settings and %d bytes)", maxSettings, maxSettingsText)
	}
}

// unit reports whether v is a number from 0 to 1.
func unit(v any) bool {
	n, ok := v.(json.Number)
	if !ok {
		return false
	}
	x, err := n.Float64()
	return err == nil && x >= 0 && x <= 1 && !math.IsNaN(x)
}

// calls reads the smart callback.
func (f *form) calls() {
	c := map[string]any{}
	for name, ours := range callbackFields {
		if v, there := f.in[name]; there {
			c[ours] = v
		}
	}
	if on, there := c["enabled"]; f.fresh && !there || there && on == nil {
		c["enabled"] = false
	}
	if gaps, ok := c["gaps"].([]any); ok {
		c["gaps"] = withDays(gaps)
	}
	if len(c) > 0 {
		f.ours["smart_callback"] = c
	}
}

// callbackFields are our names of the smart callback's fields.
var callbackFields = map[string]string{
	"smartCallback": "enabled", "maxAttemptsForSmartCallback": "max_attempts", "gapBetweenEachAttemptForSmartCallback": "gaps",
}

// withDays are gaps with the vendor's default: a day, where nothing is said of
// days.
func withDays(gaps []any) []any {
	out := slices.Clone(gaps)
	for i, v := range out {
		in, ok := v.(map[string]any)
		if !ok || in["days"] != nil {
			continue
		}
		in = maps.Clone(in)
		in["days"] = json.Number("1")
		out[i] = in
	}
	return out
}

// word reads a short text over what was there.
func (f *form) word(in map[string]any, under, name string, into *string) {
	v, there := in[name]
	if !there || v == nil {
		return
	}
	s, ok := v.(string)
	switch {
	case !ok:
		f.wrong.Add(under+name, "must be a string")
	case utf8.RuneCountInString(s) > maxWord:
		f.wrong.Add(under+name, "is too long (maximum is %d characters)", maxWord)
	case strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }):
		f.wrong.Add(under+name, "is invalid")
	default:
		*into = s
	}
}

// theirs puts the problems that roster found under the dialect's names.
func theirs(all roster.Problems) roster.Problems {
	var out roster.Problems
	for _, p := range all {
		field := p.Field
		for _, r := range renamed {
			if rest, ok := strings.CutPrefix(field, r.ours); ok && (rest == "" || rest[0] == '.') {
				field = r.theirs + rest
				break
			}
		}
		for _, m := range p.Messages {
			out.Add(field, "%s", m)
		}
	}
	return out
}

// renamed are fields that have another name in the dialect, longer ones first.
var renamed = []struct{ ours, theirs string }{
	{"voice_uuid", "ttsModel.voiceId"},
	{"languages", "ttsModel.language"},
	{"llm.temperature", "settings.temperature"},
	{"llm.prompt", "prompt"},
	{"llm", "llmModel"},
	{"asr", "base"},
	{"smart_callback.enabled", "smartCallback"},
	{"smart_callback.max_attempts", "maxAttemptsForSmartCallback"},
	{"smart_callback.gaps", "gapBetweenEachAttemptForSmartCallback"},
	{"dynamic_variables", "variables"},
}
