package realtime_test

import (
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/asr/asrtest"
	"github.com/hookswitch/hookswitch/agentcore/asr/live"
	"github.com/hookswitch/hookswitch/agentcore/asr/realtime"
	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/provider/providertest"
)

func TestItIsARecogniser(t *testing.T) {
	for claim, eager := range map[string]bool{"patient": false, "eager": true} {
		t.Run(claim, func(t *testing.T) {
			asrtest.Run(t, func(t *testing.T) asr.Recognizer {
				r, _ := serve(t, providertest.None, func(c *realtime.Config) { c.Eager = eager })
				return r
			}, asrtest.First, asrtest.Second)
		})
	}
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
	for _, format := range realtime.Formats {
		t.Run(string(format), func(t *testing.T) {
			r, _ := serve(t, providertest.None, func(c *realtime.Config) { c.Format = format })
			if got := final(asrtest.Open(t, r, asr.Options{}), asrtest.First); got.Text != asrtest.First.Text || got.Err != nil {
				t.Errorf("result = %+v", got)
			}
		})
	}
}

func TestTheSessionSaysWhatIsKnownOfTheCall(t *testing.T) {
	type hints struct {
		Model, Language, Prompt string
		Languages, Keywords     []string
	}
	known := asr.Options{Language: "pt-BR", Keywords: []string{"Hookswitch", "Saint Gall"}}
	for _, c := range []struct {
		claim   string
		model   string
		options asr.Options
		want    hints
	}{
		{"nothing", "", asr.Options{}, hints{Model: "gpt-4o-transcribe", Language: "en"}},
		{"any language", "gpt-4o-mini-transcribe", asr.Options{Language: "multi"}, hints{Model: "gpt-4o-mini-transcribe"}},
		{"a model that reads", "gpt-4o-transcribe", known,
			hints{Model: "gpt-4o-transcribe", Language: "pt", Prompt: "A phone call. Expect these words: Hookswitch, Saint Gall."}},
		{"a model that takes a list for a prompt", "whisper-1", known, hints{Model: "whisper-1", Language: "pt", Prompt: "Hookswitch, Saint Gall"}},
		{"a model that takes a list", "gpt-live-transcribe", known,
			hints{Model: "gpt-live-transcribe", Languages: []string{"pt"}, Keywords: []string{"Hookswitch", "Saint Gall"}}},
		{"a model that takes none", "gpt-realtime-whisper", known, hints{Model: "gpt-realtime-whisper", Language: "pt"}},
	} {
		t.Run(c.claim, func(t *testing.T) {
			r, s := serve(t, providertest.None, func(cfg *realtime.Config) { cfg.Model = c.model })
			final(asrtest.Open(t, r, c.options), asrtest.First)
			if got := hints(s.updates[0].Session.Audio.Input.Transcription); !reflect.DeepEqual(got, c.want) {
				t.Errorf("the session is told %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestALongListOfKeywordsIsCut(t *testing.T) {
	r, s := serve(t, providertest.None, nil)
	final(asrtest.Open(t, r, asr.Options{Keywords: strings.Fields(strings.Repeat("Hookswitch ", 300))}), asrtest.First)
	if prompt := s.updates[0].Session.Audio.Input.Transcription.Prompt; len(prompt) > 700 || strings.Count(prompt, "Hookswitch") != 50 {
		t.Errorf("the prompt has %d bytes: %s", len(prompt), prompt)
	}
}

func TestOnlySpeechIsSent(t *testing.T) {
	r, s := serve(t, providertest.None, nil)
	c := asrtest.Open(t, r, asr.Options{})
	c.Rest(5 * time.Second)
	c.Say(asrtest.First)
	c.Pause()
	c.Rest(2 * time.Second)
	c.Signal(asr.Ended)
	if got := c.Final(); got.Text != asrtest.First.Text || got.Err != nil {
		t.Errorf("result = %+v", got)
	}
	said := time.Duration(len(asrtest.First.Frames)) * 20 * time.Millisecond
	// half a second of lead, of which 60 ms are speech, and 200 ms until the pause
	if want := said + 500*time.Millisecond - 60*time.Millisecond + 200*time.Millisecond; s.sound() != want {
		t.Errorf("%v of sound were sent, want %v", s.sound(), want)
	}
}

func TestALongPauseIsLeftOutAndTheWordsAreOneUtterance(t *testing.T) {
	r, s := serve(t, providertest.None, nil)
	c := asrtest.Open(t, r, asr.Options{})
	c.Say(asrtest.First)
	c.Pause()
	c.Rest(3 * time.Second)
	c.Signal(asr.Resumed)
	for i := range asrtest.Second.Frames {
		c.Write(&asrtest.Second.Frames[i])
	}
	c.Signal(asr.Ended)
	if got, want := c.Final().Text, asrtest.First.Text+" "+asrtest.Second.Text; got != want {
		t.Errorf("result = %q, want %q", got, want)
	}
	if s.said("input_audio_buffer.commit") != 1 || s.sound() > 4*time.Second {
		t.Errorf("%d commits of %v", s.said("input_audio_buffer.commit"), s.sound())
	}
}

func TestAnEagerOneCommitsAtThePauseAndOnlyThen(t *testing.T) {
	r, s := serve(t, providertest.None, func(c *realtime.Config) { c.Eager = true })
	c := asrtest.Open(t, r, asr.Options{})
	c.Say(asrtest.First)
	c.Pause()
	for got := range c.Results() {
		if got.Final {
			t.Fatalf("before the end: %+v", got)
		}
		if got.Text == asrtest.First.Text {
			break
		}
	}
	c.Signal(asr.Ended)
	if got := c.Final(); got.Text != asrtest.First.Text || got.Err != nil {
		t.Errorf("result = %+v", got)
	}
	if n := s.said("input_audio_buffer.commit"); n != 1 {
		t.Errorf("%d commits, want 1", n)
	}
}

// The server fails the test for a commit of under 100 ms.
func TestTooLittleToCommitIsClearedAndAnEmptyResult(t *testing.T) {
	r, s := serve(t, providertest.None, nil)
	c := asrtest.Open(t, r, asr.Options{})
	c.Rest(60 * time.Millisecond)
	c.Signal(asr.Began)
	c.Signal(asr.Ended)
	if got := c.Final(); got.Text != "" || got.Err != nil {
		t.Errorf("result = %+v", got)
	}
	if got := final(c, asrtest.Second); got.Text != asrtest.Second.Text {
		t.Errorf("the next result = %+v", got)
	}
	if s.said("input_audio_buffer.clear") != 1 || s.said("input_audio_buffer.commit") != 1 {
		t.Errorf("%d clears and %d commits", s.said("input_audio_buffer.clear"), s.said("input_audio_buffer.commit"))
	}
}

func TestItemsThatAreReadyInAnotherOrderAreToldInThatOfSpeech(t *testing.T) {
	r, s := serve(t, providertest.None, nil)
	var late []string
	s.answer = func(c *conn, n int, id, said string) {
		if n == 0 {
			late = []string{id, said}
			return
		}
		c.delta(id, said)
		c.completed(id, said)
		c.completed(late[0], late[1])
	}
	c := asrtest.Open(t, r, asr.Options{})
	for _, said := range []asrtest.Speech{asrtest.First, asrtest.Second} {
		c.Say(said)
		c.Pause()
		c.Signal(asr.Ended)
	}
	for _, want := range []string{asrtest.First.Text, asrtest.Second.Text} {
		if got := c.Final(); got.Text != want || got.Err != nil {
			t.Errorf("result = %+v, want %q", got, want)
		}
	}
}

func TestAnItemThatFailsIsOneErrorOfAStreamThatLives(t *testing.T) {
	r, s := serve(t, providertest.None, nil)
	s.answer = func(c *conn, n int, id, said string) {
		if n == 0 {
			c.failed(id)
			return
		}
		c.completed(id, said)
	}
	c := asrtest.Open(t, r, asr.Options{})
	got := final(c, asrtest.First)
	providertest.Check(t, providertest.SaysError, got.Err, key, "Tuesday")
	if provider.ClassOf(got.Err) != provider.Unavailable {
		t.Errorf("result = %+v", got)
	}
	if got := final(c, asrtest.Second); got.Text != asrtest.Second.Text || got.Err != nil {
		t.Errorf("the next result = %+v", got)
	}
}

func TestCloseReallyEndsTheSession(t *testing.T) {
	r, s := serve(t, providertest.None, nil)
	s.answer = func(*conn, int, string, string) {} // never
	stream, err := r.Open(t.Context(), asr.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := asrtest.Call{Stream: stream}
	c.Say(asrtest.First)
	c.Signal(asr.Ended)
	for s.said("input_audio_buffer.commit") == 0 {
		time.Sleep(time.Millisecond)
	}
	if err := stream.Close(); err != nil {
		t.Errorf("Close() = %v", err)
	}
	for end := time.Now().Add(5 * time.Second); s.wire.Open() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d connections are open", s.wire.Open())
		}
	}
}

func TestConfigNamesTheFieldsAtFault(t *testing.T) {
	_, err := realtime.New(realtime.Config{BaseURL: "wss://x", Format: live.PCM16k})
	for _, field := range []string{"BaseURL", "Format"} {
		if err == nil || !strings.Contains(err.Error(), "realtime: "+field) {
			t.Errorf("New() = %v, want a word about %s", err, field)
		}
	}
	if _, err := realtime.New(realtime.Config{}); err == nil || !strings.Contains(err.Error(), "realtime: Key") {
		t.Errorf("New() without a key for OpenAI's own = %v", err)
	}
	if _, err := realtime.New(realtime.Config{Key: "a b"}); err == nil || strings.Contains(err.Error(), "a b") {
		t.Errorf("New() with a key that no header can carry = %v", err)
	}
}

func TestStringIsForThePipelinesLine(t *testing.T) {
	for want, c := range map[string]realtime.Config{
		"openai gpt-4o-transcribe mu-law 8k": {Key: key},
		"openai whisper-1 pcm 24k":           {Key: key, Model: "whisper-1", Format: live.PCM24k},
	} {
		if r, err := realtime.New(c); err != nil || r.String() != want {
			t.Errorf("String() = %v, %v, want %q", r, err, want)
		}
	}
}

// A server of one's own may want no key: then it is sent none, not an empty one.
func TestWithoutAKeyNoneIsSent(t *testing.T) {
	headers := make(chan http.Header, 8)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		headers <- r.Header
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer s.Close()
	r, err := realtime.New(realtime.Config{BaseURL: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	stream, err := r.Open(t.Context(), asr.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	if h := <-headers; h["Authorization"] != nil {
		t.Errorf("Authorization: %q", h["Authorization"])
	}
}
