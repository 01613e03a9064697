package openai_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/provider/providertest"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/agentcore/tts/openai"
	"github.com/hookswitch/hookswitch/agentcore/tts/ttstest"
	"github.com/hookswitch/hookswitch/agentcore/tts/voicetest"
	"github.com/hookswitch/hookswitch/media"
)

func TestOpenAIIsASynthesizer(t *testing.T) {
	ttstest.Run(t, func(t *testing.T) tts.Synthesizer { v, _ := open(t, providertest.None, nil); return v })
}

func TestOpenAIFailsAsItShould(t *testing.T) {
	ttstest.Faults(t, func(t *testing.T, f providertest.Fault) tts.Synthesizer { v, _ := open(t, f, nil); return v }, voicetest.Key, otherKey)
}

func TestSoundComesDownToTheLinesRate(t *testing.T) {
	v, _ := open(t, providertest.None, nil)
	all := ttstest.Speak(t, v, "One two three four five.")
	if d := time.Duration(len(all)) * media.FrameDuration; d != time.Second {
		t.Errorf("five words took %v, want 1 s", d)
	}
	crossings := 0
	for _, f := range all[10:20] {
		for i := 1; i < len(f); i++ {
			if f[i-1] < 0 && f[i] >= 0 {
				crossings++
			}
		}
	}
	if crossings < 80 || crossings > 90 { // 440 Hz for 200 ms, of which some fall between frames
		t.Errorf("the tone crosses zero %d times in 200 ms, want 88", crossings)
	}
}

func TestRequestsSayHowToSpeak(t *testing.T) {
	v, s := open(t, providertest.None, func(c *openai.Config) { c.Model, c.Instructions, c.Speed = "gpt-4o-mini-tts", "Calmly.", 1.25 })
	ttstest.Speak(t, v, "Say \"this\" <now>.\x00")
	want := request{Model: "gpt-4o-mini-tts", Input: "Say \"this\" <now>. ", Voice: "alloy", Format: "pcm", Instructions: "Calmly.", Speed: 1.25}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Equal(s.requests, []request{want}) {
		t.Errorf("requests = %+v, want %+v", s.requests, want)
	}
}

func TestCancellingClosesTheConnection(t *testing.T) {
	v, s := open(t, providertest.StallsIn, nil)
	ctx, stop := context.WithCancelCause(t.Context())
	over := errors.New("the caller spoke")
	err := v.Speak(ctx, "This goes on for quite a while.", tts.Frames(func(*media.Frame) error { stop(over); return nil }))
	if !errors.Is(err, over) || provider.ClassOf(err) != provider.Canceled {
		t.Errorf("Speak = %v", err)
	}
	for range 100 {
		if s.Wire.Open() == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d connections stand", s.Wire.Open())
}

func TestAFileIsNotPlayed(t *testing.T) {
	v, s := open(t, providertest.None, nil)
	s.head = "RIFF"
	err := v.Speak(t.Context(), "Hello.", tts.Frames(func(*media.Frame) error { t.Error("it was played"); return nil }))
	if provider.ClassOf(err) != provider.Garbage {
		t.Errorf("Speak = %v, want garbage", err)
	}
}

func TestWhatOpenAIWouldFindTooLongIsNotSent(t *testing.T) {
	v, s := open(t, providertest.None, nil)
	err := v.Speak(t.Context(), strings.Repeat("word ", 1000), tts.Frames(func(*media.Frame) error { return nil }))
	if provider.ClassOf(err) != provider.Refused || len(s.requests) != 0 {
		t.Errorf("Speak = %v after %d requests", err, len(s.requests))
	}
}

func TestVoicesAreThoseOfTheModel(t *testing.T) {
	for _, tt := range []struct {
		cfg         openai.Config
		want        int
		name        string
		has, hasNot string
	}{
		{openai.Config{Key: "k"}, 13, "the default", "marin", ""},
		{openai.Config{Key: "k", Model: "tts-1", BaseURL: "https://api.openai.com/v1"}, 9, "an older one", "nova", "marin"},
		{openai.Config{BaseURL: "http://127.0.0.1:1/v1"}, 0, "another server's", "", "alloy"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			all, err := openai.Voices(t.Context(), tt.cfg)
			has := func(id string) bool {
				return slices.ContainsFunc(all, func(i tts.Info) bool { return i.ID == id })
			}
			if err != nil || len(all) != tt.want || tt.has != "" && !has(tt.has) || tt.hasNot != "" && has(tt.hasNot) {
				t.Errorf("Voices = %v, %v", all, err)
			}
		})
	}
}

func TestConfigurationMistakesAreNamed(t *testing.T) {
	_, err := openai.New(openai.Config{BaseURL: "ftp://x", Key: "sk secret\n", Speed: 5})
	for _, want := range []string{"BaseURL must be", "Key has characters", "Voice is required", "Speed must be"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New() = %v, want %s", err, want)
		}
	}
	if _, err := openai.New(openai.Config{Voice: "v"}); err == nil || !strings.Contains(err.Error(), "Key is required") {
		t.Errorf("New() = %v", err)
	}
	v, err := openai.New(openai.Config{Key: "k", Voice: "v"})
	if err != nil || v.String() != "openai gpt-4o-mini-tts pcm_24000" || v.Close() != nil {
		t.Errorf("New() = %v, %v", v, err)
	}
}
