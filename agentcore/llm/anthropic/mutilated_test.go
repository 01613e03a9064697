package anthropic_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/llm/anthropic"
	"github.com/hookswitch/hookswitch/agentcore/llm/llmtest"
)

const recorded = `event: message_start
data: {"type":"message_start","message":{"usage":{"input_tokens":31,"output_tokens":1}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"One moment."}}

event: content_block_start
data: {"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"a","name":"book","input":{}}}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"day\":"}}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"\"Tuesday\"}"}}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":9}}

event: message_stop
data: {"type":"message_stop"}

`

// replay is the reply that a stream makes.
func replay(t *testing.T, stream []byte) got {
	m, err := anthropic.New(anthropic.Config{BaseURL: "http://127.0.0.1", Model: "m", Retries: -1, HTTP: &http.Client{Transport: &llmtest.Canned{Stream: string(stream)}}})
	if err != nil {
		t.Fatal(err)
	}
	g := ask(context.Background(), m, llmtest.Request())
	var e *llm.Error
	if g.err != nil && !errors.As(g.err, &e) {
		t.Errorf("err = %v", g.err)
	}
	return g
}

// A stream cut at any byte is either a whole reply or an error; half a tool call
// is never handed on.
func TestAStreamCutAnywhereHandsOnNoHalfCall(t *testing.T) {
	const call = `a book {"day":"Tuesday"}`
	for n := range len(recorded) + 1 {
		g := replay(t, []byte(recorded[:n]))
		whole := len(g.calls) == 1 && g.calls[0] == call && g.err == nil
		if cut := len(g.calls) == 0 && g.err != nil; whole == cut {
			t.Errorf("cut at %d: %+v", n, g)
		}
		if whole && !strings.Contains(recorded[:n], "stop_reason") {
			t.Errorf("cut at %d: whole before the model had finished", n)
		}
	}
}

func TestAStreamWithWrongBytesEnds(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		b := bytes.Clone([]byte(recorded))
		for range 1 + r.IntN(4) {
			b[r.IntN(len(b))] = byte(r.IntN(256))
		}
		if g := replay(t, b); len(g.calls) > 1 {
			t.Errorf("%q makes %+v", b, g)
		}
	}
}

// Whatever a server sends, a reply ends, with words or with an error.
func FuzzStream(f *testing.F) {
	f.Add([]byte(recorded))
	f.Add([]byte("event: error\ndata: {\"type\":\"error\",\"error\":7}\n\n"))
	f.Add([]byte("event: content_block_start\ndata: {\"index\":-1,\"content_block\":{\"type\":\"tool_use\",\"input\":[[]]}}\n\n"))
	f.Add([]byte("event: message_delta\ndata: null\n\n"))
	f.Add([]byte("\xff\x00:\n\nevent\ndata:\n\n"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		g := replay(t, stream)
		if g.err == nil && !bytes.Contains(stream, []byte("stop_reason")) {
			t.Errorf("a whole reply without an end: %+v", g)
		}
		for _, c := range g.calls {
			if len(c) > 200<<10 {
				t.Error("a call without a bound")
			}
		}
	})
}
