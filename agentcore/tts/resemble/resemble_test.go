package resemble_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/provider/providertest"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/agentcore/tts/resemble"
	"github.com/hookswitch/hookswitch/agentcore/tts/ttstest"
	"github.com/hookswitch/hookswitch/agentcore/tts/voicetest"
	"github.com/hookswitch/hookswitch/media"
)

// each runs a test over both transports.
func each(t *testing.T, test func(t *testing.T, with func(*resemble.Config))) {
	for _, name := range []resemble.Transport{resemble.Websocket, resemble.HTTP} {
		t.Run(string(name), func(t *testing.T) { test(t, func(c *resemble.Config) { c.Transport = name }) })
	}
}

func TestResembleIsASynthesizer(t *testing.T) {
	each(t, func(t *testing.T, with func(*resemble.Config)) {
		ttstest.Run(t, func(t *testing.T) tts.Synthesizer { v, _ := open(t, providertest.None, with); return v })
	})
}

func TestResembleFailsAsItShould(t *testing.T) {
	each(t, func(t *testing.T, with func(*resemble.Config)) {
		ttstest.Faults(t, func(t *testing.T, f providertest.Fault) tts.Synthesizer { v, _ := open(t, f, with); return v }, voicetest.Key, otherKey)
	})
	t.Run("automatic", func(t *testing.T) {
		ttstest.Faults(t, func(t *testing.T, f providertest.Fault) tts.Synthesizer { v, _ := open(t, f, nil); return v }, voicetest.Key, otherKey)
	})
}

func TestWordsAreMadeOfLetters(t *testing.T) {
	const text = "Hello there, caller."
	for _, restart := range []bool{false, true} {
		v, s := open(t, providertest.None, nil)
		s.restart = restart
		words := ttstest.Words(t, v, text)
		if len(words) != 3 || text[:words[1].Upto] != "Hello there," || text[:words[2].Upto] != text {
			t.Fatalf("words = %v", words)
		}
		if d := words[1].End; d < 320*time.Millisecond || d > 400*time.Millisecond {
			t.Errorf("the second word ends at %v, want shortly before 400 ms (times begin anew: %v)", d, restart)
		}
	}
}

