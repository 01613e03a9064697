package chat

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
)

// Times of a turn. A job may take 90 s: see storage/jobs.
const (
	turnLimit = 75 * time.Second // of all its requests to models and tools
	lease     = 2 * time.Minute  // after which somebody else may take it
	busyWait  = 2 * time.Second  // until a chat is asked again that somebody is at
	lastWords = 5 * time.Second  // to let go of a chat when the process ends
)

// mostFailures is how often a model may fail before the contact is told that
// there is no answer.
const mostFailures = 3

// pauses are how long it is left alone after it failed.
var pauses = [mostFailures - 1]time.Duration{2 * time.Second, 15 * time.Second}

const apology = "Sorry, something went wrong here. Please write again later."

// turn is one answer that is being made.
type turn struct {
	e       *Engine
	c       Chat
	waiting []Message
	h       history
	who     Person
	number  int
	until   time.Time         // it must be done
	pending []agentcore.Entry // not yet on record
}

// modelError is a failure that another try may mend.
type modelError struct{ err error }

func (e *modelError) Error() string { return "chat: the model: " + e.err.Error() }
func (e *modelError) Unwrap() error { return e.err }

// Turn answers all that waits in a chat, or writes its first message. It is the
// work of [JobTurn]: again is when to call it once more, zero when all is done.
func (e *Engine) Turn(ctx context.Context, id string) (again time.Duration, err error) {
	t := &turn{e: e}
	if wait, err := t.early(ctx, id); wait != 0 || err != nil {
		return max(0, wait), err
	}
	now := time.Now()
	t.c, t.waiting, err = e.cfg.Store.TakeTurn(ctx, id, now, now.Add(lease))
	switch {
	case errors.Is(err, ErrBusy):
		return busyWait, nil
	case errors.Is(err, ErrClosed), errors.Is(err, ErrNotFound):
		return 0, nil
	case err != nil:
		return 0, err
	}
	t.until = now.Add(turnLimit)
	again, err = t.take(ctx)
	if errors.Is(err, ErrEpoch) || errors.Is(err, ErrClosed) {
		return 0, nil // somebody else answers, or nobody wants it any more
	}
	if err != nil {
		t.letGo(ctx)
	}
	return again, err
}

// early reports how long a turn must wait: for the end of a burst, or because
// there were too many of late. Less than zero: there is nothing to do.
func (t *turn) early(ctx context.Context, id string) (time.Duration, error) {
	s, limits := t.e.cfg.Store, t.e.cfg.Limits
	n, oldest, newest, err := s.Waiting(ctx, id)
	if err != nil {
		return 0, err
	}
	now := time.Now()
	settled := min(limits.Settle-since(now, newest), limits.SettleMost-since(now, oldest))
	if n > 0 && settled > 0 {
		return settled, nil
	}
	if err := t.h.read(ctx, s, id); err != nil {
		return 0, err
	}
	if n == 0 && !t.h.untouched() {
		return -1, nil
	}
	if n > 0 && t.h.turn == 0 {
		return t.newcomer(ctx, id, now)
	}
	return max(t.h.pause(now, time.Minute, limits.TurnsMinute), t.h.pause(now, 24*time.Hour, limits.TurnsDay)), nil
}

// pause is how long to wait until fewer than most turns began in the time before.
func (h *history) pause(now time.Time, within time.Duration, most int) time.Duration {
	if len(h.began) < most {
		return 0
	}
	return max(0, within-since(now, h.began[len(h.began)-most]))
}

// take answers, when the turn is ours.
func (t *turn) take(ctx context.Context) (again time.Duration, err error) {
	text, why, err := t.words(ctx)
	var failed *modelError
	switch {
	case err == nil:
		t.e.cfg.Count(CountAnswered)
		return 0, t.end(ctx, text, why)
	case errors.Is(err, ErrNobody):
		t.e.cfg.Count(CountNobody)
		t.c.Status, t.c.Reason = Closed, "agent_disabled"
		return 0, t.end(ctx, "", "")
	case ctx.Err() == nil && errors.As(err, &failed):
		return t.failed(ctx, failed)
	}
	return 0, err
}

