package deepgram_test

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/asr/asrtest"
	"github.com/hookswitch/hookswitch/agentcore/asr/deepgram"
	"github.com/hookswitch/hookswitch/agentcore/asr/live"
	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/provider/providertest"
	"github.com/hookswitch/hookswitch/media/g711"
)

func TestDeepgramIsARecogniser(t *testing.T) {
	asrtest.Run(t, func(t *testing.T) asr.Recognizer {
		r, _ := serve(t, providertest.None, nil)
		return r
	}, asrtest.First, asrtest.Second)
}

func TestDeepgramThatLeavesAFinalizeUnansweredIsARecogniser(t *testing.T) {
	asrtest.Run(t, func(t *testing.T) asr.Recognizer {
		r, _ := serve(t, providertest.None, func(_ *deepgram.Config, s *server) { s.mute = true })
		return r
	}, asrtest.First, asrtest.Second)
}

func TestDeepgramSurvivesEveryFault(t *testing.T) {
	asrtest.Faults(t, func(t *testing.T, f providertest.Fault) asr.Recognizer {
		r, _ := serve(t, f, nil)
		return r
	}, key)
}

func ask(c asrtest.Call, s asrtest.Speech) asr.Result {
	c.Say(s)
	c.Pause()
	c.Signal(asr.Ended)
	return c.Final()
}

func TestWhatIsAskedFor(t *testing.T) {
	names := []string{"Hookswitch", "Dr. O'Neill of  Bath", "Hookswitch", ""}
	for _, tt := range []struct {
		claim  string
		config deepgram.Config
		want   map[string]string
	}{
		{"as little as possible", deepgram.Config{}, map[string]string{
			"model": "nova-2", "language": "de-CH", "encoding": "mulaw", "sample_rate": "8000", "channels": "1",
			"interim_results": "true", "endpointing": "300", "smart_format": "true",
			"keywords": "Hookswitch:1|O'Neill:1|Bath:1",
		}},
		{"all there is", deepgram.Config{
			Model: "nova-3", Language: "multi", Format: live.PCM16k, Endpointing: -1, AsSpoken: true, OptOut: true,
		}, map[string]string{
			"model": "nova-3", "language": "multi", "encoding": "linear16", "sample_rate": "16000", "channels": "1",
			"interim_results": "true", "endpointing": "false", "punctuate": "true", "mip_opt_out": "true",
			"keyterm": "Hookswitch|Dr. O'Neill of Bath",
		}},
	} {
		t.Run(tt.claim, func(t *testing.T) {
			r, s := serve(t, providertest.None, func(c *deepgram.Config, _ *server) {
				tt.config.BaseURL, tt.config.Key = c.BaseURL+"/", c.Key
				*c = tt.config
			})
			c := asrtest.Open(t, r, asr.Options{Language: "de-CH", Keywords: names})
			if got := ask(c, asrtest.First); got.Err != nil || got.Text != asrtest.First.Text {
				t.Fatalf("final = %+v", got)
			}
			got := map[string]string{}
			for name, values := range s.asked[0] {
				got[name] = strings.Join(values, "|")
			}
			if !maps.Equal(got, tt.want) {
				t.Errorf("asked for %q, want %q", got, tt.want)
			}
		})
	}
}

func TestManyKeywordsAreBounded(t *testing.T) {
	var names []string
	for i := range 500 {
		names = append(names, strings.Repeat("x", 1+i%40)+string(rune('a'+i%26))+"é")
	}
	for model, name := range map[string]string{"nova-2": "keywords", "nova-3-medical": "keyterm"} {
		r, s := serve(t, providertest.None, func(c *deepgram.Config, _ *server) { c.Model = model })
		c := asrtest.Open(t, r, asr.Options{Keywords: names})
		if got := ask(c, asrtest.First); got.Err != nil {
			t.Fatal(got.Err)
		}
		terms := s.asked[0][name]
		if n := len(strings.Join(terms, "")); len(terms) == 0 || len(terms) > 100 || n > 1500 {
			t.Errorf("%s: %d terms of %d bytes", model, len(terms), n)
		}
	}
}

func TestTheLineGoesStraightThrough(t *testing.T) {
	r, s := serve(t, providertest.None, nil)
	c := asrtest.Open(t, r, asr.Options{})
	var line []byte
	for i := range asrtest.First.Frames {
		line = g711.Encode(line, &asrtest.First.Frames[i])
	}
	got := ask(c, asrtest.First)
	if got.Text != asrtest.First.Text || got.Confidence != 0.98 {
		t.Errorf("final = %+v", got)
	}
	line = append(line, bytes.Repeat([]byte{g711.Silence}, 4000)...) // which is sent too
	for late := time.Now().Add(10 * time.Second); len(s.heard()) < len(line) && time.Now().Before(late); {
		time.Sleep(time.Millisecond)
	}
	if !bytes.Equal(s.heard(), line) {
		t.Error("the µ-law that arrived is not the µ-law of the line")
	}
}

