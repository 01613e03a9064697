package whisper_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/asr/asrtest"
	"github.com/hookswitch/hookswitch/agentcore/asr/live"
	"github.com/hookswitch/hookswitch/agentcore/asr/whisper"
	"github.com/hookswitch/hookswitch/agentcore/provider"
)

func TestItIsARecogniser(t *testing.T) {
	asrtest.Run(t, func(t *testing.T) asr.Recognizer {
		r, _ := serve(t, nil)
		return r
	}, asrtest.Sung("one two three"), asrtest.Sung("four five one one"))
}

// final says speech, ends it, and waits for what was understood.
func final(c asrtest.Call, s asrtest.Speech) asr.Result {
	c.Say(s)
	c.Pause()
	c.Signal(asr.Ended)
	return c.Final()
}

func TestEveryFormatIsUnderstood(t *testing.T) {
	for _, format := range whisper.Formats {
		t.Run(string(format), func(t *testing.T) {
			r, s := serve(t, func(c *whisper.Config) { c.Format = format })
			got := final(asrtest.Open(t, r, asr.Options{}), asrtest.Sung("five two four"))
			if got.Text != "five two four" || got.Err != nil || got.Took <= 0 {
				t.Errorf("result = %+v", got)
			}
			for _, q := range s.requests() {
				if q.format != files[format] {
					t.Errorf("the file is %+v, want %+v", q.format, files[format])
				}
			}
		})
	}
}

func TestTheRequestSaysWhatIsKnownOfTheCall(t *testing.T) {
	for _, c := range []struct {
		claim   string
		model   string
		options asr.Options
		want    map[string]string
	}{
		{"nothing", "whisper-1", asr.Options{}, map[string]string{"model": "whisper-1", "language": "en"}},
		{"a language", "gpt-4o-transcribe", asr.Options{Language: "pt-BR"}, map[string]string{"model": "gpt-4o-transcribe", "language": "pt"}},
		{"any language", "whisper-1", asr.Options{Language: "multi"}, map[string]string{"model": "whisper-1"}},
		{"keywords", "whisper-1", asr.Options{Keywords: []string{"Hookswitch", "Saint Gall"}},
			map[string]string{"model": "whisper-1", "language": "en", "prompt": "Hookswitch, Saint Gall"}},
		{"keywords by themselves", "gpt-transcribe", asr.Options{Keywords: []string{"Hookswitch", "Saint Gall"}},
			map[string]string{"model": "gpt-transcribe", "language": "en", "keywords[]": "Hookswitch|Saint Gall"}},
	} {
		t.Run(c.claim, func(t *testing.T) {
			r, s := serve(t, func(cfg *whisper.Config) { cfg.Model = c.model })
			final(asrtest.Open(t, r, c.options), asrtest.Sung("one"))
			c.want["response_format"], c.want["temperature"] = "json", "0"
			got := s.requests()[0].fields
			for name, values := range got {
				if strings.Join(values, "|") != c.want[name] {
					t.Errorf("%s = %q, want %q", name, values, c.want[name])
				}
			}
			if len(got) != len(c.want) {
				t.Errorf("fields = %v, want %v", got, c.want)
			}
		})
	}
}

func TestALongListOfKeywordsIsCutWhereWhisperStopsToRead(t *testing.T) {
	r, s := serve(t, nil)
	words := strings.Fields(strings.Repeat("Sankt-Gallenkappel ", 100))
	final(asrtest.Open(t, r, asr.Options{Keywords: words}), asrtest.Sung("one"))
	prompt := s.requests()[0].fields["prompt"][0]
	if len(prompt) > 600 || len(prompt) < 500 || !strings.HasSuffix(prompt, ", Sankt-Gallenkappel") {
		t.Errorf("the prompt has %d bytes: %q", len(prompt), prompt)
	}
}

func TestWithoutAKeyNoneIsSent(t *testing.T) {
	r, s := serve(t, func(c *whisper.Config) { c.Key = "" })
	if got := final(asrtest.Open(t, r, asr.Options{}), asrtest.Sung("one")); got.Text != "one" || got.Err != nil {
		t.Errorf("result = %+v", got)
	}
	if n := len(s.requests()); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
}

// The server fails the test for a file of under 100 ms.
func TestSilenceIsNotSent(t *testing.T) {
	r, s := serve(t, nil)
	c := asrtest.Open(t, r, asr.Options{})
	c.Rest(time.Second)
	c.Signal(asr.Began)
	c.Rest(3 * time.Second)
	c.Pause()
	c.Signal(asr.Ended)
	if got := c.Final(); got.Text != "" || got.Err != nil {
		t.Errorf("result = %+v", got)
	}
	if n := len(s.requests()); n != 0 {
		t.Errorf("%d requests were made of silence", n)
	}
}

