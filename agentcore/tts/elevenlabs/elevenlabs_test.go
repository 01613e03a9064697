package elevenlabs

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
	ttstest.Run(t, func(t *testing.T) tts.Synthesizer { return open(t, &vendor{}) })
}

func TestEveryFaultIsSurvived(t *testing.T) {
	ttstest.Faults(t, func(t *testing.T, f providertest.Fault) tts.Synthesizer {
		return open(t, &vendor{fault: f})
	}, key, "127.0.0.1", voice)
}

func TestAWrongKeyIsRefusedAtTheDoor(t *testing.T) {
	c := serve(t, &vendor{})
	c.Key = "another"
	err := start(t, c).Speak(t.Context(), "Hello.", tts.Frames(func(*media.Frame) error { return nil }))
	if provider.ClassOf(err) != provider.Auth || strings.Contains(err.Error(), "another") {
		t.Errorf("Speak = %v, want auth", err)
	}
}

func TestWordsEndInTheirPlaceAcrossPieces(t *testing.T) {
	for _, spells := range []bool{false, true} {
		const text = "Good\tmorning,  caf\u00e9 owner!"
		got := ttstest.Words(t, open(t, &vendor{spells: spells}), text)
		var want []tts.Word
		chars := 0
		for i, r := range text {
			if chars++; r != ' ' && r != '\t' && (i+1 == len(text) || strings.ContainsAny(text[i+len(string(r)):i+len(string(r))+1], " \t")) {
				want = append(want, tts.Word{Upto: i + len(string(r)), End: time.Duration(chars) * 50 * time.Millisecond})
			}
		}
		if !slices.Equal(rounded(got), want) {
			t.Errorf("words end at %v, want %v", got, want)
		}
	}
}

func TestPhrasesShareAConnectionEachInItsContext(t *testing.T) {
	v := &vendor{query: map[string]string{"language_code": "en", "model_id": "eleven_turbo_v2_5"}}
	c := serve(t, v)
	half := 0.5
	c.Language, c.Model, c.Stability, c.Speed = "en", "eleven_turbo_v2_5", &half, 1.1
	s := start(t, c)
	for range 7 { // more than the five contexts that may be open at once
		if n := len(ttstest.Speak(t, s, "Of course.")); n != 28 { // 11 characters with the blank
			t.Fatalf("%d frames, want 28", n)
		}
	}
	if v.dials.Load() != 1 || len(v.settings) != 7 || v.settings[6] != `{"stability":0.5,"speed":1.1}` {
		t.Errorf("%d connections, settings %q", v.dials.Load(), v.settings)
	}
	if s.String() != "elevenlabs ulaw_8000" {
		t.Errorf("String() = %q", s)
	}
}

