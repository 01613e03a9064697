package anthropic_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/llm/anthropic"
	"github.com/hookswitch/hookswitch/agentcore/llm/llmtest"
)

func TestTheRequestIsWhatAnthropicAccepts(t *testing.T) {
	for name, value := range map[string]string{
		"ANTHROPIC_API_KEY": "sk-env", "ANTHROPIC_AUTH_TOKEN": "sk-env", "ANTHROPIC_BASE_URL": "http://127.0.0.1:1/",
		"ANTHROPIC_CUSTOM_HEADERS": "X-Bad: 1", "ANTHROPIC_PROFILE": "nobody", "ANTHROPIC_OPEN_TELEMETRY_TRACES_CONTENT_MODE": "content",
	} {
		t.Setenv(name, value)
	}
	hot := 1.7
	m, s := serve(t, func(c *anthropic.Config) {
		c.Temperature, c.MaxTokens, c.Headers = &hot, 80, map[string]string{"X-Team": "front desk"}
	}, words("Hi."))
	g := ask(t.Context(), m, llm.Request{
		Messages: []llm.Message{
			{Role: llm.System, Text: "Be brief."},
			{Role: llm.Assistant, Text: "Hello."},
			{Role: llm.Assistant, Text: "Are you there?"},
			{Role: llm.User, Text: "Tuesday <b>"},
			{Role: llm.User, Text: " "},
			{Role: llm.Assistant}, // nothing of it was heard
			{Role: llm.Assistant, Text: "One moment.", Calls: []llm.ToolCall{
				{ID: "call.a", Name: "book", Arguments: json.RawMessage(`{"day`)}, {ID: "b", Name: "look", Arguments: json.RawMessage(`{"what":"sky"}`)}, {ID: "c", Name: "end_call"},
			}},
			{Role: llm.User, Text: "Wait!"},
			{Role: llm.ToolRole, Call: "call.a", Text: "ok"},
			{Role: llm.ToolRole, Call: "b", Text: ""},
			{Role: llm.ToolRole, Call: "stray", Text: "dropped"},
			{Role: llm.System, Text: "Earlier turns were left out."},
			{Role: llm.Assistant, Text: "Booked."},
		},
		Tools: []llm.Tool{llmtest.Tool, {Name: "end_call"}, {Name: "wait", Parameters: json.RawMessage("null")}},
	})
	if g.err != nil || g.text != "Hi." {
		t.Fatalf("reply = %+v", g)
	}
	if h := s.Asked()[0].Header; h.Get("X-Team") != "front desk" || h.Get("X-Bad") != "" || h.Get("Traceparent") != "" {
		t.Errorf("headers %v", h)
	}
	const want = `{"max_tokens":80,"messages":[` +
		`{"content":[{"text":"(the call was answered)","type":"text"}],"role":"user"},` +
		`{"content":[{"text":"Hello.","type":"text"},{"text":"Are you there?","type":"text"}],"role":"assistant"},` +
		`{"content":[{"text":"Tuesday \u003cb\u003e","type":"text"}],"role":"user"},` +
		`{"content":[{"text":"One moment.","type":"text"},{"id":"call_a","input":{"malformed":"{\"day"},"name":"book","type":"tool_use"},{"id":"b","input":{"what":"sky"},"name":"look","type":"tool_use"},{"id":"c","input":{},"name":"end_call","type":"tool_use"}],"role":"assistant"},` +
		`{"content":[{"content":[{"text":"ok","type":"text"}],"is_error":false,"tool_use_id":"call_a","type":"tool_result"},{"content":[{"text":"(nothing)","type":"text"}],"is_error":false,"tool_use_id":"b","type":"tool_result"},` +
		`{"content":[{"text":"interrupted: the caller spoke first; the result is not known","type":"text"}],"is_error":false,"tool_use_id":"c","type":"tool_result"},{"text":"Wait!","type":"text"}],"role":"user"},` +
		`{"content":[{"text":"Booked.","type":"text"}],"role":"assistant"},` +
		`{"content":[{"text":"(the caller says nothing)","type":"text"}],"role":"user"}],` +
		`"model":"claude-haiku-4-5","stream":true,"system":[{"cache_control":{"type":"ephemeral"},"text":"Be brief.","type":"text"},{"text":"Earlier turns were left out.","type":"text"}],"temperature":1,` +
		`"tools":[{"description":"Look at something.","input_schema":{"properties":{"what":{"type":"string"}},"required":["what"],"type":"object"},"name":"look"},` +
		`{"input_schema":{"type":"object"},"name":"end_call"},{"input_schema":{"type":"object"},"name":"wait"}]}`
	if got := body(t, s); got != want {
		t.Errorf("body:\n%s\nwant:\n%s", got, want)
	}
}

func TestWithoutAPromptTheToolsAreCached(t *testing.T) {
	m, s := serve(t, nil, words("Hi."))
	if g := ask(t.Context(), m, llm.Request{Tools: []llm.Tool{llmtest.Tool}}); g.err != nil {
		t.Fatal(g.err)
	}
	if got := body(t, s); !strings.Contains(got, `"tools":[{"cache_control":{"type":"ephemeral"}`) || strings.Contains(got, "system") || !strings.Contains(got, "(the call was answered)") {
		t.Errorf("body: %s", got)
	}
}

func TestASchemaThatIsNoObjectFailsBeforeAnythingIsSent(t *testing.T) {
	for _, schema := range []string{"{", "[]", "7"} {
		m, s := serve(t, nil, words("Hi."))
		g := ask(t.Context(), m, llm.Request{Tools: []llm.Tool{{Name: "t", Parameters: json.RawMessage(schema)}}})
		var e *llm.Error
		if !errors.As(g.err, &e) || e.Retry || e.Class != "refused" || len(s.Asked()) != 0 {
			t.Errorf("%s: err = %v after %d requests", schema, g.err, len(s.Asked()))
		}
	}
}