// The words are asked for in the pause, and the stream is ended in order.
func TestTheOrderOfControlMessages(t *testing.T) {
	r, s := serve(t, providertest.None, nil)
	c := asrtest.Open(t, r, asr.Options{})
	ask(c, asrtest.First)
	ask(c, asrtest.Second)
	c.Close()
	s.work.Wait()
	if want := []string{"Finalize", "Finalize", "CloseStream"}; !slices.Equal(s.got, want) {
		t.Errorf("control messages = %q, want %q", s.got, want)
	}
}

func TestEveryFormatIsUnderstood(t *testing.T) {
	for _, f := range deepgram.Formats {
		r, s := serve(t, providertest.None, func(c *deepgram.Config, _ *server) { c.Format = f })
		c := asrtest.Open(t, r, asr.Options{})
		if got := ask(c, asrtest.First); got.Err != nil || got.Text != asrtest.First.Text {
			t.Errorf("%s: final = %+v", f, got)
		}
		if want := "deepgram nova-2 " + f.String(); r.String() != want {
			t.Errorf("String() = %q, want %q", r, want)
		}
		if enc := s.asked[0].Get("encoding"); (enc == "mulaw") != (f == live.Mulaw) {
			t.Errorf("%s is sent as %s", f, enc)
		}
	}
}

// A pause that is only silence to Deepgram too: nothing is left to finalise, and
// nothing is answered, but nobody waits the whole FinalWait for it.
func TestAnUnansweredFinalizeCostsLittle(t *testing.T) {
	r, _ := serve(t, providertest.None, func(c *deepgram.Config, s *server) {
		s.mute, c.FinalWait = true, 20*time.Second
	})
	c := asrtest.Open(t, r, asr.Options{})
	c.Rest(100 * time.Millisecond)
	c.Signal(asr.Began)
	c.Signal(asr.Ended)
	if got := c.Final(); got.Err != nil || got.Text != "" || got.Took > 5*time.Second {
		t.Errorf("final = %+v", got)
	}
}

func TestAudioThatCannotBeDecodedIsNotAKeyThatIsWrong(t *testing.T) {
	r, s := serve(t, providertest.None, nil)
	c := asrtest.Open(t, r, asr.Options{})
	c.Say(asrtest.First)
	for len(s.streams()) == 0 {
		time.Sleep(time.Millisecond)
	}
	(&listener{c: s.streams()[0]}).bye(1008, "DATA-0000")
	c.Signal(asr.Ended)
	var e *asr.Error
	if got := c.Final(); !errors.As(got.Err, &e) || e.Class != provider.Refused || e.Code != 1008 || e.Retry {
		t.Errorf("final = %+v, want a refusal with code 1008", got)
	}
}

func TestCloseHangsUp(t *testing.T) {
	r, s := serve(t, providertest.None, nil)
	c := asrtest.Open(t, r, asr.Options{})
	c.Say(asrtest.First)
	for s.wire.Open() == 0 {
		time.Sleep(time.Millisecond)
	}
	c.Close()
	for late := time.Now().Add(10 * time.Second); s.wire.Open() > 0 && time.Now().Before(late); {
		time.Sleep(time.Millisecond)
	}
	if n := s.wire.Open(); n != 0 {
		t.Errorf("%d connections are open after Close", n)
	}
}

func TestConfigNamesWhatIsWrong(t *testing.T) {
	_, err := deepgram.New(deepgram.Config{
		BaseURL: "wss://x", Key: "a b", Model: "flux-general-en", Language: "en&x=1", Format: "mp3", Endpointing: time.Millisecond, FinalWait: -1,
	})
	for _, field := range []string{"BaseURL", "Key", "Model", "Language", "Format", "Endpointing", "FinalWait"} {
		if err == nil || !strings.Contains(err.Error(), "deepgram: "+field) {
			t.Errorf("New() = %v, want it to name %s", err, field)
		}
	}
	if err != nil && strings.Contains(err.Error(), "a b") {
		t.Error("the error shows the key")
	}
	if _, err := deepgram.New(deepgram.Config{Model: "x&model=y"}); err == nil || !strings.Contains(err.Error(), "Key is required") || !strings.Contains(err.Error(), "Model") {
		t.Errorf("New() = %v", err)
	}
	for model := range deepgram.Prices {
		if !slices.Contains(deepgram.Models, model) {
			t.Errorf("%s has a price and is no model", model)
		}
	}
}
