package gemini

import (
	"encoding/json"
	"fmt"
	"strings"

	"google.golang.org/genai"

	"github.com/hookswitch/hookswitch/agentcore/llm"
)

// checkTools finds a schema that is no JSON before anything is sent.
func checkTools(tools []llm.Tool) error {
	for _, t := range tools {
		if len(t.Parameters) > 0 && !json.Valid(t.Parameters) {
			return fmt.Errorf("tool %s: parameters are not JSON", t.Name)
		}
	}
	return nil
}

// config writes down everything but the conversation.
func (m *Model) config(r llm.Request) *genai.GenerateContentConfig {
	again := false
	c := &genai.GenerateContentConfig{
		MaxOutputTokens: int32(m.client.MaxTokens), ThinkingConfig: m.thinking,
		AutomaticContinuation: &again, // the SDK would ask again by itself
	}
	if m.client.Temperature != nil {
		t := float32(*m.client.Temperature)
		c.Temperature = &t
	}
	if prompt, _ := split(r.Messages); prompt != "" {
		c.SystemInstruction = &genai.Content{Parts: []*genai.Part{{Text: prompt}}}
	}
	var functions []*genai.FunctionDeclaration
	for _, t := range r.Tools {
		f := &genai.FunctionDeclaration{Name: t.Name, Description: t.Description}
		if len(t.Parameters) > 0 {
			f.ParametersJsonSchema = t.Parameters
		}
		functions = append(functions, f)
	}
	if functions != nil {
		c.Tools = []*genai.Tool{{FunctionDeclarations: functions}}
	}
	return c
}

// split parts the system messages at the beginning, joined, from the rest.
func split(messages []llm.Message) (prompt string, rest []llm.Message) {
	var texts []string
	for len(messages) > 0 && messages[0].Role == llm.System {
		if messages[0].Text != "" {
			texts = append(texts, messages[0].Text)
		}
		messages = messages[1:]
	}
	return strings.Join(texts, "\n\n"), messages
}

// What stands where the API wants words of the user's and there are none: a
// conversation must not begin with the model's, and since 3.5 Flash-Lite it must
// not end with them (docs.cloud.google.com/gemini-enterprise-agent-platform/
// models/gemini/3-5-flash-lite).
const (
	answered = "(the call was answered)"
	silent   = "(the caller says nothing)"
)

// interrupted stands for the result of a tool call that has none, because the
// caller spoke before it was there. The API wants as many results as calls.
const interrupted = `{"error":"interrupted: the caller spoke first; the result is not known"}`

// conversation writes messages down so that the API accepts them: the roles
// alternate, every tool call is followed by its result, no result stands alone,
// no text is empty.
func (m *Model) conversation(messages []llm.Message) []*genai.Content {
	_, messages = split(messages)
	var out []*genai.Content
	closed := false // nothing may be added to the last one
	say := func(role string, parts ...*genai.Part) {
		if n := len(out); n > 0 && out[n-1].Role == role && !closed {
			out[n-1].Parts = append(out[n-1].Parts, parts...)
			return
		}
		out, closed = append(out, &genai.Content{Role: role, Parts: parts}), false
	}
	for i, msg := range messages {
		switch {
		case msg.Role == llm.Assistant:
			if len(out) == 0 && (msg.Text != "" || len(msg.Calls) > 0) {
				say(genai.RoleUser, &genai.Part{Text: answered})
			}
			if msg.Text != "" {
				say(genai.RoleModel, &genai.Part{Text: msg.Text})
			}
			if len(msg.Calls) > 0 {
				say(genai.RoleModel, m.calls(msg.Calls)...)
				say(genai.RoleUser, results(msg.Calls, messages[i+1:])...)
				closed = true
			}
		case msg.Role != llm.ToolRole && msg.Text != "": // a system message keeps its place
			say(genai.RoleUser, &genai.Part{Text: msg.Text})
		}
	}
	switch n := len(out); {
	case n == 0:
		say(genai.RoleUser, &genai.Part{Text: answered})
	case out[n-1].Role == genai.RoleModel:
		say(genai.RoleUser, &genai.Part{Text: silent})
	}
	return out
}

// calls are tool calls of one step, with the signatures that they came with. Of
// calls that were made at once only the first has one.
func (m *Model) calls(calls []llm.ToolCall) []*genai.Part {
	var parts []*genai.Part
	for i, c := range calls {
		p := &genai.Part{
			FunctionCall:     &genai.FunctionCall{ID: c.ID, Name: c.Name, Args: object(string(c.Arguments), "arguments")},
			ThoughtSignature: m.signatures.find(c.ID),
		}
		if m.strict && i == 0 && p.ThoughtSignature == nil {
			p.ThoughtSignature = unsigned
		}
		parts = append(parts, p)
	}
	return parts
}

// results returns one result for each call, wherever in what follows it is.
func results(calls []llm.ToolCall, after []llm.Message) []*genai.Part {
	var parts []*genai.Part
	for _, c := range calls {
		text := interrupted
		for _, m := range after {
			if m.Role == llm.ToolRole && m.Call == c.ID {
				text = m.Text
				break
			}
		}
		parts = append(parts, &genai.Part{FunctionResponse: &genai.FunctionResponse{ID: c.ID, Name: c.Name, Response: object(text, "output")}})
	}
	return parts
}

// object is text as the JSON object that it is; if it is none, one that has it
// under name. "output" is the API's own name for a result.
func object(text, name string) map[string]any {
	var o map[string]any
	switch err := json.Unmarshal([]byte(text), &o); {
	case err == nil && o != nil:
		return o
	case strings.TrimSpace(text) == "":
		return map[string]any{}
	}
	return map[string]any{name: text}
}
