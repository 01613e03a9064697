package providers_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/llm/anthropic"
	"github.com/hookswitch/hookswitch/agentcore/llm/gemini"
	"github.com/hookswitch/hookswitch/agentcore/llm/openai"
	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// vendor is a provider of a model, played: what it says before the first word,
// a word, and what it says behind the last.
type vendor struct {
	name             string
	head, word, tail string
	open             func(base string) (llm.Model, error)
}

var vendors = []vendor{
	{
		name: openai.Name,
		head: `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}` + "\n\n",
		word: `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":" word"},"finish_reason":null}]}` + "\n\n",
		tail: `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}` + "\n\ndata: [DONE]\n\n",
		open: func(base string) (llm.Model, error) {
			return openai.New(openai.Config{BaseURL: base + "/v1", Key: "k", Model: "gpt-4o"})
		},
	},
	{
		name: anthropic.Name,
		head: "event: message_start\n" + `data: {"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":6,"output_tokens":1}}}` + "\n\n" +
			"event: content_block_start\n" + `data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}` + "\n\n",
		word: "event: content_block_delta\n" + `data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" word"}}` + "\n\n",
		tail: "event: content_block_stop\n" + `data: {"type":"content_block_stop","index":0}` + "\n\n" +
			"event: message_delta\n" + `data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":9}}` + "\n\n" +
			"event: message_stop\n" + `data: {"type":"message_stop"}` + "\n\n",
		open: func(base string) (llm.Model, error) {
			return anthropic.New(anthropic.Config{BaseURL: base, Key: "k", Model: "claude-haiku-4-5"})
		},
	},
	{
		name: gemini.Name,
		word: `data: {"candidates": [{"content": {"parts": [{"text": " word"}],"role": "model"},"index": 0}],"modelVersion": "m","responseId": "r"}` + "\r\n\r\n",
		tail: `data: {"candidates": [{"content": {"parts": [{"text": ""}],"role": "model"},"finishReason": "STOP","index": 0}],"usageMetadata": {"promptTokenCount": 6,"candidatesTokenCount": 9,"totalTokenCount": 15}}` + "\r\n\r\n",
		open: func(base string) (llm.Model, error) {
			return gemini.New(gemini.Config{BaseURL: base, Key: "k", Model: "gemini-3.8-flash"})
		},
	},
}

// question is what an agent with a prompt of 2 KB and two tools is asked in the
// middle of a call.
var question = func() llm.Request {
	r := llm.Request{Messages: []llm.Message{{Role: llm.System, Text: strings.Repeat("You answer the telephone of a dentist. ", 52)}}}
	for range 6 {
		r.Messages = append(r.Messages,
			llm.Message{Role: llm.Assistant, Text: "We have Tuesday at nine, or Thursday at four. Which would you like?"},
			llm.Message{Role: llm.User, Text: "I can't on Tuesday, and Thursday is hard, too. What about the week after?"})
	}
	for _, name := range []string{"look_up", "book"} {
		r.Tools = append(r.Tools, llm.Tool{
			Name: name, Description: "Look for a free date, or book one.",
			Parameters: []byte(`{"type":"object","properties":{"day":{"type":"string"},"hour":{"type":"integer"}},"required":["day"]}`),
		})
	}
	return r
}()

// serve plays v: talk gets each answer behind its first word.
func (v vendor) serve(b *testing.B, talk func(w io.Writer, flush func(), r *http.Request)) (base string, m llm.Model) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, v.head+v.word)
		flush := w.(http.Flusher).Flush
		flush()
		talk(w, flush, r)
	}))
	m, err := v.open(s.URL)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		m.(io.Closer).Close()
		s.CloseClientConnections()
		s.Close()
	})
	return s.URL, m
}

