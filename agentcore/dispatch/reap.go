package dispatch

import (
	"context"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// reap ends a call that is older than any call should be, whatever it does: it
// holds a place, and somebody pays for it.
func (d *Desk) reap(ctx context.Context, c *call) {
	v := c.look()
	c.reapAgain(time.Now().Add(time.Minute)) // should it go on
	r, err := d.cfg.Calls.Call(ctx, c.id)
	if err == nil && r.Over() {
		d.learn(r)
		return
	}
	if err == nil {
		if theirs, err := d.isTheirs(ctx, r, v); err == nil && theirs {
			c.ended("")
			return
		}
		c.agree(r)
	}
	d.cfg.Counter.CallReaped()
	d.cfg.Log.Warn("a call is too old and is ended", "call", c.id, "age", time.Since(c.born))
	if c.finish(verdict{reason: telephony.MaxDuration, hang: true, sure: true}) {
		_ = d.hangUp(ctx, c, c.look()) // is logged
		d.closeRow(ctx, c)
	}
}

func (c *call) reapAgain(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reapAt = at
}

// lookAt asks the carrier about a call that talks, when its stream is mute or it
// has talked for long: the end of the call may have been told to nobody.
func (d *Desk) lookAt(ctx context.Context, c *call, v view) {
	if c.foreign {
		d.lookAtForeign(ctx, c, v)
		return
	}
	now := time.Now()
	defer c.lookAgain(v.change, now.Add(lookEvery))
	isMute := v.line == nil || !v.line.heardAfter(now.Add(-muteFor))
	trunk := d.trunk()
	if !isMute && now.Sub(v.seen) < askEvery || trunk == nil || v.carrier == "" {
		return
	}
	standing, err := trunk.State(ctx, telephony.Ref{Account: c.account, ID: v.carrier})
	if err != nil {
		d.cfg.Log.Warn("cannot ask the carrier about a call that talks", "call", c.id, "error", err)
		return
	}
	c.wasSeen(now)
	if standing.State.Terminal() {
		d.end(ctx, c, verdict{reason: reasonOf(standing.State, true), sure: true, ended: standing.Ended})
	}
}

// wasSeen notes that the carrier told how the call is.
func (c *call) wasSeen(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen = now
}

// lookAgain sets when the watcher looks at a talking call next, unless something
// changed.
func (c *call) lookAgain(change int, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.change == change {
		c.due = at
		c.wake()
	}
}
