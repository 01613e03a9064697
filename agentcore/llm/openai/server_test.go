package openai_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"go.uber.org/goleak"

	"github.com/hookswitch/hookswitch/agentcore/llm/llmtest"
	"github.com/hookswitch/hookswitch/agentcore/llm/openai"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server speaks the chat completions protocol, from the documentation
// (developers.openai.com/api/docs/api-reference/chat, create and streaming): each request is answered by the
// next of its plays, the last of them for ever.
type server = llmtest.Server[request]

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
	*llmtest.Conn
	body map[string]any // of the request
}

// serve starts a server and a model that asks it. change may be nil.
func serve(t testing.TB, change func(*openai.Config), plays ...play) (*openai.Model, *server) {
	t.Helper()
	take := func(r *http.Request) request {
		req := request{Header: r.Header, Path: r.URL.Path}
		if err := json.NewDecoder(r.Body).Decode(&req.Body); err != nil {
			t.Errorf("request body: %v", err)
		}
		refuseWhatOpenAIWould(t, req)
		return req
	}
	s := llmtest.Serve(t, take, func(n int, c *llmtest.Conn, r request) {
		plays[min(n, len(plays)-1)](&conn{c, r.Body})
	})
	cfg := openai.Config{BaseURL: s.URL + "/v1", Key: llmtest.Key, Model: "test-1"}
	if change != nil {
		change(&cfg)
	}
	m, err := openai.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() }) // before the server
	return m, s
}

// delta sends one chunk with this delta.
func (c *conn) delta(delta string) {
	c.Raw(`data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"test-1","choices":[{"index":0,"delta":` + delta + `,"finish_reason":null}]}` + "\n\n")
}

func (c *conn) say(words ...string) {
	for _, w := range words {
		b, err := json.Marshal(map[string]string{"content": w})
		if err != nil {
			c.T.Error(err)
		}
		c.delta(string(b))
	}
}

// finish says why the reply is over.
func (c *conn) finish(reason string) {
	c.Raw(`data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"test-1","choices":[{"index":0,"delta":{},"finish_reason":"` + reason + `"}]}` + "\n\n")
}

func (c *conn) usage() {
	c.Raw(`data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"test-1","choices":[],"usage":{"prompt_tokens":31,"completion_tokens":9,"total_tokens":40,"prompt_tokens_details":{"cached_tokens":20,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}}}` + "\n\n")
}

func (c *conn) done() { c.Raw("data: [DONE]\n\n") }

// status answers with an error as OpenAI writes them: with the key in it.
func status(code int, kind string, header ...string) play {
	return refusal(code, "Incorrect key "+llmtest.Key+", "+llmtest.Private, kind, "", header...)
}

// refusal answers with an error about one field of the request, which may be
// empty.
func refusal(code int, message, kind, field string, header ...string) play {
	return func(c *conn) {
		var param any
		if field != "" {
			param = field
		}
		c.Refuse(code, map[string]any{"error": map[string]any{"message": message, "type": kind, "param": param, "code": nil}}, header...)
	}
}

// words is a plain reply.
func words(w ...string) play {
	return func(c *conn) {
		c.Stream()
		c.delta(`{"role":"assistant","content":""}`)
		c.say(w...)
		c.finish("stop")
		c.usage()
		c.done()
	}
}
