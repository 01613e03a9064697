package dispatch

import (
	"context"
	"errors"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/aside"
	"github.com/hookswitch/hookswitch/telephony"
)

// watch waits for what is due on c until its row is ended and nobody talks.
func (d *Desk) watch(c *call) {
	defer d.forget(c)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		v := c.look()
		if v.at == gone && v.talks == 0 {
			return
		}
		var due <-chan time.Time
		if next := v.next(); !next.IsZero() {
			timer.Reset(time.Until(next))
			due = timer.C
		}
		select {
		case <-c.poke:
		case <-due:
			aside.Do(func() { d.overdue(c) })
		case <-d.ctx.Done():
			return
		}
	}
}

// overdue does what is due on c.
func (d *Desk) overdue(c *call) {
	ctx, cancel := context.WithTimeout(d.ctx, effortTimeout)
	defer cancel()
	v := c.look()
	switch {
	case v.at < over && !time.Now().Before(v.reapAt):
		d.reap(ctx, c)
	case v.due.IsZero() || time.Now().Before(v.due): // it changed meanwhile
	case v.at == talking:
		d.lookAt(ctx, c, v)
	case v.at == over && v.line != nil:
		d.cfg.Log.Warn("a conversation does not end, its record is ended without it", "call", c.id)
		d.closeRow(ctx, c)
	case v.at == over:
		_ = d.hangUp(ctx, c, v) // is logged
		d.closeRow(ctx, c)
	default:
		d.settle(ctx, c, v)
	}
}

// settle finds out what became of a call that nobody here has heard of for too
// long. The record is looked at first: another node may know more.
func (d *Desk) settle(ctx context.Context, c *call, v view) {
	r, err := d.cfg.Calls.Call(ctx, c.id)
	switch {
	case errors.Is(err, ErrNotFound): // the commit that was to make it failed
		c.ended("")
		return
	case err != nil:
		d.cfg.Log.Warn("cannot read the record, will try again", "call", c.id, "error", err)
		c.postpone(v.change)
		return
	case r.Over():
		d.learn(r)
		return
	}
	switch theirs, err := d.isTheirs(ctx, r, v); {
	case err != nil:
		d.cfg.Log.Warn("cannot see who has a call, will try again", "call", c.id, "error", err)
		c.postpone(v.change)
	case theirs && c.isFetched(r):
		c.postpone(v.change) // that node's last beat is fresh; nobody else knows that they are alone
	case theirs:
		c.ended("")
	default:
		c.agree(r)
		d.decide(ctx, c, r, v)
	}
}

// isFetched reports whether the caller of r is still where our door sent them,
// and alone there.
func (c *call) isFetched(r Record) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fetched && c.at == lost && r.Epoch == c.epoch && r.Admitted <= c.spent
}

// isTheirs reports whether another node, which is alive or knows more of r than
// we do, sees to it.
func (d *Desk) isTheirs(ctx context.Context, r Record, v view) (bool, error) {
	switch {
	case r.Node == d.cfg.Node || r.Node == "":
		return false, nil
	case r.Epoch > v.epoch || r.Admitted > v.spent:
		return true, nil // should it be dead as well, Recover finds the call
	}
	return d.cfg.Calls.Alive(ctx, r.Node, time.Now().Add(-deadAfter))
}

// decide ends a call that is ours to end, or looks again later. The carrier is
// asked first.
func (d *Desk) decide(ctx context.Context, c *call, r Record, v view) {
	reason := telephony.LineLost
	if r.Admitted == 0 {
		reason = telephony.NotConnected
	}
	trunk := d.trunk()
	handed, err := d.transfersOf(ctx, c.id)
	switch t := newest(handed); {
	case err != nil:
		d.cfg.Log.Warn("cannot read the transfers, will try again", "call", c.id, "error", err)
		c.postpone(v.change)
		return
	case t.isAway():
		d.goAway(c, t)
		return
	}
	switch {
	case r.Foreign:
		d.giveUp(ctx, c, r, v, reason)
		return
	case r.Carrier == "" && r.Direction == telephony.Outbound: // no carrier ever confirmed that it placed it
		d.seek(ctx, trunk, c, r, v)
		return
	case r.Carrier == "":
		c.finishIf(v.change, verdict{reason: telephony.Failed})
		return
	case trunk == nil:
		c.finishIf(v.change, verdict{reason: reason})
		return
	}
	standing, err := trunk.State(ctx, r.ref())
	switch {
	case err == nil && standing.State.Terminal():
		if standing.State == telephony.Completed && newest(handed).Outcome == OutcomeCompleted {
			c.finishIf(v.change, verdict{reason: telephony.Transferred, sure: true, ended: overAt(r.Answered, standing)})
			return
		}
		c.finishIf(v.change, verdict{reason: reasonOf(standing.State, r.Admitted > 0), sure: true, ended: overAt(r.Answered, standing)})
	case err == nil && len(handed) > 0 && d.recall(ctx, c, r, v):
	case err == nil:
		c.finishIf(v.change, verdict{reason: reason, hang: true})
	case v.asking.IsZero() || time.Since(v.asking) < d.cfg.AskFor:
		d.cfg.Log.Warn("cannot ask the carrier, will try again", "call", c.id, "error", err)
		c.asked()
		c.postpone(v.change)
	default:
		d.cfg.Log.Warn("the carrier does not answer, the call is given up", "call", c.id, "error", err)
		d.giveUp(ctx, c, r, v, reason)
	}
}

// giveUp ends a call of which nobody can say more than its journal does.
func (d *Desk) giveUp(ctx context.Context, c *call, r Record, v view, reason telephony.EndReason) {
	lastSeen, err := d.lastWritten(ctx, r)
	if err != nil {
		d.cfg.Log.Warn("cannot read the journal, will try again", "call", c.id, "error", err)
		c.postpone(v.change)
		return
	}
	c.finishIf(v.change, verdict{reason: reason, ended: lastSeen})
}

// hangUp tells the carrier, once, when the call is over by our decision and no
// stream is left to close. Should it fail, the door says the same.
func (d *Desk) hangUp(ctx context.Context, c *call, v view) error {
	trunk := d.trunk()
	if !v.hang || !c.hangsUp() || trunk == nil || v.carrier == "" || c.foreign {
		return nil
	}
	if !v.sure {
		if r, err := d.cfg.Calls.Call(ctx, c.id); err == nil && r.Epoch != v.epoch {
			return nil // it goes on elsewhere, as of a moment ago
		}
	}
	err := trunk.Hangup(ctx, telephony.Ref{Account: c.account, ID: v.carrier})
	if err != nil {
		d.cfg.Log.Warn("cannot hang up", "call", c.id, "error", err)
	}
	return err
}
