package openai_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/llm/llmtest"
	"github.com/hookswitch/hookswitch/agentcore/llm/openai"
)

const recorded = `data: {"choices":[{"index":0,"delta":{"role":"assistant","content":"One moment."},"finish_reason":null}]}

: ping

data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"book","arguments":"{\"day\":"}}]}}]}

data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\"Tuesday\"}"}}]},"finish_reason":"tool_calls"}]}

data: {"choices":[],"usage":{"total_tokens":12}}

data: [DONE]

`

func replay(t *testing.T, stream []byte) got {
	m, err := openai.New(openai.Config{BaseURL: "http://127.0.0.1/v1", Model: "m", Retries: -1, HTTP: &http.Client{Transport: &llmtest.Canned{Stream: string(stream)}}})
	if err != nil {
		t.Fatal(err)
	}
	g := ask(t.Context(), m, llmtest.Request())
	var e *llm.Error
	if g.err != nil && !errors.As(g.err, &e) {
		t.Errorf("err = %v", g.err)
	}
	return g
}

// A stream cut at any byte is either a whole reply or an error; half a tool
// call is never handed on.
func TestAStreamCutAnywhereHandsOnNoHalfCall(t *testing.T) {
	const call = `a book {"day":"Tuesday"}`
	for n := range len(recorded) + 1 {
		g := replay(t, []byte(recorded[:n]))
		whole := len(g.calls) == 1 && g.calls[0] == call && g.err == nil
		if cut := len(g.calls) == 0 && g.err != nil; whole == cut {
			t.Errorf("cut at %d: %+v", n, g)
		}
		if whole && !strings.Contains(recorded[:n], "tool_calls\"}") {
			t.Errorf("cut at %d: whole before the model had finished", n)
		}
	}
}

func TestAStreamWithWrongBytesEnds(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 1500 {
		b := bytes.Clone([]byte(recorded))
		for range 1 + r.IntN(4) {
			b[r.IntN(len(b))] = byte(r.IntN(256))
		}
		replay(t, b)
	}
}
