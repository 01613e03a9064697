package rime_test

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
	"github.com/hookswitch/hookswitch/agentcore/tts/rime"
	"github.com/hookswitch/hookswitch/agentcore/tts/ttstest"
	"github.com/hookswitch/hookswitch/agentcore/tts/voicetest"
	"github.com/hookswitch/hookswitch/media"
)

func TestRimeIsASynthesizer(t *testing.T) {
	ttstest.Run(t, func(t *testing.T) tts.Synthesizer { v, _ := open(t, providertest.None); return v })
}

func TestRimeFailsAsItShould(t *testing.T) {
	ttstest.Faults(t, func(t *testing.T, f providertest.Fault) tts.Synthesizer { v, _ := open(t, f); return v }, voicetest.Key, otherKey)
}

func TestWordsAreTimed(t *testing.T) {
	v, _ := open(t, providertest.None)
	const text = "Hello there, caller."
	words := ttstest.Words(t, v, text)
	if len(words) != 3 || text[:words[1].Upto] != "Hello there," || words[1].End != 400*time.Millisecond {
		t.Errorf("words = %v", words)
	}
}

func TestPhrasesShareAConnection(t *testing.T) {
	v, s := open(t, providertest.None)
	for _, text := range []string{"One.", "Two \"and\" <three>."} {
		ttstest.Speak(t, v, text)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.connections != 1 || !slices.Equal(s.said, []string{"One.", "Two \"and\" <three>."}) {
		t.Errorf("%d connections, %q", s.connections, s.said)
	}
}

func TestCancellingClosesTheConnection(t *testing.T) {
	v, s := open(t, providertest.StallsIn)
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

func TestWhatRimeWouldFindTooLongIsNotSent(t *testing.T) {
	v, s := open(t, providertest.None)
	err := v.Speak(t.Context(), strings.Repeat("word ", 201), tts.Frames(func(*media.Frame) error { return nil }))
	if provider.ClassOf(err) != provider.Refused || s.connections != 0 {
		t.Errorf("Speak = %v after %d connections", err, s.connections)
	}
}

func TestVoicesAreThoseOfTheModel(t *testing.T) {
	s := serve(t, providertest.None)
	all, err := rime.Voices(t.Context(), rime.Config{BaseURL: s.URL + "/", Key: voicetest.Key, Model: "mistv2"})
	want := []tts.Info{{ID: "abbie", Name: "abbie", Language: "en"}, {ID: "cove", Name: "cove", Language: "en"}, {ID: "diego", Name: "diego", Language: "es"}, {ID: "isa", Name: "isa"}, {ID: "other", Name: "other", Language: "xyz"}}
	if err != nil || !slices.Equal(all, want) {
		t.Errorf("Voices = %v, %v", all, err)
	}
}

func TestListingVoicesFailsAsItShould(t *testing.T) {
	for _, f := range []providertest.Fault{providertest.RateLimited, providertest.Broken, providertest.NoAnswer, providertest.StallsIn, providertest.CutIn, providertest.TalksRot, providertest.TooLarge, providertest.Gone} {
		t.Run(string(f), func(t *testing.T) {
			s := serve(t, f)
			_, err := rime.Voices(t.Context(), rime.Config{BaseURL: s.URL, Patience: s.Patience()})
			providertest.Check(t, f, err)
		})
	}
}

func TestConfigurationMistakesAreNamed(t *testing.T) {
	_, err := rime.New(rime.Config{BaseURL: "ftp://x", StreamURL: "h?x", Key: "sk secret\n"})
	for _, want := range []string{"BaseURL must be", "StreamURL must be", "Key has characters", "Voice is required"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New() = %v, want %s", err, want)
		}
	}
	if _, err := rime.New(rime.Config{Voice: "v"}); err == nil || !strings.Contains(err.Error(), "Key is required") {
		t.Errorf("New() = %v", err)
	}
	if _, err := rime.Voices(t.Context(), rime.Config{BaseURL: "x"}); err == nil {
		t.Error("Voices() at no URL is fine")
	}
	v, err := rime.New(rime.Config{Key: "k", Voice: "v"})
	if err != nil || v.String() != "rime coda ulaw_8000" || v.Close() != nil {
		t.Errorf("New() = %v, %v", v, err)
	}
}
