package providers_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/asr/live"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/providers"
)

var access = providers.Access{Key: "0123456789abcdef", HTTP: http.DefaultClient}

// A line of the table is whole: whoever lists a model can make it, in every
// format that it says, and the settings know its key.
func TestEveryLineOfTheTableIsWhole(t *testing.T) {
	var names []string
	for _, p := range providers.Table {
		names = append(names, p.Name)
		if len(p.Stages()) == 0 || p.Title == "" {
			t.Errorf("%s has no part, or no title", p.Name)
		}
		if h := p.Hears; h != nil {
			if len(h.Models) == 0 || len(h.Formats) == 0 {
				t.Errorf("%s hears with %q in %q", p.Name, h.Models, h.Formats)
			}
			for _, m := range h.Models {
				for _, f := range h.Formats {
					if !slices.Contains(roster.AudioFormats, string(f)) {
						t.Errorf("%s: %q is no user_input_audio_format", p.Name, f)
					}
					if _, err := h.New(access, providers.Hearing{Model: m, Format: f, Language: "en-US"}); err != nil {
						t.Errorf("%s %s %s: %v", p.Name, m, f, err)
					}
				}
			}
			if !slices.Contains(h.Formats, live.Mulaw) {
				t.Errorf("%s can't be sent the line's own format", p.Name)
			}
		}
		if k := p.Thinks; k != nil {
			for _, m := range k.Models {
				warm := .3
				if _, err := k.New(access, providers.Thinking{Model: m, Temperature: &warm, Effort: "low"}); err != nil {
					t.Errorf("%s %s: %v", p.Name, m, err)
				}
				if n := k.Window(m); n < 8000 {
					t.Errorf("%s %s remembers %d tokens", p.Name, m, n)
				}
			}
		}
		if s := p.Speaks; s != nil {
			if _, err := s.New(access, "aura-2-thalia-en"); err != nil {
				t.Errorf("%s: %v", p.Name, err)
			}
			if p.Name != "resemble" && s.Model(access) == "" { // the voice's own
				t.Errorf("%s has no model that speaks", p.Name)
			}
		}
	}
	want := slices.Clone(config.ProviderNames)
	slices.Sort(names)
	slices.Sort(want)
	if !slices.Equal(names, want) {
		t.Errorf("the table has %q, the settings %q", names, want)
	}
}

// Seed 001 names its voice without a provider: that is Resemble's. Every other
// voice says whose it is.
func TestVoicesAreNamedSoThatTheyAreFoundAgain(t *testing.T) {
	for uuid, want := range map[string][2]string{
		"abc123":                    {"resemble", "abc123"},
		"resemble-abc123":           {"resemble", "abc123"},
		"elevenlabs-21m00":          {"elevenlabs", "21m00"},
		"deepgram-aura-2-thalia-en": {"deepgram", "aura-2-thalia-en"},
		"openai-alloy":              {"openai", "alloy"},
		"anthropic-x":               {"resemble", "anthropic-x"}, // it does not speak
		"elevenlabs-":               {"resemble", "elevenlabs-"},
	} {
		p, id := providers.OfVoice(uuid)
		if p.Name != want[0] || id != want[1] {
			t.Errorf("%q is %s's %q, want %s's %q", uuid, p.Name, id, want[0], want[1])
		}
	}
	for _, p := range providers.Table {
		if p.Speaks == nil {
			continue
		}
		if again, id := providers.OfVoice(providers.VoiceUUID(p.Name, "some-voice")); again.Name != p.Name || id != "some-voice" {
			t.Errorf("a voice of %s is found as %s's %q", p.Name, again.Name, id)
		}
	}
}

// No mistake in a key is told by showing it.
func TestAWrongKeyIsNotShown(t *testing.T) {
	bad := access
	bad.Key = "sesame\nsesame"
	for _, p := range providers.Table {
		var err error
		switch {
		case p.Hears != nil:
			_, err = p.Hears.New(bad, providers.Hearing{Model: p.Hears.Models[0], Format: live.Mulaw})
		case p.Thinks != nil:
			_, err = p.Thinks.New(bad, providers.Thinking{Model: p.Thinks.Models[0]})
		default:
			_, err = p.Speaks.New(bad, "v")
		}
		if err == nil || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%s: %v", p.Name, err)
		}
	}
}
