package openai_test

import (
	"slices"
	"testing"
)

// refuseWhatOpenAIWould fails the test on a request that the real server would
// answer with 400: the documentation's required fields, and the order of tool
// calls and their results.
func refuseWhatOpenAIWould(t testing.TB, r request) {
	if r.Path != "/v1/chat/completions" {
		t.Errorf("path %s", r.Path)
	}
	if got := r.Header.Get("Authorization"); got != "" && got != "Bearer sk-very-secret" {
		t.Error("a key that is not ours")
	}
	if r.Header.Get("Content-Type") != "application/json" {
		t.Errorf("content type %q", r.Header.Get("Content-Type"))
	}
	known := []string{"model", "messages", "stream", "stream_options", "temperature", "reasoning_effort", "max_tokens", "max_completion_tokens", "tools"}
	for field := range r.Body {
		if !slices.Contains(known, field) {
			t.Errorf("unknown field %s", field)
		}
	}
	if r.Body["model"] == "" || r.Body["stream"] != true {
		t.Errorf("model %v, stream %v", r.Body["model"], r.Body["stream"])
	}
	all, _ := r.Body["messages"].([]any)
	open := map[string]bool{} // calls that wait for their result
	for i, one := range all {
		m, _ := one.(map[string]any)
		calls, _ := m["tool_calls"].([]any)
		switch m["role"] {
		case "system", "user":
			if len(open) > 0 {
				t.Errorf("message %d: calls without a result", i)
			}
			if _, ok := m["content"].(string); !ok {
				t.Errorf("message %d has no content", i)
			}
		case "assistant":
			if m["content"] == nil && len(calls) == 0 {
				t.Errorf("message %d is empty", i)
			}
			for _, c := range calls {
				open[c.(map[string]any)["id"].(string)] = true
			}
		case "tool":
			id, _ := m["tool_call_id"].(string)
			if !open[id] {
				t.Errorf("message %d answers no call", i)
			}
			delete(open, id)
		default:
			t.Errorf("message %d has role %v", i, m["role"])
		}
	}
	if len(open) > 0 {
		t.Error("calls without a result at the end")
	}
}
