package gemini_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/llm/gemini"
	"github.com/hookswitch/hookswitch/agentcore/llm/llmtest"
)

func TestTheRequestIsWhatTheAPIAccepts(t *testing.T) {
	for _, v := range []string{"GOOGLE_API_KEY", "GEMINI_API_KEY", "GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_LOCATION"} {
		t.Setenv(v, "from-the-environment")
	}
	t.Setenv("GOOGLE_GENAI_USE_VERTEXAI", "true")
	t.Setenv("GOOGLE_GEMINI_BASE_URL", "http://127.0.0.1:1/")
	cool := 0.5
	m, s := serve(t, func(c *gemini.Config) { c.Temperature, c.MaxTokens, c.ReasoningEffort = &cool, 80, "low" }, words("Hi."))
	g := ask(t.Context(), m, llm.Request{
		Messages: []llm.Message{
			{Role: llm.System, Text: "Be brief."},
			{Role: llm.System, Text: "(The first 4 messages of this call were left out to save room.)"},
			{Role: llm.Assistant, Text: "Hello."},
			{Role: llm.User, Text: "Tuesday <b>"},
			{Role: llm.User, Text: "please"},
			{Role: llm.Assistant}, // nothing of it was heard
			{Role: llm.Assistant, Text: "Let me see."},
			{Role: llm.Assistant, Calls: []llm.ToolCall{{ID: "a", Name: "book", Arguments: json.RawMessage(`{"day`)}, {ID: "b", Name: "look"}, {ID: "c", Name: "look", Arguments: json.RawMessage(`{"what":"sea"}`)}}},
			{Role: llm.ToolRole, Call: "a", Text: "ok"},
			{Role: llm.ToolRole, Call: "c", Text: `{"seen":true}`},
			{Role: llm.ToolRole, Call: "stray", Text: "dropped"},
			{Role: llm.System, Text: "Hurry."},
			{Role: llm.User, Text: "[1]"},
			{Role: llm.Assistant, Text: "Well,"},
		},
		Tools: []llm.Tool{llmtest.Tool, {Name: "end_call"}},
	})
	if g.err != nil || g.text != "Hi." {
		t.Fatalf("reply = %+v", g)
	}
	r := s.Asked()[0]
	if r.Header.Get("X-Goog-Api-Key") != llmtest.Key || r.Model != testModel {
		t.Errorf("model %s, headers %v", r.Model, r.Header)
	}
	want := `{"contents":[{"parts":[{"text":"(the call was answered)"}],"role":"user"},` +
		`{"parts":[{"text":"Hello."}],"role":"model"},` +
		`{"parts":[{"text":"Tuesday \u003cb\u003e"},{"text":"please"}],"role":"user"},` +
		`{"parts":[{"text":"Let me see."},` +
		`{"functionCall":{"args":{"arguments":"{\"day"},"id":"a","name":"book"},"thoughtSignature":"` + unsigned + `"},` +
		`{"functionCall":{"id":"b","name":"look"}},` +
		`{"functionCall":{"args":{"what":"sea"},"id":"c","name":"look"}}],"role":"model"},` +
		`{"parts":[{"functionResponse":{"id":"a","name":"book","response":{"output":"ok"}}},` +
		`{"functionResponse":{"id":"b","name":"look","response":{"error":"interrupted: the caller spoke first; the result is not known"}}},` +
		`{"functionResponse":{"id":"c","name":"look","response":{"seen":true}}}],"role":"user"},` +
		`{"parts":[{"text":"Hurry."},{"text":"[1]"}],"role":"user"},` +
		`{"parts":[{"text":"Well,"}],"role":"model"},` +
		`{"parts":[{"text":"(the caller says nothing)"}],"role":"user"}],` +
		`"generationConfig":{"maxOutputTokens":80,"temperature":0.5,"thinkingConfig":{"thinkingLevel":"LOW"}},` +
		`"systemInstruction":{"parts":[{"text":"Be brief.\n\n(The first 4 messages of this call were left out to save room.)"}],"role":"user"},` +
		`"tools":[{"functionDeclarations":[{"description":"Look at something.","name":"look","parametersJsonSchema":{"properties":{"what":{"type":"string"}},"required":["what"],"type":"object"}},{"name":"end_call"}]}]}`
	if strings.TrimSpace(r.Raw) != want {
		t.Errorf("body:\n%s\nwant:\n%s", r.Raw, want)
	}
}

func TestASchemaThatIsNotJSONFailsBeforeAnythingIsSent(t *testing.T) {
	m, s := serve(t, nil, words("Hi."))
	g := ask(t.Context(), m, llm.Request{Tools: []llm.Tool{{Name: "t", Parameters: json.RawMessage("{")}}})
	if g.err == nil || len(s.Asked()) != 0 {
		t.Errorf("err = %v after %d requests", g.err, len(s.Asked()))
	}
}

