package dispatch

import (
	"context"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// preparation is what is done for a call before its agent speaks. The call's
// mutex guards it.
type preparation struct {
	done  chan struct{}      // closed at its end; nil: there is nothing to wait for
	until time.Time          // that an answer waits for it
	stop  context.CancelFunc // gives it up
}

// preparedAt is when a new call whose webhook to ask is preCall is prepared:
// at once, if there is nothing to do.
func (d *Desk) preparedAt(preCall int64, now time.Time) time.Time {
	if preCall == 0 || d.cfg.Prepare == nil {
		return now
	}
	return time.Time{}
}

// prepare begins to prepare a call, unless that was done or begun.
func (d *Desk) prepare(c *call, r Record) {
	if !r.Prepared.IsZero() || d.cfg.Prepare == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || d.live[c.id] != c {
		return
	}
	ctx, stop := context.WithTimeout(d.ctx, prepareTimeout)
	done := make(chan struct{})
	if !c.prepares(preparation{done, time.Now().Add(d.cfg.PrepareWait), stop}) {
		stop()
		return
	}
	d.wg.Go(func() {
		defer close(done)
		defer stop()
		d.prepareNow(ctx, r)
	})
}

// prepareNow prepares a call and notes that this was done, however it went. When
// the call is over, or we stop, it was not: who takes the call over does it.
func (d *Desk) prepareNow(ctx context.Context, r Record) {
	err := d.cfg.Prepare(ctx, r)
	if context.Cause(ctx) == context.Canceled {
		return
	}
	if err != nil {
		d.cfg.Log.Warn("a call goes on without what was to be prepared", "call", r.ID, "error", err)
	}
	effort, cancel := context.WithTimeout(d.ctx, effortTimeout)
	defer cancel()
	if err := d.cfg.Calls.SetPrepared(effort, r.ID, "", time.Now()); err != nil {
		d.cfg.Log.Warn("cannot keep that a call is prepared", "call", r.ID, "error", err)
	}
}

// prepares notes that p has begun; false when something had before.
func (c *call) prepares(p preparation) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.prepared.done != nil {
		return false
	}
	c.prepared = p
	return true
}

func (c *call) preparation() preparation {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.prepared
}

func (c *call) stopPreparing() {
	if p := c.preparation(); p.stop != nil {
		p.stop()
	}
}

// connectPrepared lets a call ring on until it is prepared, but not for longer
// than the carrier bears, and tells it to connect. A webhook that comes again
// waits for the same preparation, up to the same time.
func (d *Desk) connectPrepared(ctx context.Context, c *call, r Record) telephony.Step {
	d.prepare(c, r)
	if p := c.preparation(); p.done != nil {
		late := time.NewTimer(time.Until(p.until))
		defer late.Stop()
		select {
		case <-p.done:
		case <-late.C:
		case <-ctx.Done():
		}
		if c.look().at >= over { // they rang off
			return telephony.Step{Kind: telephony.StepHangup}
		}
		c.touch(time.Now().Add(d.cfg.ConnectWait))
	}
	return d.connect(c, 1)
}

// Prepared waits until a call that is live here is prepared: who talks on it
// then reads its variables from the record. It fails with [ErrNotFound] when the
// call is not live here, or when ctx ends.
func (d *Desk) Prepared(ctx context.Context, id telephony.CallID) error {
	c := d.find(id)
	if c == nil {
		return ErrNotFound
	}
	p := c.preparation()
	if p.done == nil {
		return nil
	}
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
