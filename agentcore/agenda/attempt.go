package agenda

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
)

// attempt places e, which is claimed, and notes what came of it. What can't be
// noted is found again by [Clerk.sweep].
func (c *Clerk) attempt(ctx context.Context, e Errand) {
	placed := c.place(ctx, e)
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), effort)
	defer cancel()
	if err := c.settle(after, e, placed, ctx.Err() != nil); err != nil {
		c.cfg.Log.Warn("cannot note what came of an errand, will try again", "errand", e.ID, "error", err)
	}
}

// place is [Placer.Place], bounded.
func (c *Clerk) place(ctx context.Context, e Errand) (err error) {
	defer func() {
		if p := recover(); p != nil {
			c.cfg.Log.Error("the placer of an errand panicked", "errand", e.ID, "panic", p, "stack", string(debug.Stack()))
			err = errors.New("agenda: the placer panicked")
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, placeTime)
	defer cancel()
	return c.cfg.Placer.Place(ctx, e)
}

// settle notes what the placer said of e. ending says that this process is about
// to go: what it did not begin is for another.
func (c *Clerk) settle(ctx context.Context, e Errand, placed error, ending bool) error {
	var later *Later
	var refusal *Refusal
	switch {
	case errors.As(placed, &later):
		return c.putOff(ctx, e, later)
	case errors.As(placed, &refusal):
		return c.move(ctx, e, func(e *Errand) { e.Status, e.Code, e.Why = Refused, refusal.Code, refusal.Why })
	case placed == nil && e.Kind == Chat:
		c.cfg.Counter.ErrandBegun(e.Kind, max(0, time.Since(e.Due)))
		return c.move(ctx, e, func(e *Errand) { e.Status, e.Code, e.Why = Done, "", "" })
	}
	r, err := c.callOf(ctx, e)
	switch {
	case err == nil:
		return c.began(ctx, e, r)
	case !errors.Is(err, dispatch.ErrNotFound):
		return errors.Join(placed, err)
	case placed != nil && ending:
		return c.putBack(ctx, e)
	case placed == nil:
		c.cfg.Log.Error("the placer of an errand has placed nothing", "errand", e.ID)
	default:
		c.cfg.Log.Warn("an errand could not be placed", "errand", e.ID, "error", placed)
	}
	return c.missed(ctx, e, miss{reason: CodeFailed, why: "The call could not be placed.", ended: clock()})
}

// callOf is the call of e's newest attempt; a chat has none.
func (c *Clerk) callOf(ctx context.Context, e Errand) (dispatch.Record, error) {
	if e.Kind == Chat {
		return dispatch.Record{}, dispatch.ErrNotFound
	}
	return c.cfg.Calls.Call(ctx, e.Call)
}

// began notes that the attempt of e has a call. One that is over already is
// followed up here: the job of that may have come while nobody knew that it was
// an errand's.
func (c *Clerk) began(ctx context.Context, e Errand, r dispatch.Record) error {
	if r.Over() {
		return c.followUp(ctx, r)
	}
	first := false
	_, err := c.change(ctx, e, func(now *Errand) bool {
		if first = now.Status == Placing && sameAttempt(*now, e); !first {
			return false
		}
		now.Status, now.Node = Live, ""
		if !ends(now.Code) {
			now.Code, now.Why = "", ""
		}
		return true
	})
	if err == nil && first {
		c.cfg.Counter.ErrandBegun(counted(e), max(0, r.Created.Sub(e.Due)))
	}
	return err
}

// counted is what an attempt of the call e is counted as: all behind the first that
// somebody was asked for are callbacks.
func counted(e Errand) string {
	if e.Source == FromCallback || e.Called() > 1 {
		return Callback
	}
	return e.Kind
}

// putOff takes the attempt of e back, until it can be done.
func (c *Clerk) putOff(ctx context.Context, e Errand, l *Later) error {
	c.cfg.Counter.ErrandLater(l.Code)
	wait := max(time.Until(l.At), shortest)
	if l.All {
		c.rest(e.Workspace, min(wait, longRest))
	}
	due := l.At.UTC().Truncate(time.Microsecond) // not a moment before
	if soonest := clock().Add(shortest); due.Before(soonest) {
		due = soonest
	}
	err := c.takeBack(ctx, e, func(e *Errand) {
		e.Code, e.Why = l.Code, l.Why
		if !l.All { // else it keeps its place among the others
			e.Status, e.Due = Scheduled, due
		}
	})
	if errors.Is(err, ErrSeriesOpen) { // another one came to wait while this one did not
		return c.move(ctx, e, func(e *Errand) { *e = seriesOpen(*e) })
	}
	return err
}

// putBack takes the attempt of e back: it was never begun.
func (c *Clerk) putBack(ctx context.Context, e Errand) error {
	return c.takeBack(ctx, e, func(*Errand) {})
}

// takeBack makes e ready again, as it was before it was claimed, and as do says;
// or ends it, if that is what somebody wants by now.
func (c *Clerk) takeBack(ctx context.Context, e Errand, do func(*Errand)) error {
	return c.move(ctx, e, func(e *Errand) {
		e.Attempt--
		e.Call = ""
		if e.Attempt > 0 {
			e.Call = e.CallOf(e.Attempt)
		}
		switch {
		case e.Code == CodeCancelled:
			e.Status = Cancelled
		case ends(e.Code) && e.Called() > 0:
			e.Status = Done
		default:
			e.Status = Ready
			do(e)
		}
	})
}

// move writes what do makes of e, if it still is at the same attempt: otherwise
// somebody else has done so.
func (c *Clerk) move(ctx context.Context, e Errand, do func(*Errand)) error {
	first := false
	on, err := c.change(ctx, e, func(now *Errand) bool {
		if first = sameAttempt(*now, e); !first {
			return false
		}
		now.Node = ""
		do(now)
		return true
	})
	if err == nil && first {
		c.tellOver(on)
	}
	return err
}

// sameAttempt reports whether now is the attempt that e was, and goes on; while
// it is being placed, in the same hands.
func sameAttempt(now, e Errand) bool {
	return now.Attempt == e.Attempt && now.Call == e.Call &&
		(now.Status == Live || now.Status == Placing && now.Node == e.Node)
}

// ends reports whether code on an errand that goes on means that nothing more
// follows when its attempt is over.
func ends(code string) bool {
	return code == CodeCancelled || code == CodeReached || code == CodeCalledIn
}

func seriesOpen(e Errand) Errand {
	e.Status, e.Code, e.Why = Failed, CodeSeriesOpen, "Another series of the agent calls this number."
	return e
}
