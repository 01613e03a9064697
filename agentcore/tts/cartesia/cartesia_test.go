package cartesia_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/provider/providertest"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/agentcore/tts/cartesia"
	"github.com/hookswitch/hookswitch/agentcore/tts/ttstest"
	"github.com/hookswitch/hookswitch/agentcore/tts/voicetest"
	"github.com/hookswitch/hookswitch/media"
)

func TestCartesiaIsASynthesizer(t *testing.T) {
	ttstest.Run(t, func(t *testing.T) tts.Synthesizer { v, _ := open(t, providertest.None); return v })
}

func TestCartesiaFailsAsItShould(t *testing.T) {
	ttstest.Faults(t, func(t *testing.T, f providertest.Fault) tts.Synthesizer { v, _ := open(t, f); return v }, voicetest.Key, "sk-another-secret-key")
}

func TestWordsAreTimed(t *testing.T) {
	v, _ := open(t, providertest.None)
	const text = "Hello there, caller."
	words := ttstest.Words(t, v, text)
	if len(words) != 3 || text[:words[1].Upto] != "Hello there," || words[1].End != 380*time.Millisecond {
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
	if len(s.requests) != 1 || len(s.requests[0]) != 2 {
		t.Fatalf("%d connections, %v", len(s.requests), s.requests)
	}
	if q := s.requests[0][1]; q.Transcript != "Two \"and\" <three>." || q.Model != "sonic-2" || q.Language != "en" || !q.Timestamps {
		t.Errorf("request = %+v", q)
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

func TestErrorsWithinTheStreamHaveTheirClass(t *testing.T) {
	v, _ := open(t, providertest.SaysError)
	err := v.Speak(t.Context(), "Say this.", tts.Frames(func(*media.Frame) error { return nil }))
	var e *tts.Error
	if !errors.As(err, &e) || e.Code != 500 || e.Class != provider.Unavailable || !strings.Contains(e.Error(), "internal") {
		t.Errorf("err = %v", err)
	}
}

func TestVoicesAreListed(t *testing.T) {
	s := serve(t, providertest.None)
	all, err := cartesia.Voices(t.Context(), cartesia.Config{BaseURL: s.URL + "/", Key: voicetest.Key})
	if err != nil || len(all) != mostVoices || all[mostVoices-1] != (tts.Info{ID: "voice-249", Name: "Voice 249", Language: "en"}) {
		t.Errorf("Voices = %d voices, %v", len(all), err)
	}
}

func TestListingVoicesFailsAsItShould(t *testing.T) {
	for _, f := range providertest.Faults {
		if f == providertest.SaysError || f == providertest.Closes {
			continue // a list is no stream
		}
		t.Run(string(f), func(t *testing.T) {
			s := serve(t, f)
			_, err := cartesia.Voices(t.Context(), cartesia.Config{BaseURL: s.URL, Key: voicetest.Key, Patience: s.Patience()})
			providertest.Check(t, f, err, voicetest.Key)
		})
	}
}

func TestConfigurationMistakesAreNamed(t *testing.T) {
	_, err := cartesia.New(cartesia.Config{BaseURL: "ftp://x", Key: "sk secret\n"})
	for _, want := range []string{"BaseURL must be", "Key has characters", "Voice is required"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New() = %v, want %s", err, want)
		}
	}
	if _, err := cartesia.New(cartesia.Config{Voice: "v"}); err == nil || !strings.Contains(err.Error(), "Key is required") {
		t.Errorf("New() = %v", err)
	}
	if _, err := cartesia.Voices(t.Context(), cartesia.Config{}); err == nil || !strings.Contains(err.Error(), "Key is required") {
		t.Errorf("Voices() = %v", err)
	}
	v, err := cartesia.New(cartesia.Config{Key: "k", Voice: "v"})
	if err != nil || v.String() != "cartesia sonic-3.5 ulaw_8000" || v.Close() != nil {
		t.Errorf("New() = %v, %v", v, err)
	}
}