func TestCancelClosesTheStream(t *testing.T) {
	v := &vendor{muteIn: true}
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

func TestErrorsInTheStreamHaveTheirClass(t *testing.T) {
	for code, want := range map[string]provider.Class{
		"quota_exceeded": provider.Quota, "invalid_api_key": provider.Auth, "max_active_conversations": provider.RateLimited,
		"too_many_concurrent_requests": provider.RateLimited, "voice_id_does_not_exist": provider.Refused, "system_busy": provider.Unavailable,
		"content_policy_violation": provider.Refused, "a sentence with " + key: provider.Unavailable,
	} {
		c := &contexts{}
		c.Say("Hello.")
		_, err := c.Take(live.Message{Data: []byte(`{"message":"` + key + `","error":"` + code + `","code":1008}`)})
		var e *provider.Error
		if !errors.As(err, &e) || e.Class != want || e.Code != 1008 || strings.Contains(e.Error(), key) {
			t.Errorf("%s: %v (%+v), want %s", code, err, e, want)
		}
	}
}

func TestTheRestOfAnEarlierContextIsNotHeard(t *testing.T) {
	c := &contexts{}
	c.Say("One.")
	c.Say("Two.")
	s, err := c.Take(live.Message{Data: sound("1", "One.", false)})
	if err != nil || len(s.Sound) > 0 || len(s.Send) > 0 {
		t.Errorf("Take = %+v, %v; want nothing", s, err)
	}
	if s, err = c.Take(live.Message{Data: sound("2", "Two.", false)}); err != nil || len(s.Sound) != 4*perChar || len(s.Send) != 1 {
		t.Errorf("Take = %d bytes, %d answers, %v", len(s.Sound), len(s.Send), err)
	}
}

func rounded(all []tts.Word) []tts.Word {
	for i := range all {
		all[i].End = all[i].End.Round(time.Millisecond)
	}
	return all
}

func TestAWordThatIsSaidOtherwiseIsPassedOver(t *testing.T) {
	c := &contexts{}
	c.Say("It is 5 o'clock.")
	s, err := c.Take(live.Message{Data: sound("1", "It is five o'clock.", false)})
	if want := []tts.Word{{Upto: 2, End: 100 * time.Millisecond}, {Upto: 5, End: 250 * time.Millisecond}}; err != nil || !slices.Equal(rounded(s.Words), want) {
		t.Errorf("words %v, %v; want %v", s.Words, err, want)
	}
	s, err = c.Take(live.Message{Data: []byte(`{"isFinal":true,"contextId":"1"}`)})
	if want := []tts.Word{{Upto: 16, End: 950 * time.Millisecond}}; err != nil || !s.Done || !slices.Equal(rounded(s.Words), want) {
		t.Errorf("the end: %+v, %v; want %v", s, err, want)
	}
}

func TestVoicesAreListedPageByPage(t *testing.T) {
	all, err := Voices(t.Context(), serve(t, &vendor{}))
	if err != nil || len(all) != 150 || all[149] != (tts.Info{ID: "id149", Name: "Voice 149", Language: "en"}) {
		t.Errorf("%d voices, %v", len(all), err)
	}
	for f, want := range map[providertest.Fault]provider.Class{
		providertest.RateLimited: provider.RateLimited, providertest.Broken: provider.Unavailable, providertest.NoAnswer: provider.Timeout, providertest.Gone: provider.Unavailable,
	} {
		_, err := Voices(t.Context(), serve(t, &vendor{fault: f}))
		if provider.ClassOf(err) != want || strings.Contains(err.Error(), key) {
			t.Errorf("%s: %v, want %s", f, err, want)
		}
	}
	if _, err := Voices(t.Context(), Config{}); provider.ClassOf(err) != provider.Refused {
		t.Errorf("without a key: %v", err)
	}
}

func TestNewNamesWhatIsWrong(t *testing.T) {
	high := 1.5
	_, err := New(Config{BaseURL: "ftp://x", Key: "two words", Voice: "../v", Model: "eleven_v3", Language: "English", Stability: &high, Speed: 3})
	for _, want := range []string{"BaseURL", "Key", "Voice", "Model", "Language", "Stability", "Speed"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New = %v, want it to name %s", err, want)
		}
	}
	if _, err := New(Config{}); err == nil || !strings.Contains(err.Error(), "Key is required") {
		t.Errorf("New = %v", err)
	}
}

func FuzzTake(f *testing.F) {
	f.Add(sound("1", "Hello there.", false), "Hello there.")
	f.Add([]byte(`{"audio":"AAAA","alignment":{"chars":["H"],"charStartTimesMs":[0],"charDurationsMs":[1e308]}}`), "Hi")
	f.Add([]byte(`{"isFinal":true,"contextId":"1"}`), "Hi")
	f.Add([]byte(`{"error":"x","code":"y"}`), "Hi")
	f.Fuzz(func(t *testing.T, m []byte, text string) {
		c := &contexts{}
		c.Say(text)
		for range 2 {
			s, err := c.Take(live.Message{Data: m})
			if err != nil {
				return
			}
			for _, w := range s.Words {
				if w.Upto <= 0 || w.Upto > len(text) || w.End < 0 {
					t.Errorf("a word ends at %+v of %d bytes", w, len(text))
				}
			}
		}
	})
}
