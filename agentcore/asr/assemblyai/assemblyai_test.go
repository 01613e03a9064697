package assemblyai_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/asr/asrtest"
	"github.com/hookswitch/hookswitch/agentcore/asr/assemblyai"
	"github.com/hookswitch/hookswitch/agentcore/asr/live"
	"github.com/hookswitch/hookswitch/agentcore/provider/providertest"
)

func TestItIsARecogniser(t *testing.T) {
	asrtest.Run(t, func(t *testing.T) asr.Recognizer {
		r, _ := serve(t, providertest.None, nil)
		return r
	}, asrtest.First, asrtest.Second)
}

func TestEveryFaultIsToldAsWhatItIs(t *testing.T) {
	asrtest.Faults(t, func(t *testing.T, f providertest.Fault) asr.Recognizer {
		r, _ := serve(t, f, nil)
		return r
	}, key, "Tuesday", "127.0.0.1")
}

// final says speech, ends it, and waits for what was understood.
func final(c asrtest.Call, s asrtest.Speech) asr.Result {
	c.Say(s)
	c.Pause()
	c.Signal(asr.Ended)
	return c.Final()
}

func TestEveryFormatIsUnderstood(t *testing.T) {
	for _, format := range assemblyai.Formats {
		t.Run(string(format), func(t *testing.T) {
			r, _ := serve(t, providertest.None, func(c *assemblyai.Config) { c.Format = format })
			got := final(asrtest.Open(t, r, asr.Options{}), asrtest.First)
			if got.Text != asrtest.First.Text || got.Err != nil || got.Confidence != 0.75 {
				t.Errorf("result = %+v", got)
			}
		})
	}
}

func TestTheAddressSaysWhatIsKnownOfTheCall(t *testing.T) {
	for _, c := range []struct {
		claim   string
		config  assemblyai.Config
		options asr.Options
		want    string
	}{
		{"by default", assemblyai.Config{}, asr.Options{},
			"encoding=pcm_mulaw&end_of_turn_confidence_threshold=1&format_turns=false&max_turn_silence=3600&sample_rate=8000&speech_model=universal-streaming-english"},
		{"another language", assemblyai.Config{Format: live.PCM16k, Punctuate: true}, asr.Options{Language: "pt-BR"},
			"encoding=pcm_s16le&end_of_turn_confidence_threshold=1&format_turns=true&max_turn_silence=3600&sample_rate=16000&speech_model=universal-streaming-multilingual"},
		{"keywords", assemblyai.Config{Model: "universal-streaming-english"}, asr.Options{Keywords: []string{"Saint Gall", "", "a & b", strings.Repeat("long", 20)}},
			`encoding=pcm_mulaw&end_of_turn_confidence_threshold=1&format_turns=false&keyterms_prompt=["Saint Gall","a \u0026 b"]&max_turn_silence=3600&sample_rate=8000&speech_model=universal-streaming-english`},
		{"a model that punctuates", assemblyai.Config{Model: "u3-rt-pro"}, asr.Options{Language: "de-CH"},
			`encoding=pcm_mulaw&language_codes=["de"]&max_turn_silence=3600&min_turn_silence=3600&sample_rate=8000&speech_model=u3-rt-pro`},
		{"any language", assemblyai.Config{Model: "universal-3-5-pro"}, asr.Options{Language: "multi"},
			`encoding=pcm_mulaw&max_turn_silence=3600&min_turn_silence=3600&sample_rate=8000&speech_model=universal-3-5-pro`},
	} {
		t.Run(c.claim, func(t *testing.T) {
			r, s := serve(t, providertest.None, func(to *assemblyai.Config) {
				to.Model, to.Format, to.Punctuate = c.config.Model, c.config.Format, c.config.Punctuate
			})
			final(asrtest.Open(t, r, c.options), asrtest.First)
			var got []string
			for name, values := range s.query(t) {
				got = append(got, name+"="+values[0])
			}
			for _, want := range strings.Split(strings.ReplaceAll(c.want, " & ", " %26 "), "&") {
				want = strings.ReplaceAll(want, "%26", "&")
				if !has(got, want) {
					t.Errorf("the address has no %s: %q", want, got)
				}
			}
			if n := strings.Count(c.want, "=") - strings.Count(c.want, "=\""); len(got) != n {
				t.Errorf("the address has %d parameters, want %d: %q", len(got), n, got)
			}
		})
	}
}

