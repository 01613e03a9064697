package openai_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hookswitch/hookswitch/agentcore/llm/llmtest"
	"github.com/hookswitch/hookswitch/agentcore/llm/openai"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server speaks the chat completions protocol, from the documentation
// (developers.openai.com/api/docs/api-reference/chat, create and streaming): each request is answered by the
// next of its plays, the last of them for ever.
type server struct {
	*httptest.Server
	mu       sync.Mutex
	plays    []play
	requests []request
}

// play answers one request.
type play func(c *conn)

// request is what the server was asked, as it came over the wire.
type request struct {
	Header http.Header
	Path   string
	Body   map[string]any
}

// conn is one answer under way.
type conn struct {
	t testing.TB
	w http.ResponseWriter
	r *http.Request

	body map[string]any // of the request
}

// serve starts a server and a model that asks it. change may be nil.
func serve(t testing.TB, change func(*openai.Config), plays ...play) (*openai.Model, *server) {
	t.Helper()
	s := &server{plays: plays}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		req := request{Header: r.Header, Path: r.URL.Path}
		if err := json.NewDecoder(r.Body).Decode(&req.Body); err != nil {
			t.Errorf("request body: %v", err)
		}
		refuseWhatOpenAIWould(t, req)
		s.mu.Lock()
		p := s.plays[min(len(s.requests), len(s.plays)-1)]
		s.requests = append(s.requests, req)
		s.mu.Unlock()
		p(&conn{t, w, r, req.Body})
	}))
	cfg := openai.Config{BaseURL: s.URL + "/v1", Key: llmtest.Key, Model: "test-1"}
	if change != nil {
		change(&cfg)
	}
	m, err := openai.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		m.Close()
		s.CloseClientConnections()
		s.Close()
	})
	return m, s
}

func (s *server) asked() []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// stream begins the answer.
func (c *conn) stream() {
	c.w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	c.flush()
}

func (c *conn) flush() { c.w.(http.Flusher).Flush() }

// raw writes bytes as they are.
func (c *conn) raw(s string) {
	fmt.Fprint(c.w, s)
	c.flush()
}

// delta sends one chunk with this delta.
func (c *conn) delta(delta string) {
	c.raw(`data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"test-1","choices":[{"index":0,"delta":` + delta + `,"finish_reason":null}]}` + "\n\n")
}

func (c *conn) say(words ...string) {
	for _, w := range words {
		b, err := json.Marshal(map[string]string{"content": w})
		if err != nil {
			c.t.Error(err)
		}
		c.delta(string(b))
	}
}

// finish says why the reply is over.
func (c *conn) finish(reason string) {
	c.raw(`data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"test-1","choices":[{"index":0,"delta":{},"finish_reason":"` + reason + `"}]}` + "\n\n")
}

func (c *conn) usage() {
	c.raw(`data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"test-1","choices":[],"usage":{"prompt_tokens":31,"completion_tokens":9,"total_tokens":40,"prompt_tokens_details":{"cached_tokens":20,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}}}` + "\n\n")
}

func (c *conn) done() { c.raw("data: [DONE]\n\n") }

// stall waits until the client goes away.
func (c *conn) stall() { <-c.r.Context().Done() }

// cut breaks the connection.
func (c *conn) cut() { panic(http.ErrAbortHandler) }

// status answers with an error as OpenAI writes them: with the key in it.
func status(code int, kind string, header ...string) play {
	return refusal(code, "Incorrect key "+llmtest.Key+", "+llmtest.Private, kind, "", header...)
}

// refusal answers with an error about one field of the request, which may be
// empty.
func refusal(code int, message, kind, field string, header ...string) play {
	return func(c *conn) {
		for i := 0; i+1 < len(header); i += 2 {
			c.w.Header().Set(header[i], header[i+1])
		}
		c.w.Header().Set("Content-Type", "application/json")
		c.w.WriteHeader(code)
		var param any
		if field != "" {
			param = field
		}
		body, err := json.Marshal(map[string]any{"error": map[string]any{"message": message, "type": kind, "param": param, "code": nil}})
		if err != nil {
			c.t.Error(err)
		}
		c.w.Write(body)
	}
}

// words is a plain reply.
func words(w ...string) play {
	return func(c *conn) {
		c.stream()
		c.delta(`{"role":"assistant","content":""}`)
		c.say(w...)
		c.finish("stop")
		c.usage()
		c.done()
	}
}

// settles waits until done, for as long as a busy machine may need.
func settles(done func() bool) bool {
	for until := time.Now().Add(5 * time.Second); time.Now().Before(until); time.Sleep(time.Millisecond) {
		if done() {
			return true
		}
	}
	return false
}
