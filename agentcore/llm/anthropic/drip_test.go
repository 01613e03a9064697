package anthropic_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/llm/anthropic"
	"github.com/hookswitch/hookswitch/agentcore/llm/llmtest"
	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// Pieces of a tool call with nothing in them are no sign of life.
func TestAToolCallThatDoesNotGrowIsAStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := llmtest.Drip{First: "event: content_block_start\n" + `data: {"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"a","name":"book","input":{}}}` + "\n\n", Then: "event: content_block_delta\n" + `data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":""}}` + "\n\n"}
		m, err := anthropic.New(anthropic.Config{BaseURL: "http://127.0.0.1", Model: "m", Retries: -1, HTTP: &http.Client{Transport: d}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		began := time.Now()
		g := ask(ctx, m, llmtest.Request())
		if took := time.Since(began); provider.ClassOf(g.err) != provider.Timeout || took > 10*time.Second {
			t.Errorf("err = %v after %v, want a time-out", g.err, took)
		}
	})
}

// Names and ids go into the history, and with it into every request that follows.
func TestAToolCallsNameAndIDAreBounded(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	for _, stream := range []string{
		"event: content_block_start\n" + `data: {"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"a","name":"` + long + `","input":{}}}`,
		"event: content_block_start\n" + `data: {"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"` + long + `","name":"book","input":{}}}`,
	} {
		var e *llm.Error
		if g := replay(t, []byte(stream+"\n\n")); !errors.As(g.err, &e) || e.Class != provider.Garbage || len(g.calls) > 0 {
			t.Errorf("err = %.200v, %d calls, want garbage", g.err, len(g.calls))
		}
	}
}
