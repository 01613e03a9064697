package deepgram

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
	"github.com/hookswitch/hookswitch/agentcore/tts/live"
	"github.com/hookswitch/hookswitch/agentcore/tts/ttstest"
	"github.com/hookswitch/hookswitch/media"
)

func TestSuite(t *testing.T) {
	ttstest.Run(t, func(t *testing.T) tts.Synthesizer { return start(t, serve(t, &vendor{})) })
}

func TestEveryFaultIsSurvived(t *testing.T) {
	ttstest.Faults(t, func(t *testing.T, f providertest.Fault) tts.Synthesizer {
		return start(t, serve(t, &vendor{fault: f}))
	}, key, "127.0.0.1")
}

// A conversation has more phrases than one connection may flush in a minute.
func TestMorePhrasesThanAConnectionMayFlush(t *testing.T) {
	v := &vendor{model: "aura-2-helena-en"}
	c := serve(t, v)
	c.Model = v.model
	s := start(t, c)
	for i := range 45 {
		if n := len(ttstest.Speak(t, s, "Of course.")); n != 23 { // nine characters of 50 ms
			t.Fatalf("phrase %d: %d frames, want 23", i, n)
		}
	}
	if n := v.dials.Load(); n != 3 {
		t.Errorf("%d connections for 45 phrases, want 3", n)
	}
	if s.String() != "deepgram aura-2-helena-en ulaw_8000" {
		t.Errorf("String() = %q", s)
	}
}

// Flux keeps a conversation's tone on its connection, so that each phrase has its own.
func TestFluxSpeaksToo(t *testing.T) {
	v := &vendor{model: "flux-haley-en"}
	c := serve(t, v)
	c.Model = v.model
	s := start(t, c)
	for range 2 {
		if n := len(ttstest.Speak(t, s, "Of course.")); n != 23 {
			t.Errorf("%d frames, want 23", n)
		}
	}
	if v.dials.Load() != 2 {
		t.Errorf("%d connections for two phrases, want 2", v.dials.Load())
	}
	got, err := newStream("", nil, true).Take(live.Message{Data: []byte(`{"type":"Flushed"}`)})
	if err != nil || got.Done {
		t.Errorf("Flushed ends a phrase of Flux: %+v, %v", got, err)
	}
}

func TestAConnectionIsUsedAgainWithinItsLimits(t *testing.T) {
	at := time.Now()
	s := newStream("", nil, false)
	s.now = func() time.Time { return at }
	say := func(n int, every time.Duration) {
		for range n {
			s.Say("Hello.")
			at = at.Add(every)
		}
	}
	say(19, time.Second)
	if !s.Again() {
		t.Error("after 19 flushes in 19 s it is given up")
	}
	say(1, time.Second)
	if s.Again() {
		t.Error("after 20 flushes in 20 s it is used again")
	}
	at = at.Add(41 * time.Second)
	if !s.Again() {
		t.Error("a minute later it is given up")
	}
	if say(700, 4*time.Second); s.Again() {
		t.Error("after 47 minutes it is used again")
	}
}

func TestAWarningOfFlushesIsTold(t *testing.T) {
	s := newStream("", nil, false)
	_, err := s.Take(live.Message{Data: []byte(`{"type":"Warning","description":"Too many flushes","code":"X"}`)})
	if provider.ClassOf(err) != provider.RateLimited {
		t.Errorf("Take = %v, want rate limited", err)
	}
	for _, m := range []string{`{"type":"Warning","description":"odd","code":"X"}`, `{"type":"Metadata"}`, `{"type":"Cleared"}`, `{"type":"Later"}`} {
		if got, err := s.Take(live.Message{Data: []byte(m)}); err != nil || got.Done || len(got.Sound) > 0 {
			t.Errorf("Take(%s) = %+v, %v; want nothing", m, got, err)
		}
	}
}

func TestCancelClosesTheStream(t *testing.T) {
	v := &vendor{mute: true}
	c := serve(t, v)
	c.Patience = provider.Patience{Gap: time.Minute}
	over := errors.New("the caller spoke")
	ctx, cancel := context.WithCancelCause(t.Context())
	err := start(t, c).Speak(ctx, "This goes on for long.", tts.Frames(func(*media.Frame) error { cancel(over); return nil }))
	if !errors.Is(err, over) {
		t.Errorf("Speak = %v", err)
	}
	for end := time.Now().Add(5 * time.Second); v.wire.Open() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the stream stays open")
		}
	}
}

func TestVoicesAreListed(t *testing.T) {
	all, err := Voices(t.Context(), serve(t, &vendor{}))
	want := []tts.Info{{ID: "aura-2-thalia-en", Name: "Thalia", Language: "en-US"}, {ID: "aura-2-celeste-es", Name: "celeste", Language: "es-CO"}, {ID: "aura-two-tongues", Name: "aura-two-tongues"}, {ID: "flux-haley-en", Name: "haley", Language: "en"}}
	if err != nil || !slices.Equal(all, want) {
		t.Errorf("Voices = %+v, %v; want %+v", all, err, want)
	}
	for f, want := range map[providertest.Fault]provider.Class{
		providertest.WrongKey: provider.Auth, providertest.Broken: provider.Unavailable, providertest.StallsIn: provider.Timeout, providertest.Gone: provider.Unavailable,
	} {
		_, err := Voices(t.Context(), serve(t, &vendor{fault: f, after: 100}))
		if provider.ClassOf(err) != want || strings.Contains(err.Error(), key) {
			t.Errorf("%s: %v, want %s", f, err, want)
		}
	}
	if _, err := Voices(t.Context(), Config{}); provider.ClassOf(err) != provider.Refused {
		t.Errorf("without a key: %v", err)
	}
}

func TestNewNamesWhatIsWrong(t *testing.T) {
	_, err := New(Config{BaseURL: "wss://x", Key: "two words", Model: "Thalia?"})
	for _, want := range []string{"BaseURL", "Key", "Model"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New = %v, want it to name %s", err, want)
		}
	}
	if _, err := New(Config{}); err == nil || !strings.Contains(err.Error(), "Key is required") {
		t.Errorf("New = %v", err)
	}
}

func FuzzTake(f *testing.F) {
	for _, m := range []string{`{"type":"Flushed"}`, `{"type":"Error","code":5,"err_code":"x"}`, `{"type":"Warning","code":"FLUSH"}`, `{`, ``} {
		f.Add([]byte(m), false)
	}
	f.Add([]byte{0xff}, true)
	f.Fuzz(func(t *testing.T, m []byte, binary bool) {
		got, err := newStream("", nil, false).Take(live.Message{Binary: binary, Data: m})
		if len(got.Sound) > len(m) || err != nil && got.Done {
			t.Errorf("Take = %+v, %v", got, err)
		}
	})
}
