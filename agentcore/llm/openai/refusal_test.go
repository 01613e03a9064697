package openai_test

import (
	"fmt"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/llm/llmtest"
	"github.com/hookswitch/hookswitch/agentcore/llm/openai"
)

// picky refuses a request as long as it has one of these fields, as OpenAI does;
// of the effort everything but the value in only, none at all too if there is one.
func picky(only string, fields ...string) play {
	return func(c *conn) {
		for _, f := range fields {
			v, there := c.body[f]
			if !there && (f != "reasoning_effort" || only == "") || there && f == "reasoning_effort" && v == only {
				continue
			}
			refusal(400, fmt.Sprintf("Unsupported parameter: '%s' is not supported with this model.", f), "invalid_request_error", f)(c)
			return
		}
		words("Hi.")(c)
	}
}

func TestAFieldThatIsRefusedIsLeftOutFromThenOn(t *testing.T) {
	hot := 0.7
	for _, tt := range []struct {
		claim  string
		refuse play
		effort string
		model  string
		asked  int            // requests for the first reply
		want   map[string]any // of the last request; nil is left out
	}{
		{"nothing refused", picky("low"), "low", "", 1, map[string]any{"temperature": 0.7, "reasoning_effort": "low", "max_tokens": 50.0}},
		{"a temperature", picky("low", "temperature"), "low", "", 2, map[string]any{"temperature": nil, "reasoning_effort": "low"}},
		{"the cost", picky("", "stream_options"), "", "", 2, map[string]any{"stream_options": nil, "temperature": 0.7}},
		{"an effort, but none", picky("none", "reasoning_effort"), "low", "", 2, map[string]any{"reasoning_effort": "none"}},
		{"an effort that wasn't asked for", picky("none", "reasoning_effort"), "", "", 2, map[string]any{"reasoning_effort": "none"}},
		{"every effort", picky("", "reasoning_effort"), "high", "", 3, map[string]any{"reasoning_effort": nil}},
		{"the old name of the bound", picky("", "max_tokens"), "", "", 2, map[string]any{"max_tokens": nil, "max_completion_tokens": 50.0}},
		{"any bound", picky("", "max_tokens", "max_completion_tokens"), "", "", 3, map[string]any{"max_tokens": nil, "max_completion_tokens": nil}},
		{"everything", picky("", "stream_options", "temperature", "reasoning_effort", "max_tokens", "max_completion_tokens"), "low", "", 7, map[string]any{"temperature": nil, "reasoning_effort": nil}},
		{"a name in the text only", func(c *conn) {
			if _, ok := c.body["reasoning_effort"]; ok {
				refusal(400, "Unrecognized request argument supplied: reasoning_effort", "invalid_request_error", "")(c)
				return
			}
			words("Hi.")(c)
		}, "low", "", 3, map[string]any{"reasoning_effort": nil}},
		{"what is known of gpt-6 isn't tried", picky("none", "reasoning_effort"), "low", "gpt-6-luna", 1, map[string]any{"reasoning_effort": "none", "temperature": 0.7}},
		{"what is known of gpt-5 isn't tried", picky("low", "temperature"), "low", "gpt-5-mini", 1, map[string]any{"reasoning_effort": "low", "temperature": nil}},
		{"what is known of o4 isn't tried", picky("", "temperature"), "", "o4-mini", 1, map[string]any{"temperature": nil}},
	} {
		t.Run(tt.claim, func(t *testing.T) {
			m, s := serve(t, func(c *openai.Config) {
				c.Temperature, c.MaxTokens, c.ReasoningEffort, c.Retries = &hot, 50, tt.effort, -1
				if tt.model != "" {
					c.Model = tt.model
				}
			}, tt.refuse)
			for reply := range 2 {
				if g := ask(t.Context(), m, llmtest.Request()); g.err != nil || g.text != "Hi." {
					t.Fatalf("reply %d = %+v", reply, g)
				}
			}
			all := s.Asked()
			if len(all) != tt.asked+1 {
				t.Errorf("%d requests, want %d for the first reply and one for the second", len(all), tt.asked)
			}
			for field, want := range tt.want {
				if got := all[len(all)-1].Body[field]; got != want {
					t.Errorf("%s = %v, want %v", field, got, want)
				}
			}
		})
	}
}

// A server that refuses whatever it is asked is not asked for ever.
func TestAServerThatAlwaysRefusesIsGivenUp(t *testing.T) {
	m, s := serve(t, nil, refusal(400, "no temperature", "invalid_request_error", "temperature"))
	if g := ask(t.Context(), m, llmtest.Request()); g.err == nil {
		t.Errorf("reply = %+v", g)
	}
	if n := len(s.Asked()); n > 7 {
		t.Errorf("%d requests", n)
	}
}

func TestTheEffortIsFreeWithoutTools(t *testing.T) {
	m, s := serve(t, func(c *openai.Config) { c.Model, c.ReasoningEffort = "gpt-5.6-luna", "low" }, words("Hi."))
	r := llm.Request{Messages: []llm.Message{{Role: llm.User, Text: "Hi"}}}
	if g := ask(t.Context(), m, r); g.err != nil {
		t.Fatal(g.err)
	}
	if got := s.Asked()[0].Body["reasoning_effort"]; got != "low" {
		t.Errorf("reasoning_effort = %v, want low", got)
	}
}

func TestPricesAreOfModelsThatAreListed(t *testing.T) {
	listed := map[string]bool{}
	for _, m := range openai.Models {
		listed[m] = true
	}
	for name, p := range openai.Prices {
		if !listed[name] || len(p) != 3 || p["cached_tokens"] >= p["input_tokens"] || p["output_tokens"] <= p["input_tokens"] {
			t.Errorf("%s costs %v", name, p)
		}
	}
}