// words are the answer; empty when there is none to give.
func (t *turn) words(ctx context.Context) (text, why string, err error) {
	if err := t.h.read(ctx, t.e.cfg.Store, t.c.ID); err != nil {
		return "", "", err
	}
	if len(t.waiting) == 0 && !t.h.untouched() {
		return "", "", nil // somebody was quicker
	}
	out, err := t.e.optedOut(ctx, t.c.Workspace, t.c.Contact)
	if out || err != nil {
		return "", "", err
	}
	if t.who, err = t.e.cfg.Agent(ctx, t.c); err != nil {
		return "", "", err
	}
	t.open()
	t.note()
	if len(t.waiting) == 0 && t.who.Greeting != "" {
		return t.fill(t.who.Greeting), "greeting", nil
	}
	text, err = t.answer(ctx)
	return text, "answer", err
}

// open writes down that an agent takes part, once in a chat.
func (t *turn) open() {
	if !t.h.opened {
		t.write(agentcore.Opened{Epoch: t.c.Epoch, Agent: t.c.Agent, Pipeline: t.c.Kind})
	}
}

// note writes down what the contact wrote. What a turn read that came to no end
// belongs to this one.
func (t *turn) note() {
	t.number = 0
	if len(t.waiting) > 0 {
		t.number = t.h.turn + 1
	}
	for _, m := range t.waiting {
		if n, noted := t.h.noted[m.ID]; noted {
			t.number = n
		}
	}
	for _, m := range t.waiting {
		if _, noted := t.h.noted[m.ID]; !noted {
			t.write(agentcore.ContactWrote{Turn: t.number, Message: m.ID, Text: m.Body})
		}
	}
}

// failed is a model's failure: it is asked again later, and after the last time
// the contact is told.
func (t *turn) failed(ctx context.Context, failure *modelError) (again time.Duration, err error) {
	last := t.h.failures+1 >= mostFailures
	t.write(agentcore.ProviderError{Part: "model", Error: failure.err.Error(), Fatal: last})
	t.e.cfg.Count(CountModel)
	t.e.cfg.Log.Warn("a chat has no answer", "chat", t.c.ID, "fatal", last, "error", failure.err)
	if last {
		t.e.cfg.Count(CountApology)
		return 0, t.end(ctx, t.fill(cmp.Or(t.who.Apology, apology)), "apology")
	}
	if err := t.e.cfg.Store.LetGo(ctx, t.c, t.unwritten()); err != nil {
		return 0, err
	}
	return pauses[min(t.h.failures, len(pauses))-1], nil
}

// end commits the answer with all that led to it. An empty one sends nothing.
func (t *turn) end(ctx context.Context, text, why string) error {
	var out []Message
	if text = strings.TrimSpace(text); text != "" {
		said := agentcore.AgentWrote{Turn: t.number, Text: text, Why: why}
		for _, part := range t.e.cfg.Split(t.c.Kind, text) {
			m := t.e.outgoing(t.c, part, t.newest())
			out = append(out, m)
			said.Messages = append(said.Messages, m.ID)
		}
		t.write(said)
	}
	return t.e.cfg.Store.EndTurn(ctx, t.c, t.waiting, t.unwritten(), out, time.Now())
}

// newest is the last message that is answered, nil if there is none.
func (t *turn) newest() *Message {
	if len(t.waiting) == 0 {
		return nil
	}
	return &t.waiting[len(t.waiting)-1]
}

// write adds to what is to be put on record.
func (t *turn) write(ev agentcore.Event) {
	now := time.Now()
	_, sync := ev.(agentcore.ToolIntent)
	e := agentcore.Entry{
		N: t.h.last + 1, Version: agentcore.JournalVersion, At: since(now, t.c.Created), Wall: now, Sync: sync, Event: ev,
	}
	t.h.apply(e)
	t.pending = append(t.pending, e)
}

// commit puts on record what was written.
func (t *turn) commit(ctx context.Context) error {
	return t.e.cfg.Store.Note(ctx, t.c, t.unwritten())
}

// unwritten takes what is to be put on record, and leaves nothing of it.
func (t *turn) unwritten() []agentcore.Entry {
	p := t.pending
	t.pending = nil
	return p
}

// letGo lets go of the chat without an answer, so that nobody waits for the lease
// to end. What was not committed is forgotten.
func (t *turn) letGo(ctx context.Context) {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
	defer stop()
	if err := t.e.cfg.Store.LetGo(ctx, t.c, nil); err != nil && !errors.Is(err, ErrEpoch) && !errors.Is(err, ErrClosed) {
		t.e.cfg.Log.Warn("a chat is not let go of: it waits until its turn runs out", "chat", t.c.ID, "error", err)
	}
}
