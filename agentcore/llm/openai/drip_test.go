package openai_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/llm/llmtest"
	"github.com/hookswitch/hookswitch/agentcore/llm/openai"
	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// Pieces of a tool call with nothing in them are no sign of life.
func TestAToolCallThatDoesNotGrowIsAStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := llmtest.Drip{First: `data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"book","arguments":"{"}}]}}]}` + "\n\n", Then: `data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0}]}}]}` + "\n\n"}
		m, err := openai.New(openai.Config{BaseURL: "http://127.0.0.1", Model: "m", Retries: -1, HTTP: &http.Client{Transport: d}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if g := ask(ctx, m, llmtest.Request()); provider.ClassOf(g.err) != provider.Timeout || g.took > 10*time.Second {
			t.Errorf("err = %v after %v, want a time-out", g.err, g.took)
		}
	})
}

// Names and ids go into the history, and with it into every request that follows.
func TestAToolCallsNameAndIDAreBounded(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	for _, stream := range []string{
		`data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"` + long + `","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}`,
		`data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"` + long + `","function":{"name":"book","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}`,
	} {
		var e *llm.Error
		if g := replay(t, []byte(stream+"\n\n")); !errors.As(g.err, &e) || e.Class != provider.Garbage || len(g.calls) > 0 {
			t.Errorf("err = %.200v, %d calls, want garbage", g.err, len(g.calls))
		}
	}
}
