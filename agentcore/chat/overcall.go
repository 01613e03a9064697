package chat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/tools"
)

// CallContact is the name of the tool with which a chat goes over to a call.
const CallContact = "call_contact"

// callContact has the agent of c call its contact. A call has the use's key, so
// that repeating it is safe.
func (e *Engine) callContact(c Chat) tools.Tool {
	tool, err := tools.Func(llm.Tool{
		Name:        CallContact,
		Description: "Call the contact by phone, now or at a time, when they have agreed to it. You will know on the call what was written here, and here what was said on the call.",
		Parameters: json.RawMessage(`{
			"type": "object",
			"properties": {"when": {"type": "string", "maxLength": 40, "description": "when to call, RFC 3339 with an offset, for example 2026-11-23T15:00:00+01:00; leave it out for a call at once"}},
			"additionalProperties": false
		}`),
	}, tools.Traits{Safe: true, Timeout: 20 * time.Second}, func(ctx context.Context, in tools.Invocation) (tools.Result, error) {
		at, err := whenOf(in.Arguments)
		if err != nil {
			return tools.Result{}, err
		}
		call, err := e.cfg.Dial(ctx, c, in.Key, at)
		if err != nil {
			return tools.Result{}, err
		}
		text, err := json.Marshal(map[string]any{"ok": true, "call": call})
		return tools.Result{Text: string(text)}, err
	})
	if err != nil {
		panic(err) // the schema is written here
	}
	return tool
}

// whenOf is when the model wants the call; the zero time means at once.
func whenOf(args json.RawMessage) (time.Time, error) {
	var a struct{ When string }
	if err := json.Unmarshal(args, &a); err != nil || a.When == "" {
		return time.Time{}, err
	}
	at, err := time.Parse(time.RFC3339, a.When)
	now := time.Now()
	switch {
	case err != nil:
		return time.Time{}, errors.New("when is no time in RFC 3339 with an offset")
	case !at.After(now):
		return time.Time{}, fmt.Errorf("when must be in the future; it is %s now", now.UTC().Format(time.RFC3339))
	case at.After(now.AddDate(1, 0, 0)): // as in the API
		return time.Time{}, errors.New("when must be at most a year ahead")
	}
	return at, nil
}

// CallOver writes a call that a chat went over to into the chat, so that its
// agent knows what was said. The same call again changes nothing, nor does one of
// a chat that is closed. [ErrBusy] while somebody is at the chat: try again in a
// moment.
func (e *Engine) CallOver(ctx context.Context, chat, call, outcome string, lines []Past) error {
	now := time.Now()
	c, _, err := e.cfg.Store.TakeTurn(ctx, chat, now, now.Add(lease))
	if errors.Is(err, ErrClosed) || errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	t := &turn{e: e, c: c}
	if err := t.h.read(ctx, e.cfg.Store, chat); err != nil || t.h.held[call] {
		t.letGo(ctx)
		return err
	}
	t.open()
	t.write(agentcore.CallHeld{Call: call, Outcome: outcome, Lines: callLines(lines)})
	err = e.cfg.Store.LetGo(ctx, t.c, t.unwritten())
	if errors.Is(err, ErrClosed) {
		return nil
	}
	return err
}

// callLines are the newest of what was said, within the bounds of a prompt.
func callLines(lines []Past) []agentcore.CallLine {
	var out []agentcore.CallLine
	for _, l := range lines[max(0, len(lines)-mostLines):] {
		out = append(out, agentcore.CallLine{Contact: l.Contact, Text: oneLine(l.Text)})
	}
	return out
}

// Lines is what was written in a chat, for the prompt of a call that it goes over
// to: see [FormatPast]. Oldest first, the newest 50.
func (e *Engine) Lines(ctx context.Context, chat string) ([]Past, error) {
	c, err := e.cfg.Store.Chat(ctx, "", chat)
	if err != nil {
		return nil, err
	}
	entries, err := e.cfg.Store.ChatJournal(ctx, chat, 0)
	var out []Past
	for _, en := range entries {
		switch ev := en.Event.(type) {
		case agentcore.ContactWrote:
			out = append(out, Past{At: en.Wall, Where: Where(c.Kind), Contact: true, Text: ev.Text})
		case agentcore.AgentWrote:
			out = append(out, Past{At: en.Wall, Where: Where(c.Kind), Text: ev.Text})
		}
	}
	return out[max(0, len(out)-mostLines):], err
}
