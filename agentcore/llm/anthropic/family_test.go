package anthropic_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/llm/anthropic"
	"github.com/hookswitch/hookswitch/agentcore/llm/llmtest"
)

// What each generation is sent, so that it is not refused.
func TestAModelIsToldToThinkInItsOwnWay(t *testing.T) {
	afterTool := llmtest.Request()
	afterTool.Messages = append(afterTool.Messages,
		llm.Message{Role: llm.Assistant, Calls: []llm.ToolCall{{ID: "a", Name: "look", Arguments: json.RawMessage(llmtest.Arguments)}}},
		llm.Message{Role: llm.ToolRole, Call: "a", Text: "blue"})
	for _, tt := range []struct {
		model, effort string
		want          string // of the request: max_tokens, output_config, temperature, thinking
		request       *llm.Request
	}{
		{"claude-haiku-4-5", "", `{"max_tokens":100,"temperature":0.5}`, nil},
		{"claude-haiku-4-5-20251001", "none", `{"max_tokens":100,"temperature":0.5}`, nil},
		{"claude-sonnet-4-20250514", "low", `{"max_tokens":2148,"thinking":{"budget_tokens":2048,"type":"enabled"}}`, nil},
		{"claude-sonnet-4-5", "low", `{"max_tokens":100,"temperature":0.5}`, &afterTool},
		{"claude-sonnet-4-6", "", `{"max_tokens":100,"temperature":0.5}`, nil},
		{"claude-sonnet-4-6", "xhigh", `{"max_tokens":8292,"output_config":{"effort":"high"},"thinking":{"type":"adaptive"}}`, nil},
		{"claude-opus-4-8", "none", `{"max_tokens":100}`, nil},
		{"claude-opus-4-8", "minimal", `{"max_tokens":2148,"output_config":{"effort":"low"},"thinking":{"type":"adaptive"}}`, &afterTool},
		{"claude-sonnet-5", "none", `{"max_tokens":100,"thinking":{"type":"disabled"}}`, nil},
		{"claude-sonnet-5-5", "none", `{"max_tokens":2148,"thinking":{"type":"between_tools"}}`, nil},
		{"claude-haiku-5-5", "", `{"max_tokens":8292}`, nil},
		{"claude-haiku-5-5", "none", `{"max_tokens":100,"thinking":{"type":"disabled"}}`, nil},
		{"claude-haiku-5-5", "low", `{"max_tokens":2148,"output_config":{"effort":"low"}}`, &afterTool},
		{"claude-opus-5", "none", `{"max_tokens":100,"thinking":{"type":"disabled"}}`, nil},
		{"claude-opus-5-5", "none", `{"max_tokens":2148,"output_config":{"effort":"low"}}`, nil},
		{"claude-fable-5", "none", `{"max_tokens":2148,"output_config":{"effort":"low"}}`, nil},
		{"anthropic/claude-7", "none", `{"max_tokens":100,"temperature":0.5}`, nil},
		{"anthropic/claude-7", "high", `{"max_tokens":8292,"output_config":{"effort":"high"},"temperature":0.5}`, nil},
	} {
		t.Run(tt.model+" "+tt.effort, func(t *testing.T) {
			warm := 0.5
			m, s := serve(t, func(c *anthropic.Config) {
				c.Model, c.ReasoningEffort, c.Temperature, c.MaxTokens = tt.model, tt.effort, &warm, 100
			}, words("Hi."))
			r := llmtest.Request()
			if tt.request != nil {
				r = *tt.request
			}
			if g := ask(t.Context(), m, r); g.err != nil {
				t.Fatal(g.err)
			}
			sent := s.Asked()[0].Body
			for field := range sent {
				if !slices.Contains([]string{"max_tokens", "output_config", "temperature", "thinking"}, field) {
					delete(sent, field)
				}
			}
			if got, err := json.Marshal(sent); err != nil || string(got) != tt.want {
				t.Errorf("sent %s, %v, want %s", got, err, tt.want)
			}
		})
	}
}

func TestAFieldThatIsRefusedIsLeftOutFromThenOn(t *testing.T) {
	// The texts are those of the real server.
	picky := func(c *conn) {
		_, temperature := c.body["temperature"]
		_, effort := c.body["output_config"]
		switch {
		case temperature:
			refusal(400, "invalid_request_error", "`temperature` is deprecated for this model.")(c)
		case effort:
			refusal(400, "invalid_request_error", "This model does not support the effort parameter.")(c)
		default:
			words("Hi.")(c)
		}
	}
	warm := 0.5
	m, s := serve(t, func(c *anthropic.Config) {
		c.Model, c.ReasoningEffort, c.Temperature, c.Retries = "my-gateways-name", "low", &warm, -1
	}, picky)
	for range 2 {
		if g := ask(t.Context(), m, llmtest.Request()); g.err != nil || g.text != "Hi." {
			t.Fatalf("reply = %+v", g)
		}
	}
	if n := len(s.Asked()); n != 4 {
		t.Errorf("%d requests, want three for the first reply and one for the second", n)
	}
}

func TestThinkingThatIsRefusedIsLeftOut(t *testing.T) {
	m, s := serve(t, func(c *anthropic.Config) { c.Model, c.ReasoningEffort = "claude-haiku-5-5", "none" }, func(c *conn) {
		if c.body["thinking"] != nil {
			refusal(400, "invalid_request_error", `"thinking.type.disabled" is not supported for this model. Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.`)(c)
			return
		}
		words("Hi.")(c)
	})
	if g := ask(t.Context(), m, llmtest.Request()); g.err != nil || len(s.Asked()) != 2 {
		t.Errorf("reply = %+v after %d requests", g, len(s.Asked()))
	}
}

func TestAServerThatAlwaysRefusesIsGivenUp(t *testing.T) {
	m, s := serve(t, nil, refusal(400, "invalid_request_error", "no thinking"))
	if g := ask(t.Context(), m, llmtest.Request()); g.err == nil || len(s.Asked()) > 4 {
		t.Errorf("reply = %+v after %d requests", g, len(s.Asked()))
	}
}

func TestPricesAreOfModelsThatAreListed(t *testing.T) {
	for name, p := range anthropic.Prices {
		if !slices.Contains(anthropic.Models, name) || len(p) != 3 || p["cached_tokens"] >= p["input_tokens"] || p["output_tokens"] <= p["input_tokens"] {
			t.Errorf("%s costs %v", name, p)
		}
	}
}
