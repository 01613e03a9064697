package openai

import (
	"encoding/json"
	"fmt"

	sdk "github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/packages/param"
	"github.com/openai/openai-go/v3/shared"

	"github.com/hookswitch/hookswitch/agentcore/llm"
)

// params writes a request down in the provider's terms, without what the server
// was seen to refuse, and says how much of the effort that is.
func (m *Model) params(r llm.Request) (p sdk.ChatCompletionNewParams, sent int32, err error) {
	p = sdk.ChatCompletionNewParams{Model: m.client.Model, Messages: messages(r.Messages)}
	effort, sent := m.reasoning(len(r.Tools) > 0)
	p.ReasoningEffort = shared.ReasoningEffort(effort)
	if t := m.client.Temperature; t != nil && m.family.takesTemperature(effort) && !m.client.Optional.Refused(fieldTemperature) {
		p.Temperature = param.NewOpt(*t)
	}
	if !m.client.Optional.Refused(fieldUsage) { // what it cost comes in a last chunk
		p.StreamOptions.IncludeUsage = param.NewOpt(true)
	}
	m.limit(&p)
	p.Tools, err = functions(r.Tools)
	return p, sent, err
}

// limit bounds the reply. OpenAI's newer models refuse the old name, most other
// servers know no other; one that refuses both is not told.
func (m *Model) limit(p *sdk.ChatCompletionNewParams) {
	n := int64(m.client.MaxTokens)
	if n == 0 {
		return
	}
	old, later := !m.client.Optional.Refused(fieldMaxTokens), !m.client.Optional.Refused(fieldMaxNew)
	switch {
	case later && (m.client.BaseURL == "" || !old):
		p.MaxCompletionTokens = param.NewOpt(n)
	case old:
		p.MaxTokens = param.NewOpt(n)
	}
}

func functions(tools []llm.Tool) (all []sdk.ChatCompletionToolUnionParam, err error) {
	for _, t := range tools {
		f := shared.FunctionDefinitionParam{Name: t.Name}
		if t.Description != "" {
			f.Description = param.NewOpt(t.Description)
		}
		if len(t.Parameters) > 0 {
			if err := json.Unmarshal(t.Parameters, &f.Parameters); err != nil {
				return nil, fmt.Errorf("tool %s: parameters: %w", t.Name, err)
			}
		}
		all = append(all, sdk.ChatCompletionFunctionTool(f))
	}
	return all, nil
}

// interrupted stands for the result of a tool call that has none, because the
// caller spoke before it was there. Servers refuse a call without a result.
const interrupted = "interrupted: the caller spoke first; the result is not known"

// messages writes the conversation down so that servers accept it: every tool
// call is followed by its result, no result stands alone, no message is empty.
func messages(history []llm.Message) []sdk.ChatCompletionMessageParamUnion {
	var out []sdk.ChatCompletionMessageParamUnion
	for i, m := range history {
		switch m.Role {
		case llm.System:
			out = append(out, sdk.SystemMessage(m.Text))
		case llm.User:
			out = append(out, sdk.UserMessage(m.Text))
		case llm.Assistant:
			if m.Text == "" && len(m.Calls) == 0 {
				continue // the caller heard nothing of it
			}
			out = append(out, assistant(m))
			out = append(out, results(m.Calls, history[i+1:])...)
		}
	}
	return out
}

func assistant(m llm.Message) sdk.ChatCompletionMessageParamUnion {
	a := &sdk.ChatCompletionAssistantMessageParam{}
	if m.Text != "" {
		a.Content.OfString = param.NewOpt(m.Text)
	}
	for _, c := range m.Calls {
		a.ToolCalls = append(a.ToolCalls, sdk.ChatCompletionMessageToolCallUnionParam{
			OfFunction: &sdk.ChatCompletionMessageFunctionToolCallParam{
				ID:       c.ID,
				Function: sdk.ChatCompletionMessageFunctionToolCallFunctionParam{Name: c.Name, Arguments: string(c.Arguments)},
			},
		})
	}
	return sdk.ChatCompletionMessageParamUnion{OfAssistant: a}
}

// results returns one result for each call, wherever in what follows it is.
func results(calls []llm.ToolCall, after []llm.Message) []sdk.ChatCompletionMessageParamUnion {
	var out []sdk.ChatCompletionMessageParamUnion
	for _, c := range calls {
		text := interrupted
		for _, m := range after {
			if m.Role == llm.ToolRole && m.Call == c.ID {
				text = m.Text
				break
			}
		}
		out = append(out, sdk.ToolMessage(text, c.ID))
	}
	return out
}
