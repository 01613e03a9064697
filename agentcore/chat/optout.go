package chat

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/telephony"
)

// actor is who the audit says has put somebody on the list, or taken them off.
const actor = roster.Actor("contact")

// confirms ends the id of a message that confirms a keyword: it follows from the
// keyword's own, so that there is one. It is all that is sent to who is out.
const confirms = "_ok"

func isConfirmation(id string) bool { return strings.HasSuffix(id, confirms) }

// obey does what a keyword asks for. All of it may be done twice.
func (e *Engine) obey(ctx context.Context, c Chat, in telephony.TextIn, on Message, word string) error {
	switch word {
	case stop:
		if err := e.leave(ctx, c.Workspace, c.Contact, "keyword", on.Created); err != nil {
			return err
		}
		first, err := e.leftWith(ctx, c, on)
		if err != nil {
			return err
		}
		// On SMS the carrier confirms by itself, and blocks what we would send.
		if err := e.confirm(ctx, c, in, on, first && c.Kind != telephony.Phone, "You will get no more messages from us. Write START to get them again."); err != nil {
			return err
		}
		_, err = e.cfg.Store.CloseChat(ctx, c.Workspace, c.ID, "opt_out", time.Now())
		return err
	case start:
		if err := e.comeBack(ctx, c, on.Created); err != nil {
			return err
		}
		// Who is out all the same is told nothing: it would not be true.
		if out, err := e.optedOut(ctx, c.Workspace, c.Contact); err != nil || out {
			return err
		}
		return e.confirm(ctx, c, in, on, c.Kind != telephony.Phone, "You will get messages from us again. Write STOP to end them.")
	case help:
		out, err := e.optedOut(ctx, c.Workspace, c.Contact)
		if err != nil || out {
			return err
		}
		return e.confirm(ctx, c, in, on, true, e.helpText(ctx, c))
	}
	return nil
}

// leave notes that a contact wants no messages.
func (e *Engine) leave(ctx context.Context, workspace, contact, source string, at time.Time) error {
	return e.cfg.OptOuts.SetOptOut(ctx, roster.OptOut{
		Workspace: workspace, Contact: contact, Scope: roster.OptOutMessages, Source: source, Created: at,
	}, actor)
}

// leftWith reports whether it was this message that put its sender on the list: who
// is there already is not written to.
func (e *Engine) leftWith(ctx context.Context, c Chat, on Message) (bool, error) {
	o, err := e.cfg.OptOuts.OptedOut(ctx, c.Workspace, c.Contact, roster.OptOutMessages)
	if errors.Is(err, roster.ErrNotFound) {
		return false, nil // they came back meanwhile
	}
	return o.Created.Equal(on.Created), err
}

// comeBack takes a contact off the list again, if their START came after they got
// there. Who keeps them from calls and messages alike is not asked by a text.
func (e *Engine) comeBack(ctx context.Context, c Chat, at time.Time) error {
	o, err := e.cfg.OptOuts.OptedOut(ctx, c.Workspace, c.Contact, roster.OptOutMessages)
	switch {
	case errors.Is(err, roster.ErrNotFound):
		return nil
	case err != nil:
		return err
	case o.Created.After(at):
		return nil
	}
	err = e.cfg.OptOuts.RemoveOptOut(ctx, c.Workspace, c.Contact, roster.OptOutMessages, actor, time.Now())
	if errors.Is(err, roster.ErrNotFound) {
		return nil
	}
	return err
}

// optedOut reports whether a contact wants no messages.
func (e *Engine) optedOut(ctx context.Context, workspace, contact string) (bool, error) {
	_, err := e.cfg.OptOuts.OptedOut(ctx, workspace, contact, roster.OptOutMessages)
	if errors.Is(err, roster.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// confirm sends a text about a keyword, unless the carrier did.
func (e *Engine) confirm(ctx context.Context, c Chat, in telephony.TextIn, on Message, ours bool, text string) error {
	if !ours || in.OptOut != "" && c.Kind == telephony.Phone {
		return nil
	}
	m := e.outgoing(c, text, &on)
	m.ID = on.ID + confirms
	_, err := e.cfg.Store.SendMessage(ctx, m)
	return err
}

// helpText says whose messages these are, and how to end them.
func (e *Engine) helpText(ctx context.Context, c Chat) string {
	who := c.Agent
	if p, err := e.cfg.Agent(ctx, c); err == nil && p.Business != "" {
		who = p.Business
	}
	return fmt.Sprintf("These are messages from %s. Write STOP to end them.", who)
}
