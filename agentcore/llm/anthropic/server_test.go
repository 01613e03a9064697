package anthropic_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"go.uber.org/goleak"

	"github.com/hookswitch/hookswitch/agentcore/llm/anthropic"
	"github.com/hookswitch/hookswitch/agentcore/llm/llmtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server speaks the Messages protocol, from the documentation
// (platform.claude.com/docs/en/build-with-claude/streaming and .../api/errors):
// each request is answered by the next of its plays, the last of them for ever.
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
func serve(t testing.TB, change func(*anthropic.Config), plays ...play) (*anthropic.Model, *server) {
	t.Helper()
	take := func(r *http.Request) request {
		req := request{Header: r.Header, Path: r.URL.Path}
		if err := json.NewDecoder(r.Body).Decode(&req.Body); err != nil {
			t.Errorf("request body: %v", err)
		}
		refuseWhatAnthropicWould(t, req)
		return req
	}
	s := llmtest.Serve(t, take, func(n int, c *llmtest.Conn, r request) {
		plays[min(n, len(plays)-1)](&conn{c, r.Body})
	})
	cfg := anthropic.Config{BaseURL: s.URL, Key: llmtest.Key, Model: "claude-haiku-4-5"}
	if change != nil {
		change(&cfg)
	}
	m, err := anthropic.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() }) // before the server
	return m, s
}

// stream begins the answer.
func (c *conn) stream() {
	c.Stream()
	c.event("message_start", `"message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-haiku-4-5","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":6,"cache_creation_input_tokens":5,"cache_read_input_tokens":20,"output_tokens":1}}`)
	c.event("ping", "")
}

// event sends one event; fields are what its JSON has besides the type.
func (c *conn) event(kind, fields string) {
	if fields != "" {
		fields = "," + fields
	}
	c.Raw("event: " + kind + "\ndata: {\"type\":\"" + kind + "\"" + fields + "}\n\n")
}

// block sends the start of a block.
func (c *conn) block(index int, block string) {
	c.event("content_block_start", fmt.Sprintf(`"index":%d,"content_block":%s`, index, block))
}

// delta sends a piece of a block.
func (c *conn) delta(index int, kind, field, text string) {
	b, err := json.Marshal(text)
	if err != nil {
		c.T.Error(err)
	}
	c.event("content_block_delta", fmt.Sprintf(`"index":%d,"delta":{"type":%q,%q:%s}`, index, kind, field, b))
}

func (c *conn) stop(index int) { c.event("content_block_stop", fmt.Sprintf(`"index":%d`, index)) }

// say sends words of the text block at index.
func (c *conn) say(index int, words ...string) {
	for _, w := range words {
		c.delta(index, "text_delta", "text", w)
	}
}

// text sends a whole text block.
func (c *conn) text(index int, words ...string) {
	c.block(index, `{"type":"text","text":""}`)
	c.say(index, words...)
	c.stop(index)
}

// call sends a whole tool call, its arguments in pieces.
func (c *conn) call(index int, id string, pieces ...string) {
	c.block(index, fmt.Sprintf(`{"type":"tool_use","id":%q,"name":"look","input":{}}`, id))
	for _, p := range pieces {
		c.delta(index, "input_json_delta", "partial_json", p)
	}
	c.stop(index)
}

// finish says why the reply is over.
func (c *conn) finish(reason string) {
	c.event("message_delta", `"delta":{"stop_reason":"`+reason+`","stop_sequence":null},"usage":{"output_tokens":9}`)
	c.event("message_stop", "")
}

// status answers with an error as Anthropic writes them: here with the key in it.
func status(code int, kind string, header ...string) play {
	return refusal(code, kind, "Bad key "+llmtest.Key+", "+llmtest.Private, header...)
}

func refusal(code int, kind, message string, header ...string) play {
	return func(c *conn) {
		c.Refuse(code, map[string]any{"type": "error", "error": map[string]any{"type": kind, "message": message}, "request_id": "req_1"}, header...)
	}
}

// words is a plain reply.
func words(w ...string) play {
	return func(c *conn) {
		c.stream()
		c.text(0, w...)
		c.finish("end_turn")
	}
}