func has(all []string, one string) bool {
	for _, s := range all {
		if s == one {
			return true
		}
	}
	return false
}

func TestALongListOfKeywordsIsCut(t *testing.T) {
	r, s := serve(t, providertest.None, nil)
	final(asrtest.Open(t, r, asr.Options{Keywords: strings.Fields(strings.Repeat("Hookswitch ", 300))}), asrtest.First)
	if n := strings.Count(s.query(t).Get("keyterms_prompt"), "Hookswitch"); n != 100 {
		t.Errorf("%d keywords were sent, want 100", n)
	}
}

func TestWordsAreToldWhileTheyAreSpoken(t *testing.T) {
	r, _ := serve(t, providertest.None, nil)
	c := asrtest.Open(t, r, asr.Options{})
	c.Say(asrtest.First)
	c.Rest(200 * time.Millisecond)
	var last string
	for got := range c.Results() {
		if got.Final || got.Err != nil || !strings.HasPrefix(asrtest.First.Text, got.Text) || len(got.Text) <= len(last) {
			t.Fatalf("after %q: %+v, want more of %q", last, got, asrtest.First.Text)
		}
		if last = got.Text; last == asrtest.First.Text {
			return
		}
	}
}

func TestPunctuationIsWaitedForIfItIsWanted(t *testing.T) {
	r, _ := serve(t, providertest.None, func(c *assemblyai.Config) { c.Punctuate = true })
	c := asrtest.Open(t, r, asr.Options{})
	for range 2 {
		if got := final(c, asrtest.First); got.Text != "One two three four." || got.Err != nil {
			t.Errorf("result = %+v", got)
		}
	}
}

// A server that ends turns by itself has nothing left when we end them.
func TestTurnsThatTheServerEndsAreOneUtterance(t *testing.T) {
	r, s := serve(t, providertest.None, nil)
	s.turns = true
	c := asrtest.Open(t, r, asr.Options{})
	least := time.Hour
	for _, said := range []asrtest.Speech{asrtest.First, asrtest.Second} {
		c.Say(said)
		c.Pause()
		for got := range c.Results() { // the words come before the end
			if got.Text == said.Text {
				break
			}
		}
		began := time.Now()
		c.Signal(asr.Ended)
		if got := c.Final(); got.Text != said.Text || got.Err != nil {
			t.Errorf("result = %+v, want %q", got, said.Text)
		}
		least = min(least, time.Since(began))
	}
	if least > 700*time.Millisecond { // what is not answered is settled after 800
		t.Errorf("it took %v to see that nothing is left", least)
	}
}

func TestAGoodbyeStopsTheBill(t *testing.T) {
	r, s := serve(t, providertest.None, nil)
	stream, err := r.Open(t.Context(), asr.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := asrtest.Call{Stream: stream}
	c.Say(asrtest.First)
	c.Rest(time.Second)
	for range stream.Results() {
		break // the stream stands
	}
	if err := stream.Close(); err != nil {
		t.Errorf("Close() = %v", err)
	}
	for end := time.Now().Add(5 * time.Second); s.wire.Open() > 0 || s.said("Terminate") == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d connections are open, %d goodbyes were said", s.wire.Open(), s.said("Terminate"))
		}
	}
}

func TestConfigNamesTheFieldsAtFault(t *testing.T) {
	_, err := assemblyai.New(assemblyai.Config{BaseURL: "ws://x", Format: "mp3"})
	for _, field := range []string{"BaseURL", "Key", "Format"} {
		if err == nil || !strings.Contains(err.Error(), "assemblyai: "+field) {
			t.Errorf("New() = %v, want a word about %s", err, field)
		}
	}
	if _, err := assemblyai.New(assemblyai.Config{Key: "a b"}); err == nil || strings.Contains(err.Error(), "a b") {
		t.Errorf("New() with a key that no header can carry = %v", err)
	}
}

func TestStringIsForThePipelinesLine(t *testing.T) {
	for want, c := range map[string]assemblyai.Config{
		"assemblyai universal-streaming mu-law 8k": {Key: key},
		"assemblyai u3-rt-pro pcm 16k":             {Key: key, Model: "u3-rt-pro", Format: live.PCM16k},
	} {
		if r, err := assemblyai.New(c); err != nil || r.String() != want {
			t.Errorf("String() = %v, %v, want %q", r, err, want)
		}
	}
}