func TestPhrasesShareAConnection(t *testing.T) {
	v, s := open(t, providertest.None, func(c *resemble.Config) { c.Project, c.Model = "p1", "chatterbox-turbo" })
	for _, text := range []string{"One.", "Two \"and\" <three>."} {
		ttstest.Speak(t, v, text)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sockets != 1 || len(s.requests) != 2 || len(s.posts) != 0 {
		t.Fatalf("%d connections, %+v", s.sockets, s.requests)
	}
	if q := s.requests[1]; q.Data != "Two \"and\" <three>." || q.Project != "p1" || q.Model != "chatterbox-turbo" {
		t.Errorf("request = %+v", q)
	}
}

func TestAHeaderInTheSoundIsNotPlayed(t *testing.T) {
	v, s := open(t, providertest.None, nil)
	s.header = true
	all := ttstest.Speak(t, v, "One two.")
	if d := time.Duration(len(all)) * media.FrameDuration; d != 400*time.Millisecond {
		t.Errorf("two words took %v, want 400 ms", d)
	}
}

func TestAPlanWithoutWebsocketsSpeaksOverHTTP(t *testing.T) {
	for _, how := range []string{"status", "message"} {
		t.Run(how, func(t *testing.T) {
			v, s := open(t, providertest.None, nil)
			s.noSockets, s.mulaw = how, how == "message"
			if v.String() != "resemble ulaw_8000" {
				t.Errorf("String = %q", v)
			}
			for range 2 {
				all := ttstest.Speak(t, v, "One two.")
				if d := time.Duration(len(all)) * media.FrameDuration; d != 400*time.Millisecond {
					t.Errorf("two words took %v, want 400 ms", d)
				}
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			if len(s.posts) != 2 || s.sockets > 1 || v.String() != "resemble pcm_8000" {
				t.Errorf("%d requests, %d websockets, %q", len(s.posts), s.sockets, v)
			}
		})
	}
	t.Run("not if only a websocket will do", func(t *testing.T) {
		v, s := open(t, providertest.None, func(c *resemble.Config) { c.Transport = resemble.Websocket })
		s.noSockets = "status"
		err := v.Speak(t.Context(), "One.", tts.Frames(func(*media.Frame) error { return nil }))
		if provider.ClassOf(err) != provider.Auth || len(s.posts) != 0 {
			t.Errorf("Speak = %v after %d requests", err, len(s.posts))
		}
	})
}

func TestCancellingClosesTheConnection(t *testing.T) {
	each(t, func(t *testing.T, with func(*resemble.Config)) {
		v, s := open(t, providertest.StallsIn, with)
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
	})
}

func TestErrorsWithinTheStreamHaveTheirName(t *testing.T) {
	v, _ := open(t, providertest.SaysError, nil)
	err := v.Speak(t.Context(), "Say this.", tts.Frames(func(*media.Frame) error { return nil }))
	var e *tts.Error
	if !errors.As(err, &e) || e.Code != 500 || e.Class != provider.Unavailable || !strings.Contains(e.Error(), "SynthesisFailure") {
		t.Errorf("err = %v", err)
	}
}

func TestWhatResembleWouldFindTooLongIsNotSent(t *testing.T) {
	each(t, func(t *testing.T, with func(*resemble.Config)) {
		v, s := open(t, providertest.None, with)
		err := v.Speak(t.Context(), strings.Repeat("word ", 401), tts.Frames(func(*media.Frame) error { return nil }))
		if provider.ClassOf(err) != provider.Refused || len(s.posts)+s.sockets != 0 {
			t.Errorf("Speak = %v after %d requests", err, len(s.posts)+s.sockets)
		}
	})
}

func TestVoicesAreListed(t *testing.T) {
	s := serve(t, providertest.None)
	all, err := resemble.Voices(t.Context(), resemble.Config{BaseURL: s.URL + "/", Key: voicetest.Key})
	if err != nil || len(all) != mostVoices || all[0] != (tts.Info{ID: "many", Name: "Many tongues"}) || all[249] != (tts.Info{ID: "voice-249", Name: "Voice 249", Language: "en-US"}) {
		t.Errorf("Voices = %d voices, %v", len(all), err)
	}
}

func TestListingVoicesFailsAsItShould(t *testing.T) {
	for _, f := range []providertest.Fault{providertest.WrongKey, providertest.RateLimited, providertest.Broken, providertest.NoAnswer, providertest.StallsIn, providertest.CutIn, providertest.Gone} {
		t.Run(string(f), func(t *testing.T) {
			s := serve(t, f)
			_, err := resemble.Voices(t.Context(), resemble.Config{BaseURL: s.URL, Key: voicetest.Key, Patience: s.Patience()})
			providertest.Check(t, f, err, voicetest.Key)
		})
	}
}

func TestConfigurationMistakesAreNamed(t *testing.T) {
	_, err := resemble.New(resemble.Config{BaseURL: "ftp://x", StreamURL: "h?x", Key: "sk secret\n", Transport: "pigeon"})
	for _, want := range []string{"BaseURL must be", "StreamURL must be", "Key has characters", "Voice is required", `Transport "pigeon"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New() = %v, want %s", err, want)
		}
	}
	if _, err := resemble.New(resemble.Config{Voice: "v"}); err == nil || !strings.Contains(err.Error(), "Key is required") {
		t.Errorf("New() = %v", err)
	}
	if _, err := resemble.Voices(t.Context(), resemble.Config{}); err == nil || !strings.Contains(err.Error(), "Key is required") {
		t.Errorf("Voices() = %v", err)
	}
	v, err := resemble.New(resemble.Config{Key: "k", Voice: "v", Model: "chatterbox-turbo", Transport: resemble.HTTP})
	if err != nil || v.String() != "resemble chatterbox-turbo pcm_8000" || v.Close() != nil {
		t.Errorf("New() = %v, %v", v, err)
	}
}
