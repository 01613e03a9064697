package anthropic

import (
	"encoding/json"
	"fmt"
	"strings"

	sdk "github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/packages/param"

	"github.com/hookswitch/hookswitch/agentcore/llm"
)

// What stands for words that were not said: the API wants the user to begin and
// to have the last word, and no text to be empty
// (platform.claude.com/docs/en/build-with-claude/working-with-messages, and
// .../api/errors of prefilling).
const (
	answered    = "(the call was answered)"
	silence     = "(the caller says nothing)"
	nothing     = "(nothing)"
	interrupted = "interrupted: the caller spoke first; the result is not known"
)

// params writes a request down in the provider's terms, without what the model
// was seen to refuse.
func (m *Model) params(r llm.Request) (p sdk.MessageNewParams, err error) {
	p = sdk.MessageNewParams{Model: m.client.Model, System: system(r.Messages), Messages: messages(r.Messages)}
	if p.Tools, err = tools(r.Tools); err != nil {
		return p, err
	}
	// The tools and the prompt are the same in every turn of every call: read from
	// the cache they are answered sooner, and cost a tenth or less. The order is
	// tools, system, messages, so that one mark behind the prompt is enough
	// (platform.claude.com/docs/en/build-with-claude/prompt-caching).
	switch mark := sdk.NewCacheControlEphemeralParam(); {
	case len(p.System) > 0:
		p.System[0].CacheControl = mark
	case len(p.Tools) > 0:
		p.Tools[len(p.Tools)-1].OfTool.CacheControl = mark
	}
	last := len(r.Messages) - 1
	m.tune(&p, last >= 0 && r.Messages[last].Role == llm.ToolRole)
	return p, nil
}

// system is the prompt, and whatever else the history says in its voice.
func system(history []llm.Message) (all []sdk.TextBlockParam) {
	for _, m := range history {
		if m.Role == llm.System && !blank(m.Text) {
			all = append(all, sdk.TextBlockParam{Text: m.Text})
		}
	}
	return all
}

func tools(all []llm.Tool) (out []sdk.ToolUnionParam, err error) {
	for _, t := range all {
		schema, err := schema(t.Parameters)
		if err != nil {
			return nil, fmt.Errorf("tool %s: parameters: %w", t.Name, err)
		}
		tool := &sdk.ToolParam{Name: t.Name, InputSchema: schema}
		if t.Description != "" {
			tool.Description = param.NewOpt(t.Description)
		}
		out = append(out, sdk.ToolUnionParam{OfTool: tool})
	}
	return out, nil
}

// schema is a tool's parameters, which must be those of an object. Its bytes are
// the same each time: else nothing would be found in the cache.
func schema(parameters json.RawMessage) (sdk.ToolInputSchemaParam, error) {
	fields := map[string]json.RawMessage{}
	if len(parameters) > 0 {
		if err := json.Unmarshal(parameters, &fields); err != nil {
			return sdk.ToolInputSchemaParam{}, err
		}
	}
	if fields == nil { // it was null
		fields = map[string]json.RawMessage{}
	}
	if fields["type"] == nil {
		fields["type"] = json.RawMessage(`"object"`)
	}
	b, err := json.Marshal(fields)
	if err != nil {
		return sdk.ToolInputSchemaParam{}, err
	}
	return param.Override[sdk.ToolInputSchemaParam](json.RawMessage(b)), nil
}

// dialogue is a conversation being written down as the API accepts it: user and
// assistant take turns, the user first and last, and every tool call is followed
// by its result at once.
type dialogue []sdk.MessageParam

func messages(history []llm.Message) []sdk.MessageParam {
	var d dialogue
	for i, m := range history {
		switch m.Role {
		case llm.User:
			d.text(sdk.MessageParamRoleUser, m.Text)
		case llm.Assistant:
			d.text(sdk.MessageParamRoleAssistant, m.Text)
			for _, c := range m.Calls {
				d.add(sdk.MessageParamRoleAssistant, sdk.NewToolUseBlock(identity(c.ID), input(c.Arguments), c.Name))
			}
			for _, c := range m.Calls {
				d.add(sdk.MessageParamRoleUser, sdk.NewToolResultBlock(identity(c.ID), result(c, history[i+1:]), false))
			}
		}
	}
	if len(d) == 0 {
		d.text(sdk.MessageParamRoleUser, answered)
	}
	if d[len(d)-1].Role == sdk.MessageParamRoleAssistant {
		d.text(sdk.MessageParamRoleUser, silence)
	}
	return d
}

func (d *dialogue) text(role sdk.MessageParamRole, text string) {
	if !blank(text) {
		d.add(role, sdk.NewTextBlock(text))
	}
}

func (d *dialogue) add(role sdk.MessageParamRole, block sdk.ContentBlockParamUnion) {
	if len(*d) == 0 && role == sdk.MessageParamRoleAssistant { // the agent greeted
		d.text(sdk.MessageParamRoleUser, answered)
	}
	if n := len(*d); n > 0 && (*d)[n-1].Role == role {
		(*d)[n-1].Content = append((*d)[n-1].Content, block)
		return
	}
	*d = append(*d, sdk.MessageParam{Role: role, Content: []sdk.ContentBlockParamUnion{block}})
}

func blank(text string) bool { return strings.TrimSpace(text) == "" }

// result is what c's tool returned, wherever in what follows it is.
func result(c llm.ToolCall, after []llm.Message) string {
	for _, m := range after {
		if m.Role == llm.ToolRole && m.Call == c.ID {
			if blank(m.Text) {
				return nothing
			}
			return m.Text
		}
	}
	return interrupted
}

// input is a call's arguments, which must be an object here.
func input(arguments json.RawMessage) any {
	var fields map[string]json.RawMessage
	if json.Unmarshal(arguments, &fields) == nil && fields != nil {
		return arguments
	}
	if blank(string(arguments)) {
		return struct{}{}
	}
	return map[string]string{"malformed": string(arguments)}
}

// identity is a call's id in the letters that the API allows; it may have been
// given by another provider.
func identity(id string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', r == '-':
			return r
		}
		return '_'
	}, id)
}
