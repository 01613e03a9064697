package provider_test

import (
	"io"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/provider"
)

func TestAFieldThatIsRefusedIsLearned(t *testing.T) {
	for _, tt := range []struct {
		claim  string
		status int
		body   string
		want   string
	}{
		{"by its parameter", 400, `{"error":{"message":"Use 'max_tokens'.","param":"temperature"}}`, "temperature"},
		{"by its text", 400, "{\"error\":{\"message\":\"`temperature` is deprecated for this model.\"}}", "temperature"},
		{"the first that is named", 400, `{"error":{"message":"thinking.type: use reasoning_effort, not temperature","param":null}}`, "reasoning_effort"},
		{"as a validator says it", 422, `{"error":{"message":"extra field temperature"}}`, "temperature"},
		{"not a part of a word", 400, `{"error":{"message":"temperatures vary"}}`, ""},
		{"not another parameter", 400, `{"error":{"message":"bad","param":"messages"}}`, ""},
		{"not what a tool is called", 400, `{"error":{"message":"Invalid schema for function 'temperature'","param":"tools[0].function.parameters"}}`, ""},
		{"not what a tool has for a parameter", 400, `{"error":{"message":"tools.0.custom.input_schema: temperature: must be an object"}}`, ""},
		{"not what was said", 400, `{"error":{"message":"messages.3.content: 'temperature' is too long"}}`, ""},
		{"not another status", 429, `{"error":{"param":"temperature"}}`, ""},
		{"not what is no object", 400, `[1]`, ""},
		{"not garbage", 400, `<html>temperature`, ""},
	} {
		t.Run(tt.claim, func(t *testing.T) {
			o := provider.NewOptional("reasoning_effort", "temperature")
			res := answer(tt.status, "application/json", tt.body)
			if got := o.Learn(res); got != tt.want {
				t.Errorf("Learn() = %q, want %q", got, tt.want)
			}
			if o.Refused("temperature") != (tt.want == "temperature") || o.Refused("else") {
				t.Errorf("Refused() after %q", tt.want)
			}
			if body, err := io.ReadAll(res.Body); err != nil || string(body) != tt.body {
				t.Errorf("the body is %q, %v", body, err)
			}
		})
	}
}

// Whatever a server writes, nothing but a field that we know is learned of it.
func FuzzOptional(f *testing.F) {
	f.Add(`{"error":{"message":"temperature","param":7}}`)
	f.Add(`{"error":{"param":{}}}`)
	f.Add(`{"error":"temperature"}`)
	f.Add("\xff")
	f.Fuzz(func(t *testing.T, body string) {
		got := provider.NewOptional("temperature").Learn(answer(400, "", body))
		if got != "" && (got != "temperature" || !strings.Contains(body, "error")) {
			t.Errorf("learned %q", got)
		}
	})
}
