package agenda

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"
)

// Codes of an errand that the clerk gives, beside end reasons and those of a
// [Later] and a [Refusal].
const (
	CodeCancelled  = "cancelled"   // somebody did not want it any more
	CodeSeriesOpen = "series_open" // another series of the agent calls the number
	CodeReached    = "reached"     // another call of the agent reached them
	CodeCalledIn   = "called_in"   // they called, and the agent answered
	CodeLost       = "lost"        // nobody was asked for the attempt; it is made again
	CodeFailed     = "failed"      // it could not be placed
)

// ErrOver means that an errand can't be cancelled: it is done, or has failed.
var ErrOver = errors.New("agenda: it is over already")

// Book keeps an errand that is to be done at e.Asked, or as soon as possible. Of
// e, what says how it went is ignored; its ID may be empty. replayed is as in
// [Store.CreateErrand]: on is then the errand on record.
func (c *Clerk) Book(ctx context.Context, e Errand) (on Errand, replayed bool, err error) {
	if e.Options.Retry != nil {
		if err := e.Options.Retry.Validate(); err != nil {
			return Errand{}, false, err
		}
	}
	on, created, err := c.cfg.Store.CreateErrand(ctx, c.fresh(e, clock()))
	if err != nil {
		return Errand{}, false, fmt.Errorf("agenda: book: %w", err)
	}
	if created && on.Status == Ready {
		c.Poke()
	}
	return on, !created, nil
}

// fresh is e before anything was done for it.
func (c *Clerk) fresh(e Errand, now time.Time) Errand {
	if e.ID == "" {
		e.ID = c.cfg.NewID(e.Kind)
	}
	e.Variables, e.Metadata = cmp.Or(e.Variables, "{}"), cmp.Or(e.Metadata, "{}")
	e.Code, e.Why, e.Node, e.Call = "", "", "", ""
	e.Attempt, e.Change, e.Options.Lost = 0, 0, 0
	e.Asked = e.Asked.Truncate(time.Microsecond)
	e.Status, e.Due = Ready, now
	if e.Asked.After(now) {
		e.Status, e.Due = Scheduled, e.Asked
	}
	e.Created, e.Updated, e.Ended = now, now, time.Time{}
	return e
}

// Cancel ends what waits. What goes on is not cut short, but there is no further
// attempt: it keeps its status, with [CodeCancelled], until its call is over. To
// cancel again is no error; what is over otherwise is [ErrOver], with the errand.
func (c *Clerk) Cancel(ctx context.Context, workspace, id string) (Errand, error) {
	e, err := c.cfg.Store.Errand(ctx, workspace, id)
	if err != nil {
		return Errand{}, fmt.Errorf("agenda: cancel: %w", err)
	}
	changed := false
	e, err = c.change(ctx, e, func(e *Errand) bool {
		changed = !Over(e.Status) && e.Code != CodeCancelled
		e.Code, e.Why = CodeCancelled, "It was cancelled."
		if e.Status == Scheduled || e.Status == Ready {
			e.Status = Cancelled
		}
		return changed
	})
	switch {
	case err != nil:
		return Errand{}, fmt.Errorf("agenda: cancel: %w", err)
	case Over(e.Status) && e.Status != Cancelled:
		return e, ErrOver
	case changed:
		c.tellOver(e)
	}
	return e, nil
}

// change writes what do makes of e, and of what others made of it meanwhile. do
// says false when there is nothing to write: then e is as it is on record.
func (c *Clerk) change(ctx context.Context, e Errand, do func(*Errand) bool) (Errand, error) {
	for range 10 { // nobody is that busy with one errand
		next := e
		if !do(&next) {
			return e, nil
		}
		if mutant("claim-not-fenced") {
			newest, _ := c.cfg.Store.Errand(ctx, next.Workspace, next.ID)
			next.Change = newest.Change
		}
		on, err := c.cfg.Store.Move(ctx, next, clock())
		if !errors.Is(err, ErrMoved) {
			return on, err
		}
		if e, err = c.cfg.Store.Errand(ctx, e.Workspace, e.ID); err != nil {
			return Errand{}, err
		}
	}
	return Errand{}, ErrMoved
}

// tellOver counts e if nothing follows any more. Whoever wrote that says so.
func (c *Clerk) tellOver(e Errand) {
	if Over(e.Status) {
		c.cfg.Counter.ErrandOver(e.Kind, e.Status, e.Code)
		c.cfg.Log.Info("an errand is over", "errand", e.ID, "status", e.Status, "code", e.Code, "attempts", e.Attempt)
	}
}
