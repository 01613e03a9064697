package chat

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/tools"
	"github.com/hookswitch/hookswitch/telephony"
)

// Times of sending.
const (
	sendLimit   = 30 * time.Second // of one request to a carrier
	sendFor     = 24 * time.Hour   // after which a message is given up
	sendFirst   = 5 * time.Second  // until the second try; then it doubles
	sendPause   = 15 * time.Minute // at most
	behindPause = time.Second      // until a message looks again whether those before it have gone
	clockSkew   = time.Minute      // a carrier's clock may be behind ours by this
)

// Where a conversation was held, for [Past].
func Where(kind string) string {
	if kind == telephony.Phone {
		return "sms"
	}
	return kind
}

// outgoing is text as a message of c, which answers to, if that is not nil.
func (e *Engine) outgoing(c Chat, text string, to *Message) Message {
	now := moment()
	m := Message{
		ID: e.cfg.NewID("msg_"), Workspace: c.Workspace, Chat: c.ID, Direction: Out, Body: text,
		Segments: e.cfg.Segments(c.Kind, text), Status: Queued, Created: now, Updated: now,
	}
	if c.Kind != telephony.Email {
		return m
	}
	m.Subject = cmp.Or(c.Subject, "A message from "+c.Agent)
	if to != nil {
		m.Subject = reply(cmp.Or(to.Subject, c.Subject))
		if m.Refs = to.Refs; to.Carrier != "" {
			m.Refs = thread(append(append([]string(nil), to.Refs...), to.Carrier))
		}
	}
	return m
}

// reply is the subject of an answer.
func reply(subject string) string {
	if subject == "" || len(subject) >= 3 && strings.EqualFold(subject[:3], "re:") {
		return subject
	}
	return "Re: " + subject
}

// Send sends a message. It is the work of [JobSend]: again is when to call it
// once more, zero when nothing is left to do.
func (e *Engine) Send(ctx context.Context, id string) (again time.Duration, err error) {
	m, err := e.cfg.Store.Message(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return 0, nil
	}
	if err != nil || m.Status != Queued && m.Status != Sending {
		return 0, err
	}
	if behind, err := e.behind(ctx, m); behind || err != nil {
		return behindPause, err
	}
	c, err := e.cfg.Store.Chat(ctx, "", m.Chat)
	if err != nil {
		return 0, err
	}
	m, repeat, err := e.cfg.Store.BeginSend(ctx, id, time.Now())
	if err != nil || m.Status != Sending {
		return 0, err
	}
	return e.send(ctx, c, m, repeat)
}

// behind reports whether a message of the chat that was written before m has yet
// to go: the parts of an answer are read in their order. One that nobody has sent
// for a day holds up nothing.
func (e *Engine) behind(ctx context.Context, m Message) (bool, error) {
	const far = 20
	n := min(far, m.Seq-1)
	if n <= 0 {
		return false, nil
	}
	before, err := e.cfg.Store.Messages(ctx, m.Chat, m.Seq-1-n, n)
	for _, b := range before {
		waits := b.Direction == Out && (b.Status == Queued || b.Status == Sending)
		if waits && since(time.Now(), b.Created) < sendFor {
			return true, err
		}
	}
	return false, err
}

// send asks the carrier, after it has been looked up whether it was asked before.
func (e *Engine) send(ctx context.Context, c Chat, m Message, repeat bool) (again time.Duration, err error) {
	s, err := e.cfg.Sender(ctx, c)
	var no *telephony.TextError
	switch {
	case errors.As(err, &no): // there is nobody to ask
		return e.refused(ctx, c, m, err)
	case err != nil:
		return e.overdue(ctx, m, err)
	}
	text := telephony.Text{
		ID: m.ID, Kind: c.Kind, Account: s.Account, From: c.Address, To: c.Contact,
		Body: m.Body, Subject: m.Subject, FromName: s.FromName, Answers: m.Refs,
	}
	limited, stop := context.WithTimeoutCause(ctx, sendLimit, errSlow)
	defer stop()
	if repeat {
		carrier, err := s.Sent(limited, text, m.Sending.Add(-clockSkew))
		switch {
		case err != nil:
			return e.later(ctx, m, err)
		case carrier != "":
			e.cfg.Count(CountFound)
			return 0, e.cfg.Store.SetMessage(ctx, m.ID, carrier, Sent, "", time.Now())
		}
	}
	out, err := e.optedOut(ctx, c.Workspace, c.Contact)
	switch {
	case err != nil:
		return 0, err
	case out && !isConfirmation(m.ID):
		return 0, e.giveUp(ctx, m, CountOptedOut)
	}
	carrier, err := s.Send(limited, text)
	if err != nil {
		return e.refused(ctx, c, m, err)
	}
	e.cfg.Count(CountSent)
	return 0, e.cfg.Store.SetMessage(ctx, m.ID, carrier, Sent, "", time.Now())
}

// refused is a message that the carrier did not take, or that nobody knows of
// whether it did.
func (e *Engine) refused(ctx context.Context, c Chat, m Message, cause error) (again time.Duration, err error) {
	var no *telephony.TextError
	switch {
	case ctx.Err() != nil:
		return 0, context.Cause(ctx)
	case !errors.As(cause, &no), no.Passes:
		return e.later(ctx, m, cause)
	case no.OptOut:
		if err := e.leave(ctx, c.Workspace, c.Contact, "carrier", time.Now()); err != nil {
			return 0, err
		}
		if _, err := e.cfg.Store.CloseChat(ctx, c.Workspace, c.ID, "opt_out", time.Now()); err != nil {
			return 0, err
		}
	}
	return 0, e.giveUp(ctx, m, cmp.Or(no.Code, no.Why))
}

// later tries a message again, after a pause that doubles, for a day.
func (e *Engine) later(ctx context.Context, m Message, cause error) (again time.Duration, err error) {
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	e.cfg.Count(CountLater)
	now := time.Now()
	if since(now, m.Created) < sendFor {
		return min(max(since(now, m.Sending), sendFirst), sendPause), nil
	}
	why := "lost"
	var no *telephony.TextError
	if errors.As(cause, &no) {
		why = cmp.Or(no.Code, no.Why)
	}
	return 0, e.giveUp(ctx, m, why)
}

// overdue is an error of ours: the job fails with it, for a day.
func (e *Engine) overdue(ctx context.Context, m Message, cause error) (again time.Duration, err error) {
	if since(time.Now(), m.Created) < sendFor {
		return 0, cause
	}
	return 0, e.giveUp(ctx, m, "no_sender")
}

// giveUp ends a message that is not sent.
func (e *Engine) giveUp(ctx context.Context, m Message, why string) error {
	e.cfg.Count(CountFailed)
	e.cfg.Log.Warn("a message is not sent", "message", m.ID, "why", why)
	return e.cfg.Store.SetMessage(ctx, m.ID, "", Failed, tools.Cut(why, 200), time.Now())
}