func TestThe300msBeforeSpeechAreSentAndWhatFollowsThePauseIsNot(t *testing.T) {
	r, s := serve(t, nil)
	c := asrtest.Open(t, r, asr.Options{})
	c.Rest(5 * time.Second)
	c.Signal(asr.Began)
	said := asrtest.Sung("three")
	for i := range said.Frames {
		c.Write(&said.Frames[i])
	}
	c.Signal(asr.Paused)
	c.Rest(2 * time.Second)
	c.Signal(asr.Ended)
	if got := c.Final(); got.Text != "three" {
		t.Errorf("result = %+v", got)
	}
	want := 300*time.Millisecond + time.Duration(len(said.Frames))*20*time.Millisecond
	q := s.requests()[0]
	if got := time.Duration(len(q.pcm)) * time.Second / time.Duration(q.format.Rate); got != want {
		t.Errorf("%v of sound were sent, want %v", got, want)
	}
}

func TestWhatWasSaidBeforeAPauseIsAskedAtOnceAndOnlyOnce(t *testing.T) {
	r, s := serve(t, nil)
	c := asrtest.Open(t, r, asr.Options{})
	c.Say(asrtest.Sung("one two"))
	c.Pause()
	if got := <-c.Results(); got.Final || got.Text != "one two" {
		t.Errorf("after the pause: %+v, want an interim result", got)
	}
	c.Signal(asr.Ended)
	if got := c.Final(); got.Text != "one two" || got.Err != nil {
		t.Errorf("result = %+v", got)
	}
	if n := len(s.requests()); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
}

func TestAGuessThatTheCallerTalksOverIsCancelled(t *testing.T) {
	r, s := serve(t, nil)
	began, over := make(chan struct{}), make(chan struct{})
	s.instead(hang(began, over))
	c := asrtest.Open(t, r, asr.Options{})
	c.Say(asrtest.Sung("one"))
	c.Pause()
	<-began
	s.instead(nil)
	c.Signal(asr.Resumed)
	<-over // the request is gone
	second := asrtest.Sung("two")
	for i := range second.Frames {
		c.Write(&second.Frames[i])
	}
	c.Pause()
	c.Signal(asr.Ended)
	if got := c.Final(); got.Text != "one two" || got.Err != nil {
		t.Errorf("result = %+v", got)
	}
}

func TestAGuessThatFailedIsAskedOnceMore(t *testing.T) {
	r, s := serve(t, nil)
	failed := make(chan struct{}, 1)
	s.instead(failing(503, failed))
	c := asrtest.Open(t, r, asr.Options{})
	c.Say(asrtest.Sung("four"))
	c.Pause()
	<-failed
	s.instead(nil)
	time.Sleep(50 * time.Millisecond) // for the answer to arrive
	c.Signal(asr.Ended)
	if got := c.Final(); got.Text != "four" || got.Err != nil {
		t.Errorf("result = %+v", got)
	}
}

func TestALongUtteranceGoesOutInPieces(t *testing.T) {
	r, s := serve(t, nil)
	c := asrtest.Open(t, r, asr.Options{})
	long := asrtest.Sung(strings.Repeat("one two five three ", 70)) // of 240 ms each
	c.Signal(asr.Began)
	for i := range long.Frames {
		c.Write(&long.Frames[i])
		if i%100 == 99 {
			time.Sleep(100 * time.Millisecond) // no line is faster: half a second of this fits in the way
		}
	}
	c.Signal(asr.Ended)
	got := c.Final()
	if got.Err != nil || got.Text != strings.TrimSpace(long.Text) {
		t.Errorf("result = %v, %q, want %q", got.Err, got.Text, long.Text)
	}
	if n := len(s.requests()); n != 3 {
		t.Errorf("%d requests for %v, want 3", n, time.Duration(len(long.Frames))*20*time.Millisecond)
	}
	for _, q := range s.requests() {
		if n := len(q.pcm); n > 30*q.format.Rate {
			t.Errorf("a piece of %d samples, want 30 s at most", n)
		}
	}
}

func TestTheModelsListHasTheDefaults(t *testing.T) {
	for model := range whisper.Prices {
		if whisper.Prices[model][provider.AudioSeconds] <= 0 {
			t.Errorf("%s costs nothing", model)
		}
	}
	if whisper.Models[0] != "whisper-1" {
		t.Errorf("models = %q", whisper.Models)
	}
}

func TestConfigNamesTheFieldsAtFault(t *testing.T) {
	_, err := whisper.New(whisper.Config{BaseURL: "ftp://x", Key: "a b", Format: "mp3", AtOnce: -1})
	for _, field := range []string{"BaseURL", "Key", "Model", "Format", "AtOnce"} {
		if err == nil || !strings.Contains(err.Error(), "whisper: "+field) {
			t.Errorf("New() = %v, want a word about %s", err, field)
		}
	}
	if _, err := whisper.New(whisper.Config{Model: "whisper-1"}); err == nil || !strings.Contains(err.Error(), "Key is required") {
		t.Errorf("New() without a key for OpenAI = %v", err)
	}
}

func TestStringIsForThePipelinesLine(t *testing.T) {
	for format, want := range map[live.Format]string{"": "whisper whisper-1 wav 16k", live.Mulaw: "whisper whisper-1 wav mu-law 8k"} {
		r, err := whisper.New(whisper.Config{Key: key, Model: "whisper-1", Format: format})
		if err != nil || r.String() != want {
			t.Errorf("String() = %v, %v, want %q", r, err, want)
		}
	}
}
