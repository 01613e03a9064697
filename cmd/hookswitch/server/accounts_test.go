package server_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
)

// open boots a gateway with an API.
func open(t *testing.T, change func(*server.Options)) *booted {
	t.Helper()
	o := privately(t)
	o.Config.BootstrapKey = flowKey
	if change != nil {
		change(&o)
	}
	return boot(t, o)
}

// of are the items of a list whose field is value.
func (a answered) of(list, field, value string) (all []map[string]any) {
	items, _ := a.at(list).([]any)
	for _, item := range items {
		if m, ok := item.(map[string]any); ok && m[field] == value {
			all = append(all, m)
		}
	}
	return all
}

// A key that can't be opened, as after another secret key was set, is no reason
// to know of no provider any more, and can be set anew.
func TestAKeyThatCanNotBeOpenedIsMendedOverTheAPI(t *testing.T) {
	t.Parallel()
	b := open(t, nil)
	broken := roster.ProviderKey{Workspace: roster.Default, Provider: "deepgram", Key: "sealed by nobody", Who: "test", Updated: time.Now()}
	if err := b.Store().SetProviderKey(t.Context(), broken); err != nil {
		t.Fatal(err)
	}
	list := b.must("GET", "/providers", "")
	if p := list.of("items", "provider", "deepgram"); len(p) != 1 || p[0]["configured"] != false || !strings.Contains(p[0]["unavailable_reason"].(string), "can't be read") {
		t.Errorf("deepgram = %v", p)
	}
	if a := b.ask("POST", "/providers/deepgram/check", ""); a.status != http.StatusConflict {
		t.Errorf("check: %d %s", a.status, a.text)
	}
	if v := b.must("GET", "/voices?limit=100", ""); len(v.of("items", "provider", "flite")) == 0 || !strings.Contains(v.text, `"partial_providers":["deepgram"]`) {
		t.Errorf("voices = %s", v.text)
	}
	b.must("PUT", "/providers/deepgram", `{"api_key":"0123456789abcdef"}`)
	if p := b.must("GET", "/providers", "").of("items", "provider", "deepgram"); p[0]["configured"] != true || p[0]["source"] != "workspace" {
		t.Errorf("deepgram = %v", p)
	}
}

// Another server that speaks OpenAI's protocol has language models. Who hears
// and speaks there is what the settings name.
func TestAnotherServersProtocolIsOpenAIsForModelsOnly(t *testing.T) {
	t.Parallel()
	const elsewhere = "http://127.0.0.1:9/v1"
	for _, tt := range []struct {
		claim         string
		change        func(*server.Options)
		stages, hears string
		voices        string // none, listed, or any
	}{
		{"OpenAI's own", func(o *server.Options) { o.Config.OpenAI.Key = "0123456789" }, "[asr llm tts]", "gpt-4o-transcribe", "listed"},
		{"OpenAI's own elsewhere", func(o *server.Options) {
			o.Config.OpenAI.Key, o.Config.OpenAI.BaseURL = "0123456789", "https://eu.api.openai.com/v1"
		}, "[asr llm tts]", "gpt-4o-transcribe", "listed"},
		{"another's", func(o *server.Options) { o.Config.OpenAI.BaseURL = elsewhere }, "[llm]", "", "none"},
		{"another's that hears", func(o *server.Options) {
			o.Config.OpenAI.BaseURL, o.Config.OpenAI.Key, o.Config.Speech.Recogniser = elsewhere, "0123456789", "openai/parakeet"
		}, "[asr llm]", "parakeet", "none"},
		{"another's that speaks", func(o *server.Options) { o.Config.OpenAI.BaseURL, o.Config.OpenAI.Voice = elsewhere, "kokoro" }, "[llm tts]", "", "any"},
	} {
		t.Run(tt.claim, func(t *testing.T) {
			t.Parallel()
			b := open(t, tt.change)
			p := b.must("GET", "/providers", "").of("items", "provider", "openai")
			if len(p) != 1 || !strings.HasPrefix(strings.Join(words(p[0]["stages"]), " "), strings.Trim(tt.stages, "[]")) || len(words(p[0]["stages"])) != len(strings.Fields(tt.stages)) {
				t.Errorf("stages = %v, want %s", p, tt.stages)
			}
			caps := b.must("GET", "/agents/capabilities", "")
			var models []string
			for _, c := range caps.of("asr_capabilities", "provider", "openai") {
				models = append(models, c["model"].(string))
			}
			if tt.hears == "" && len(models) > 0 || tt.hears != "" && (!slices.Contains(models, tt.hears) || tt.hears == "parakeet" && len(models) != 1) {
				t.Errorf("recognisers = %v, want %q", models, tt.hears)
			}
			if len(caps.of("llm_capabilities", "model", "gpt-4o")) != 1 {
				t.Errorf("gpt-4o is no model: %s", caps.text)
			}
			v := b.must("GET", "/voices?limit=100", "")
			got := "none"
			if strings.Contains(v.text, `"partial_providers":["openai"]`) {
				got = "any"
			} else if len(v.of("items", "provider", "openai")) > 0 {
				got = "listed"
			}
			if got != tt.voices {
				t.Errorf("voices: %s, want %s: %s", got, tt.voices, v.text)
			}
		})
	}
}

// Neither a list that can't be had, nor two, refuse an agent that may be good; a
// list that is whole refuses what it hasn't.
func TestOnlyAVoicesOwnListRefusesIt(t *testing.T) {
	t.Parallel()
	nobody := "http://127.0.0.1:1" // refuses connections
	b := open(t, func(o *server.Options) {
		o.Config.OpenAI.Key = "0123456789"
		o.Config.Providers.Resemble = config.Provider{Key: "0123456789", BaseURL: nobody}
		o.Config.Providers.Rime = config.Provider{Key: "0123456789", BaseURL: nobody}
	})
	for voice, status := range map[string]int{
		"abc123": 200, "rime-luna": 200, "openai-alloy": 200, "flite-rms": 200,
		"openai-aloy": 400, "flite-rmss": 400, "cartesia-x": 400,
	} {
		a := b.ask("POST", "/agents", `{"name":"A","voice_uuid":"`+voice+`","asr":{"provider":"moonshine","model":"tiny-en"},"llm":{"provider":"script","model":"demo"}}`)
		if a.status != status {
			t.Errorf("%s: %d %s, want %d", voice, a.status, a.text, status)
		}
	}
}

func words(v any) (all []string) {
	list, _ := v.([]any)
	for _, one := range list {
		all = append(all, one.(string))
	}
	return all
}
