package anthropic_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/llm/llmtest"
)

var (
	fields = []string{"model", "max_tokens", "messages", "system", "stream", "temperature", "thinking", "output_config", "tools"}
	idRule = regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)
)

// refuseWhatAnthropicWould fails the test on a request that the real server would
// answer with 400, as platform.claude.com/docs/en/api/messages and .../agents-and-tools/tool-use
// have it.
func refuseWhatAnthropicWould(t testing.TB, r request) {
	if !strings.HasSuffix(r.Path, "/v1/messages") {
		t.Errorf("path %s", r.Path)
	}
	if r.Header.Get("X-Api-Key") != llmtest.Key || r.Header.Get("Authorization") != "" {
		t.Error("the key is not where it belongs")
	}
	if r.Header.Get("Anthropic-Version") != "2023-06-01" || r.Header.Get("Content-Type") != "application/json" {
		t.Errorf("headers %v", r.Header)
	}
	for f := range r.Body {
		if !slices.Contains(fields, f) {
			t.Errorf("unknown field %s", f)
		}
	}
	tokens, _ := r.Body["max_tokens"].(float64)
	if r.Body["model"] == "" || r.Body["stream"] != true || tokens < 1 {
		t.Errorf("model %v, stream %v, max_tokens %v", r.Body["model"], r.Body["stream"], tokens)
	}
	if v, there := r.Body["temperature"]; there {
		if temperature, ok := v.(float64); !ok || temperature < 0 || temperature > 1 {
			t.Errorf("temperature %v", v)
		}
	}
	if thinking, ok := r.Body["thinking"].(map[string]any); ok {
		budget, _ := thinking["budget_tokens"].(float64)
		if thinking["type"] == "enabled" && (budget < 1024 || budget >= tokens || r.Body["temperature"] != nil) {
			t.Errorf("thinking %v with max_tokens %v, temperature %v", thinking, tokens, r.Body["temperature"])
		}
	}
	for _, tool := range list(r.Body["tools"]) {
		if s, ok := tool["input_schema"].(map[string]any); !ok || s["type"] != "object" {
			t.Errorf("tool %v has no schema of an object", tool["name"])
		}
	}
	for _, s := range list(r.Body["system"]) {
		if text, _ := s["text"].(string); s["type"] != "text" || strings.TrimSpace(text) == "" {
			t.Errorf("system block %v", s)
		}
	}
	refuseMessages(t, list(r.Body["messages"]))
}

// refuseMessages checks turns, calls and their results.
func refuseMessages(t testing.TB, all []map[string]any) {
	want, seen := "user", map[string]bool{}
	var open []string // calls whose results the next message must begin with
	for i, m := range all {
		if m["role"] != want {
			t.Errorf("message %d is %v's, want %s's", i, m["role"], want)
		}
		want = map[string]string{"user": "assistant", "assistant": "user"}[want]
		blocks := list(m["content"])
		if len(blocks) == 0 {
			t.Errorf("message %d is empty", i)
		}
		expected := open
		open = nil
		for n, b := range blocks {
			switch b["type"] {
			case "text":
				if text, _ := b["text"].(string); strings.TrimSpace(text) == "" {
					t.Errorf("message %d: an empty text", i)
				}
			case "tool_use":
				id, _ := b["id"].(string)
				if _, ok := b["input"].(map[string]any); !ok || !idRule.MatchString(id) || seen[id] || m["role"] != "assistant" {
					t.Errorf("message %d: call %v", i, b)
				}
				seen[id] = true
				open = append(open, id)
			case "tool_result":
				id, _ := b["tool_use_id"].(string)
				if m["role"] != "user" || n >= len(expected) || !slices.Contains(expected, id) {
					t.Errorf("message %d: result %v, want results of %v first", i, b, expected)
				}
			default:
				t.Errorf("message %d: block %v", i, b["type"])
			}
		}
		if m["role"] == "user" {
			results := 0
			for _, b := range blocks {
				if b["type"] == "tool_result" {
					results++
				}
			}
			if results != len(expected) {
				t.Errorf("message %d: %d results for %v", i, results, expected)
			}
		}
	}
	if want != "assistant" {
		t.Error("the last word is not the user's")
	}
}

// list is v as objects, none when it isn't a list.
func list(v any) (out []map[string]any) {
	all, _ := v.([]any)
	for _, one := range all {
		m, _ := one.(map[string]any)
		out = append(out, m)
	}
	return out
}
