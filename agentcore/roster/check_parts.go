package roster

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // whether a time zone is valid must not depend on the machine
)

// Bounds of an agent's parts.
const (
	maxPrompt   = 100_000
	maxKeywords = 100
	maxSeconds  = 3_600
	maxRaw      = 64 << 10 // bytes of JSON of the user's own shape
)

// AudioFormats are those that seed 001 names.
var AudioFormats = []string{"pcm_8000", "pcm_16000", "pcm_22050", "pcm_24000", "pcm_44100", "pcm_48000", "ulaw_8000"}

// defaultFormat is the seed's.
const defaultFormat = "pcm_16000"

// efforts are the levels that any model knows; which of them a model has is its
// own affair.
var efforts = []string{"none", "minimal", "low", "medium", "high", "xhigh", "max"}

func (t Terms) asr(f form, d *Definition) {
	in, null, ok := f.object("asr")
	if !ok {
		return
	}
	if null {
		d.ASR = nil
		return
	}
	asr := ASR{Provider: "deepgram", AudioFormat: defaultFormat, Keywords: []string{}}
	if d.ASR != nil {
		asr = *d.ASR
	}
	before := len(*f.wrong)
	in.text("provider", maxName, "deepgram", &asr.Provider)
	in.text("model", maxName, "", &asr.Model)
	in.oneOf("user_input_audio_format", AudioFormats, defaultFormat, &asr.AudioFormat)
	in.texts("keywords", maxKeywords, 100, &asr.Keywords)
	if asr.Model == "" && len(f.wrong.Of("asr.model")) == 0 {
		in.refuse("model", blank)
	}
	if len(*f.wrong) == before {
		if c, ok := Find(t.ASR, asr.Provider, asr.Model); !ok {
			in.refuse("model", "ASR provider/model combination '%.80s/%.80s' is not supported", asr.Provider, asr.Model)
		} else {
			format(in, c, &asr)
		}
	}
	choices(in, "ASR", t.ASR, &asr.Fallbacks)
	apart(in, "fallbacks", Choice{asr.Provider, asr.Model}, asr.Fallbacks)
	d.ASR = &asr
}

// format fits the audio format to the recogniser: one that was asked for must be
// among those that it takes, any other becomes one that it takes.
func format(in form, c Capability, asr *ASR) {
	switch {
	case c.Takes(asr.AudioFormat):
	case in.in["user_input_audio_format"] == nil:
		asr.AudioFormat = c.Format(asr.AudioFormat)
	default:
		in.refuse("user_input_audio_format", "is not one that '%.80s/%.80s' takes: %s", c.Provider, c.Model, strings.Join(c.Formats, ", "))
	}
}

func defaultTurn() *Turn { return &Turn{Timeout: 7, SilenceEnd: -1, Mode: "silence"} }

func turn(f form, d *Definition) {
	in, null, ok := f.object("turn")
	if !ok {
		return
	}
	if null || d.Turn == nil {
		d.Turn = defaultTurn()
	}
	if null {
		return
	}
	t := *d.Turn
	in.whole("turn_timeout", 0, maxSeconds, 7, &t.Timeout)
	in.whole("silence_end_call_timeout", -1, maxSeconds, -1, &t.SilenceEnd)
	in.oneOf("mode", []string{"silence"}, "silence", &t.Mode)
	in.whole("endpoint_wait_ms", 0, 10_000, 0, &t.EndpointWaitMS)
	d.Turn = &t
}

func (t Terms) llm(f form, d *Definition) {
	in, null, ok := f.object("llm")
	if !ok {
		return
	}
	if null {
		d.LLM = nil
		return
	}
	llm := LLM{Temperature: 0.3, BuiltInTools: map[string]any{}}
	if d.LLM != nil {
		llm = *d.LLM
	}
	before := len(*f.wrong)
	in.textOrNull("provider", maxName, &llm.Provider)
	in.textOrNull("model", maxName, &llm.Model)
	pair := len(*f.wrong) == before
	in.textOrNull("prompt", maxPrompt, &llm.Prompt)
	in.number("temperature", 0, 2, 0.3, &llm.Temperature)
	if in.textOrNull("reasoning_effort", 32, &llm.ReasoningEffort) && llm.ReasoningEffort != nil && !slices.Contains(efforts, *llm.ReasoningEffort) {
		in.refuse("reasoning_effort", notIncluded)
	}
	if in.textOrNull("timezone", 64, &llm.Timezone) && llm.Timezone != nil && !zone(*llm.Timezone) {
		in.refuse("timezone", "is not a valid timezone")
	}
	builtIn(in, &llm)
	switch {
	case !pair:
	case given(llm.Provider) && given(llm.Model):
		if _, ok := Find(t.LLM, *llm.Provider, *llm.Model); !ok {
			in.refuse("model", "LLM provider/model combination '%.80s/%.80s' is not supported", *llm.Provider, *llm.Model)
		}
	case given(llm.Provider): // half of it: the rest may come later, see Missing
		if !slices.ContainsFunc(t.LLM, func(c Capability) bool { return c.Provider == *llm.Provider }) {
			in.refuse("provider", notIncluded)
		}
	}
	choices(in, "LLM", t.LLM, &llm.Fallbacks)
	if given(llm.Provider) && given(llm.Model) {
		apart(in, "fallbacks", Choice{*llm.Provider, *llm.Model}, llm.Fallbacks)
	}
	d.LLM = &llm
}

func builtIn(in form, llm *LLM) {
	tools, null, ok := in.object("built_in_tools")
	if !ok {
		return
	}
	llm.BuiltInTools = map[string]any{}
	if null {
		return
	}
	if raw, err := json.Marshal(tools.in); err != nil || len(raw) > maxRaw {
		in.refuse("built_in_tools", "is too long (maximum is %d bytes)", maxRaw)
		return
	}
	llm.BuiltInTools = tools.in
}

// zone reports whether name is in the IANA database. "Local" is a zone to Go,
// but not to anybody else.
func zone(name string) bool {
	if name == "" || name == "Local" {
		return false
	}
	_, err := time.LoadLocation(name)
	return err == nil
}
