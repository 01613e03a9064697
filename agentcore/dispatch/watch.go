package dispatch

import (
	"context"
	"time"

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
		if !v.due.IsZero() {
			timer.Reset(time.Until(v.due))
			due = timer.C
		}
		select {
		case <-c.poke:
		case <-due:
			d.overdue(c)
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
	case v.due.IsZero() || time.Now().Before(v.due): // it changed meanwhile
	case v.at == over && v.line != nil:
		d.cfg.Log.Warn("a conversation does not end, its record is ended without it", "call", c.id)
		d.closeRow(ctx, c)
	case v.at == over:
		d.hangUp(ctx, c, v)
		d.closeRow(ctx, c)
	default:
		d.settle(ctx, c, v)
	}
}

// settle finds out what became of a call that nobody has heard of for too long.
func (d *Desk) settle(ctx context.Context, c *call, v view) {
	reason := telephony.LineLost
	if v.spent == 0 {
		reason = telephony.NotConnected
	}
	trunk := d.trunk()
	switch {
	case v.carrier == "": // no carrier ever confirmed that it placed it
		c.finishIf(v.change, telephony.Failed, false)
		return
	case trunk == nil:
		c.finishIf(v.change, reason, false)
		return
	}
	state, err := trunk.State(ctx, v.carrier)
	switch {
	case err == nil && state.Terminal():
		c.finishIf(v.change, reasonOf(state, v.spent > 0), false)
	case err == nil:
		c.finishIf(v.change, reason, true)
	case v.asking.IsZero() || time.Since(v.asking) < d.cfg.AskFor:
		d.cfg.Log.Warn("cannot ask the carrier, will try again", "call", c.id, "error", err)
		c.postpone(v.change)
	default:
		d.cfg.Log.Warn("the carrier does not answer, the call is given up", "call", c.id, "error", err)
		c.finishIf(v.change, reason, false)
	}
}

// hangUp tells the carrier, once, when the call is over by our decision and no
// stream is left to close. Should it fail, the door says the same.
func (d *Desk) hangUp(ctx context.Context, c *call, v view) {
	if !v.hang || !c.hangsUp() {
		return
	}
	trunk := d.trunk()
	if trunk == nil || v.carrier == "" {
		return
	}
	if err := trunk.Hangup(ctx, v.carrier); err != nil {
		d.cfg.Log.Warn("cannot hang up", "call", c.id, "error", err)
	}
}
