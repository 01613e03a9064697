package chat

import (
	"context"
	"time"
)

// Begin opens c, of which the engine fills in what is empty of ID, Status and
// times; with initial the agent writes first. When the channel has an open chat
// with the contact that one is returned, with false, and nobody writes.
// [ErrOptedOut].
func (e *Engine) Begin(ctx context.Context, c Chat, initial bool) (on Chat, created bool, err error) {
	out, err := e.optedOut(ctx, c.Workspace, c.Contact)
	if err != nil {
		return Chat{}, false, err
	}
	if out {
		return Chat{}, false, ErrOptedOut
	}
	if c.ID == "" {
		c.ID = e.cfg.NewID("chat_")
	}
	if c.Created.IsZero() {
		c.Created = moment()
	}
	if c.Variables == "" {
		c.Variables = "{}"
	}
	if c.Metadata == "" {
		c.Metadata = "{}"
	}
	c.Updated, c.Status = c.Created, Open
	return e.cfg.Store.OpenChat(ctx, c, initial)
}

// Say sends a text as the agent's, outside of a turn: the agent knows later that
// it was said. [ErrBusy] while an answer is being made, [ErrClosed],
// [ErrOptedOut].
func (e *Engine) Say(ctx context.Context, chat, text string) error {
	now := time.Now()
	c, _, err := e.cfg.Store.TakeTurn(ctx, chat, now, now.Add(lease))
	if err != nil {
		return err
	}
	t := &turn{e: e, c: c}
	out, err := e.optedOut(ctx, c.Workspace, c.Contact)
	if err == nil && out {
		err = ErrOptedOut
	}
	if err == nil {
		err = t.h.read(ctx, e.cfg.Store, c.ID)
	}
	if err == nil {
		t.open()
		err = t.end(ctx, plain(text, mostText), "api")
	}
	if err != nil {
		t.letGo(ctx)
	}
	return err
}

// Sweep closes the chats in which nothing happened for a day, some at a time, and
// returns how many.
func (e *Engine) Sweep(ctx context.Context) (int, error) {
	const each = 100
	all := 0
	for {
		now := time.Now()
		n, err := e.cfg.Store.CloseIdle(ctx, now.Add(-e.cfg.Limits.Idle), each, now)
		all += n
		if err != nil || n < each {
			return all, err
		}
	}
}