func TestNothingSaidYetIsARequestAllTheSame(t *testing.T) {
	m, s := serve(t, nil, words("Hello."))
	if g := ask(t.Context(), m, llm.Request{Messages: []llm.Message{{Role: llm.System, Text: "Greet."}}}); g.err != nil {
		t.Fatal(g.err)
	}
	if c := s.Asked()[0].Body.Contents; len(c) != 1 || c[0].Parts[0].Text != "(the call was answered)" {
		t.Errorf("contents = %+v", c)
	}
}

func TestEachModelIsToldHowMuchToThinkInItsOwnWay(t *testing.T) {
	for _, tt := range []struct{ model, effort, want string }{
		{"gemini-3.8-flash", "", ""},
		{"gemini-3.8-flash", "none", "LOW"},
		{"gemini-3.8-flash", "minimal", "LOW"},
		{"gemini-3.8-flash", "medium", "MEDIUM"},
		{"gemini-4-argon", "max", "HIGH"},
		{"gemini-3.5-flash-lite", "none", "MINIMAL"},
		{"gemini-3.1-flash-lite", "minimal", "MINIMAL"},
		{"gemini-3.1-pro-preview", "minimal", "LOW"},
		{"gemini-3-flash-preview", "xhigh", "HIGH"},
		{"gemini-flash-latest", "low", "LOW"},
		{"gemini-2.5-flash-lite", "none", "0"},
		{"gemini-2.5-flash", "low", "1024"},
		{"gemini-2.5-flash", "medium", "8192"},
		{"gemini-2.5-pro", "none", "128"},
		{"gemini-2.5-pro", "max", "24576"},
		{"gemini-2.0-flash", "high", ""},
		{"gemma-3-27b-it", "high", ""},
	} {
		m, s := serve(t, func(c *gemini.Config) { c.Model, c.ReasoningEffort = tt.model, tt.effort }, words("Hi."))
		if g := ask(t.Context(), m, llmtest.Request()); g.err != nil {
			t.Fatal(g.err)
		}
		got := ""
		if c := s.Asked()[0].Body.GenerationConfig.ThinkingConfig; c != nil {
			if got = c.ThinkingLevel; c.ThinkingBudget != nil {
				b, err := json.Marshal(c.ThinkingBudget)
				if err != nil {
					t.Fatal(err)
				}
				got += string(b)
			}
		}
		if got != tt.want {
			t.Errorf("%s, effort %q: thinks %q, want %q", tt.model, tt.effort, got, tt.want)
		}
	}
}

// The signature of the thoughts that led to a call comes back with it: the
// model refuses the call otherwise. One that nobody has is replaced.
func TestACallComesBackWithItsSignature(t *testing.T) {
	for _, tt := range []struct {
		name, model string
		signature   string // as the server gives it with the first call
		want        []string
	}{
		{"the first of two has one", "gemini-3.8-flash", "c2lnbmVk", []string{"c2lnbmVk", ""}},
		{"none was given", "gemini-3.8-flash", "", []string{unsigned, ""}},
		{"too large to be kept", "gemini-3.8-flash", strings.Repeat("eHh4", 30_000), []string{unsigned, ""}},
		{"an older model wants none", "gemini-2.5-flash", "", []string{"", ""}},
		{"an older model gets what it gave", "gemini-2.5-flash", "c2lnbmVk", []string{"c2lnbmVk", ""}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			signature := ""
			if tt.signature != "" {
				signature = `,"thoughtSignature":"` + tt.signature + `"`
			}
			m, s := serve(t, func(c *gemini.Config) { c.Model = tt.model }, func(c *conn) {
				c.Stream()
				c.parts(`{"functionCall":{"name":"look","args":{"what":"sky"},"id":"x1"}` + signature + `},{"functionCall":{"name":"look","args":{"what":"sea"},"id":"x2"}}`)
				c.finish("STOP")
			}, words("Blue."))
			r := llmtest.Request()
			g := ask(t.Context(), m, r)
			r.Messages = append(r.Messages, llm.Message{Role: llm.Assistant, Calls: g.calls},
				llm.Message{Role: llm.ToolRole, Call: "x1", Text: "blue"}, llm.Message{Role: llm.ToolRole, Call: "x2", Text: "blue"})
			if g := ask(t.Context(), m, r); g.err != nil || g.text != "Blue." {
				t.Fatalf("reply = %+v", g)
			}
			var got []string
			for _, c := range s.Asked()[1].Body.Contents {
				for _, p := range c.Parts {
					if p.FunctionCall != nil {
						got = append(got, p.ThoughtSignature)
					}
				}
			}
			if strings.Join(got, ",") != strings.Join(tt.want, ",") {
				t.Errorf("signatures %.80q, want %.80q", got, tt.want)
			}
		})
	}
}