// BenchmarkAskFirst is how long the first word takes when the provider has it at
// once: by the client that we use, and by a bare HTTP client that looks for the
// first line of it. Both ask in turn, over connections that stand.
func BenchmarkAskFirst(b *testing.B) {
	for _, v := range vendors {
		b.Run(v.name, func(b *testing.B) {
			base, m := v.serve(b, func(w io.Writer, _ func(), _ *http.Request) { io.WriteString(w, v.tail) })
			body := v.body(b)
			bare := provider.NewClient(0)
			defer bare.CloseIdleConnections()
			var ours, theirs []time.Duration
			for range 30 { // both are warm
				firstWord(b, m)
				firstLine(b, bare, base, body, v.word)
			}
			for b.Loop() {
				ours = append(ours, firstWord(b, m))
				theirs = append(theirs, firstLine(b, bare, base, body, v.word))
			}
			report(b, ours, "client")
			report(b, theirs, "bare")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// body is what v's client sends for the question.
func (v vendor) body(b *testing.B) (body []byte) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ = io.ReadAll(r.Body) // a short one fails the request
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, v.head+v.word+v.tail)
	}))
	defer s.Close()
	m, err := v.open(s.URL)
	if err != nil {
		b.Fatal(err)
	}
	defer m.(io.Closer).Close()
	firstWord(b, m)
	return body
}

// firstWord asks m, reads all of the answer, and tells when its first word came.
func firstWord(b *testing.B, m llm.Model) (took time.Duration) {
	began := time.Now()
	for d, err := range m.Chat(b.Context(), question) {
		if err != nil {
			b.Fatal(err)
		}
		if d.Text != "" && took == 0 {
			took = time.Since(began)
		}
	}
	if took == 0 {
		b.Fatal("not a word came")
	}
	return took
}

func firstLine(b *testing.B, c *http.Client, base string, body []byte, word string) (took time.Duration) {
	lines := strings.Split(strings.TrimSpace(word), "\n")
	want := []byte(lines[len(lines)-1])
	began := time.Now()
	r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, base, bytes.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	res, err := c.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	for s := bufio.NewScanner(res.Body); s.Scan(); {
		if took == 0 && bytes.Equal(bytes.TrimSpace(s.Bytes()), want) {
			took = time.Since(began)
		}
	}
	if took == 0 {
		b.Fatal("not a word came")
	}
	return took
}

// BenchmarkAskLetGo is how long after the end of a reply's context the provider
// sees that nobody listens any more.
func BenchmarkAskLetGo(b *testing.B) {
	for _, v := range vendors {
		b.Run(v.name, func(b *testing.B) {
			gone := make(chan time.Time, 1)
			_, m := v.serve(b, func(w io.Writer, flush func(), r *http.Request) {
				tick := time.NewTicker(20 * time.Millisecond) // fifty words a second
				defer tick.Stop()
				for {
					select {
					case <-r.Context().Done():
						gone <- time.Now()
						return
					case <-tick.C:
						io.WriteString(w, v.word)
						flush()
					}
				}
			})
			var all []time.Duration
			for b.Loop() {
				all = append(all, letGo(b, m, gone))
			}
			report(b, all, "letgo")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func letGo(b *testing.B, m llm.Model, gone <-chan time.Time) time.Duration {
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	var ended time.Time
	for d := range m.Chat(ctx, question) {
		if d.Text != "" && ended.IsZero() {
			ended = time.Now()
			cancel()
		}
	}
	if ended.IsZero() {
		b.Fatal("not a word came")
	}
	select {
	case at := <-gone:
		return at.Sub(ended)
	case <-time.After(10 * time.Second):
		b.Fatal("it is still listened to")
		return 0
	}
}

// report tells the median and the worst of a hundred, in milliseconds.
func report(b *testing.B, all []time.Duration, what string) {
	slices.Sort(all)
	at := func(q float64) float64 { return float64(all[int(q*float64(len(all)-1))].Microseconds()) / 1000 }
	b.ReportMetric(at(.5), fmt.Sprintf("p50-ms/%s", what))
	b.ReportMetric(at(.99), fmt.Sprintf("p99-ms/%s", what))
}
