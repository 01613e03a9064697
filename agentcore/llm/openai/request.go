package openai

import (
	"encoding/json"
	"fmt"

	sdk "github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/packages/param"
	"github.com/openai/openai-go/v3/shared"

	"github.com/hookswitch/hookswitch/agentcore/llm"
)

// params writes a request down in the provider's terms.
func (m *Model) params(r llm.Request) (sdk.ChatCompletionNewParams, error) {
	p := sdk.ChatCompletionNewParams{Model: m.cfg.Model, Messages: messages(r.Messages)}
	if m.cfg.Temperature != nil {
		p.Temperature = param.NewOpt(*m.cfg.Temperature)
	}
	if n := int64(m.cfg.MaxTokens); n > 0 {
		if m.cfg.BaseURL == "" { // OpenAI's newer models refuse the old name, most other servers know no other
			p.MaxCompletionTokens = param.NewOpt(n)
		} else {
			p.MaxTokens = param.NewOpt(n)
		}
	}
	for _, t := range r.Tools {
		f := shared.FunctionDefinitionParam{Name: t.Name}
		if t.Description != "" {
			f.Description = param.NewOpt(t.Description)
		}
		if len(t.Parameters) > 0 {
			if err := json.Unmarshal(t.Parameters, &f.Parameters); err != nil {
				return p, fmt.Errorf("tool %s: parameters: %w", t.Name, err)
			}
		}
		p.Tools = append(p.Tools, sdk.ChatCompletionFunctionTool(f))
	}
	return p, nil
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
