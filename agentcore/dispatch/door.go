package dispatch

import (
	"context"
	"errors"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// Next implements [telephony.Desk]: the one door.
//
//	record            the carrier says  answer
//	unknown           anything          ErrUnknownCall; or the other leg of a transfer: see [Desk.nextOfLeg]
//	any               over              nothing; the record is ended
//	ended             in progress       hang up
//	live, media flows in progress       ErrStillTalking
//	live, not so      in progress       epoch+1, connect
//	live, no resumes  in progress       apologise; the record is ended
//	being handed on   in progress       see [Desk.handOver]
//	cannot be read    in progress       wait
func (d *Desk) Next(ctx context.Context, q telephony.Question) (telephony.Step, error) {
	asked, isOver := time.Now(), q.Over
	r, err := d.cfg.Calls.CallByCarrier(ctx, q.Carrier)
	switch {
	case errors.Is(err, ErrNotFound):
		return d.nextOfLeg(ctx, q, asked)
	case err != nil:
		return d.blind(q, err), nil
	case r.Account != q.Account:
		return telephony.Step{}, telephony.ErrUnknownCall
	}
	t, err := d.transferOf(ctx, q, r)
	switch {
	case errors.Is(err, ErrNotFound):
		return telephony.Step{}, telephony.ErrUnknownCall
	case err != nil:
		return d.blind(q, err), nil
	case isOver:
		d.cameOf(ctx, t, q)
		d.conclude(ctx, r, telephony.Standing{State: telephony.Completed})
		return telephony.Step{Kind: telephony.StepNothing}, nil
	case r.Over():
		d.learn(r)
		return telephony.Step{Kind: telephony.StepHangup}, nil
	}
	c, err := d.adopt(ctx, r)
	if err != nil {
		return telephony.Step{Kind: telephony.StepWait}, nil // another node will answer
	}
	if d.isTalking(ctx, c, asked) {
		d.cfg.Counter.StreamRefused("still_talking")
		return telephony.Step{}, telephony.ErrStillTalking
	}
	return d.goOn(ctx, c, q)
}

// blind answers the door when the records cannot be read: nobody decides
// anything but to wait. What the carrier says itself is kept in mind.
func (d *Desk) blind(q telephony.Question, err error) telephony.Step {
	d.cfg.Log.Warn("the door cannot read the records", "error", err)
	c := d.findByCarrier(telephony.Ref{Account: q.Account, ID: q.Carrier})
	if q.Over {
		if c != nil {
			c.finish(verdict{reason: reasonOf(telephony.Completed, c.look().spent > 0), sure: true})
		}
		return telephony.Step{Kind: telephony.StepNothing}
	}
	if c != nil {
		c.touch(time.Now().Add(d.cfg.LostWait))
	}
	return telephony.Step{Kind: telephony.StepWait}
}

func (d *Desk) findByCarrier(ref telephony.Ref) *call {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.live {
		if c.account == ref.Account && c.look().carrier == ref.ID {
			return c
		}
	}
	return nil
}

// isTalking reports whether a frame arrives on the call's stream after asked,
// within the time that the door may wait.
func (d *Desk) isTalking(ctx context.Context, c *call, asked time.Time) bool {
	deadline := asked.Add(stillTalking)
	for {
		switch v := c.look(); {
		case v.line != nil:
			return v.line.proves(ctx, asked, deadline)
		case v.at != admitted || !time.Now().Before(deadline) || ctx.Err() != nil:
			return false
		}
		time.Sleep(stillTalking / 20) // let in, but its Talk has not begun
	}
}

// goOn decides for a call whose stream is not alive.
func (d *Desk) goOn(ctx context.Context, c *call, q telephony.Question) (telephony.Step, error) {
	if err := c.enter(ctx); err != nil {
		return telephony.Step{Kind: telephony.StepWait}, nil
	}
	defer c.leave()
	r, err := d.cfg.Calls.Call(ctx, c.id) // it may have ended while we waited
	switch {
	case err != nil:
		return d.later(c, err), nil
	case r.Over() || c.look().at >= over:
		d.learn(r)
		return telephony.Step{Kind: telephony.StepHangup}, nil
	}
	all, err := d.transfersOf(ctx, c.id)
	if err != nil {
		return d.later(c, err), nil
	}
	if step, decided, err := d.handOver(ctx, c, r, q, all); decided {
		return step, err
	}
	return d.takeUp(ctx, c, r, all), nil
}

// takeUp gives the caller to the agent: all is what was tried to hand them on,
// of which the agent is told. c is entered.
func (d *Desk) takeUp(ctx context.Context, c *call, r Record, all []Transfer) telephony.Step {
	if step, crowded := d.crowded(ctx, c); crowded {
		return step
	}
	limit := d.cfg.Resumes + len(all) // who comes back from somebody else was not lost
	isBack := c.look().at == away
	if isBack && d.cfg.Overhears(c.id) {
		c.wasHeard() // maybe another process told the ear's token
	}
	switch {
	case r.Admitted < r.Epoch && d.tellJournal(ctx, r, r.Epoch) != nil:
		return telephony.Step{Kind: telephony.StepWait}
	case r.Admitted < r.Epoch && !c.isStale(r.Epoch) && c.toldAgain(r.Epoch, max(1, d.cfg.Resumes), time.Now().Add(d.cfg.ConnectWait)):
		return d.connect(c, r.Epoch)
	case r.Epoch > limit:
		c.awaitsResume(d.lossOf(ctx, c, r))
		d.end(ctx, c, verdict{reason: telephony.LineLost, sure: true})
		return telephony.Step{Kind: telephony.StepApologise, Say: d.cfg.Apology}
	}
	if !isBack {
		c.awaitsResume(d.lossOf(ctx, c, r))
	}
	epoch, err := d.cfg.Calls.Raise(ctx, c.id, r.Epoch, d.cfg.Node)
	switch {
	case errors.Is(err, ErrEnded):
		return telephony.Step{Kind: telephony.StepHangup}
	case err != nil: // or another node was faster, which we learn in a second
		return d.later(c, err)
	case !c.await(epoch, d.cfg.Node, time.Now().Add(d.cfg.ConnectWait)):
		return telephony.Step{Kind: telephony.StepHangup}
	}
	if err := d.tellJournal(ctx, r, epoch); err != nil {
		return d.later(c, err)
	}
	d.cfg.Log.Info("call taken up again", "call", c.id, "epoch", epoch)
	return d.connect(c, epoch)
}

// learn takes note of an end that was recorded without our hearing of it: by
// another node, or by a commit whose answer was lost.
func (d *Desk) learn(r Record) {
	if c := d.find(r.ID); c != nil && r.Over() {
		c.ended(r.Reason)
	}
}

// later makes the caller wait a second, during which the call is not given up.
func (d *Desk) later(c *call, err error) telephony.Step {
	d.cfg.Log.Warn("the door cannot decide yet", "call", c.id, "error", err)
	c.touch(time.Now().Add(d.cfg.LostWait))
	return telephony.Step{Kind: telephony.StepWait}
}
