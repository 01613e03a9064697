package server

import (
	"context"
	"slices"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/tts/flite"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
)

// Providers that are built in and need no key.
const (
	moonshineProvider = "moonshine"
	moonshineModel    = "tiny-en"
	scriptProvider    = "script"
	scriptModel       = "demo"
	openaiProvider    = "openai"
	flitePrefix       = "flite-" // begins the uuid of an embedded voice
)

// openaiModels are those of OpenAI's own that fit a phone call. Any other
// service's model is the one that the settings name.
var openaiModels = []string{"gpt-4o", "gpt-4o-mini", "gpt-4.1", "gpt-4.1-mini", "gpt-4.1-nano"}

// deepgramModels are what the API's clients name by default (seed 001). This
// build can't use them: an agent may be set to them, and is told so when it is
// dispatched.
var deepgramModels = []string{"nova-2", "nova-2-phonecall", "nova-3"}

// catalog is the [roster.Catalog] of this build and its settings.
type catalog struct{ c config.Config }

var _ roster.Catalog = catalog{}

// ASR implements [roster.Catalog].
func (k catalog) ASR(context.Context, string) []roster.Capability {
	moonshine := roster.Capability{Provider: moonshineProvider, Model: moonshineModel, Available: true,
		Description: "Moonshine tiny, English, on this machine; needs no key"}
	if k.c.Speech.Recogniser == "none" {
		moonshine.Available, moonshine.Why = false, "this gateway is deaf on purpose: recogniser is none"
	}
	all := []roster.Capability{moonshine}
	for _, m := range deepgramModels {
		all = append(all, roster.Capability{Provider: "deepgram", Model: m, Description: "Deepgram " + m,
			Why: "this build has no client for Deepgram; use " + moonshineProvider + "/" + moonshineModel})
	}
	return all
}

// LLM implements [roster.Catalog].
func (k catalog) LLM(context.Context, string) []roster.Capability {
	all := []roster.Capability{{Provider: scriptProvider, Model: scriptModel, Available: true,
		Description: "the gateway's own dialogue file, a receptionist by default; needs no key and follows no prompt"}}
	names := openaiModels
	if !slices.Contains(names, k.c.OpenAI.Model) {
		names = append(slices.Clone(names), k.c.OpenAI.Model)
	}
	for _, m := range names {
		c := roster.Capability{Provider: openaiProvider, Model: m, Description: "OpenAI's chat protocol, model " + m, Available: true}
		if k.c.OpenAI.Key == "" && k.c.OpenAI.BaseURL == "" {
			c.Available, c.Why = false, "it has no key: set HOOKSWITCH_OPENAI_KEY"
		}
		all = append(all, c)
	}
	return all
}

// Voices implements [roster.Catalog].
func (k catalog) Voices(context.Context, string) (roster.Voices, error) {
	var all roster.Voices
	for _, v := range flite.Voices() {
		all.List = append(all.List, roster.Voice{UUID: flitePrefix + v, Name: voiceNames[v], Provider: "flite", Language: "en-US"})
	}
	return all, nil
}

// voiceNames are the embedded voices as people call them.
var voiceNames = map[string]string{
	"slt": "Sally (US English)", "rms": "Robert (US English)", "awb": "Alan (Scottish English)",
	"kal": "Kal (robotic, 8 kHz)", "kal16": "Kal (robotic, 16 kHz)",
}

// fliteVoice is the embedded voice of a uuid.
func fliteVoice(uuid string) (string, bool) { return strings.CutPrefix(uuid, flitePrefix) }
