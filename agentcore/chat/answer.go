package chat

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/tools"
	"github.com/hookswitch/hookswitch/agentcore/vars"
)

const (
	modelLimit = 30 * time.Second // of one request to a model
	mostTools  = 8                // uses in one turn
	mostName   = 128              // bytes of a tool's name, or a call's id
	mostText   = 16 << 10         // bytes that a model may write at once
	mostFilled = 1 << 20          // of a text with its variables in it
)

var errSlow = errors.New("it took too long")

// pastVariable is filled with what was said before, when the prompt names it.
const pastVariable = "conversation_history"

// answer asks the model until it has nothing more to do, and returns all that it
// wrote.
func (t *turn) answer(ctx context.Context) (string, error) {
	past, err := t.past(ctx)
	if err != nil {
		return "", err
	}
	set, err := t.tools()
	if err != nil {
		return "", err
	}
	if err := t.tryAgain(ctx, set); err != nil {
		return "", err
	}
	var said []string
	for {
		room := mostTools - t.h.uses
		if t.h.ended {
			room = 0 // only its last words are wanted
		}
		text, calls, err := t.ask(ctx, t.h.messages(t.prompt(past)), set, room)
		if err != nil {
			return "", err
		}
		if text != "" {
			said = append(said, text)
		}
		if len(calls) == 0 {
			break
		}
		if text != "" {
			t.h.items = append(t.h.items, item{agent: text})
		}
		for _, call := range calls {
			if err := t.use(ctx, set, call); err != nil {
				return "", err
			}
		}
		if t.h.ended && len(said) > 0 {
			break
		}
	}
	if t.h.ended {
		t.c.Status, t.c.Reason = Closed, "agent"
	}
	return tools.Cut(strings.Join(said, "\n"), mostText), nil
}

// ask is one request to the model.
func (t *turn) ask(ctx context.Context, messages []llm.Message, set tools.Set, room int) (string, []llm.ToolCall, error) {
	limited, stop := context.WithDeadlineCause(ctx, t.limit(modelLimit), errSlow)
	defer stop()
	request := llm.Request{Messages: messages, Tools: set.Specs()}
	if room <= 0 {
		request.Tools = nil // enough: it must say something now
	}
	var text strings.Builder
	var calls []llm.ToolCall
	for d, err := range t.who.Model.Chat(limited, request) {
		if err != nil {
			return "", nil, t.modelFailed(ctx, limited, err)
		}
		if d.Call != nil && len(calls) < room {
			calls = append(calls, bounded(*d.Call))
		}
		text.WriteString(d.Text)
		if text.Len() > mostText {
			break
		}
	}
	if limited.Err() != nil {
		return "", nil, t.modelFailed(ctx, limited, limited.Err())
	}
	return strings.TrimSpace(tools.Cut(text.String(), mostText)), calls, nil
}

// modelFailed is err as a failure of the model, unless it is our own end.
func (t *turn) modelFailed(ctx, limited context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if limited.Err() != nil {
		err = context.Cause(limited)
	}
	return &modelError{err}
}

// limit is when what may take so long must be done.
func (t *turn) limit(long time.Duration) time.Time {
	at := time.Now().Add(long)
	if at.After(t.until) {
		return t.until
	}
	return at
}

// past is what was said before this chat, if the prompt asks for it: then alone
// is it looked up.
func (t *turn) past(ctx context.Context) (vars.Set, error) {
	if !slices.Contains(vars.Names(t.who.Prompt), pastVariable) {
		return nil, nil
	}
	past, err := t.e.cfg.Store.PastWith(ctx, t.c.Workspace, t.c.Contact, t.c.Created, mostLines)
	return vars.Set{pastVariable: FormatPast(past)}, err
}

// prompt is the system message as it reads now.
func (t *turn) prompt(past vars.Set) string {
	return t.fillWith(vars.Merge(t.variables(), past), t.who.Prompt)
}

// variables are the chat's over the agent's, as they are now.
func (t *turn) variables() vars.Set {
	own, err := vars.Decode(t.c.Variables)
	if err != nil {
		t.e.cfg.Log.Warn("a chat's variables are not read", "chat", t.c.ID, "error", err)
	}
	return vars.Merge(t.who.Variables, own)
}

// fill puts the variables into a text of the agent's.
func (t *turn) fill(text string) string { return t.fillWith(t.variables(), text) }

func (t *turn) fillWith(set vars.Set, text string) string {
	filled, ok := set.FillWithin(text, mostFilled, func(v string) string { return v }, nil)
	if !ok { // a short text may name a long value very often
		t.e.cfg.Log.Warn("a text is too long with its variables in it: it is used without them", "chat", t.c.ID)
		return vars.Set{}.Fill(text, nil)
	}
	return filled
}

// bounded is call with nothing in it that is longer than any tool's own. What
// replaces too many arguments fits no tool.
func bounded(call llm.ToolCall) llm.ToolCall {
	call.ID = strings.ToValidUTF8(call.ID[:min(len(call.ID), mostName)], "")
	call.Name = strings.ToValidUTF8(call.Name[:min(len(call.Name), mostName)], "")
	if len(call.Arguments) > tools.MaxArguments {
		call.Arguments = json.RawMessage(`"too long"`)
	}
	return call
}
