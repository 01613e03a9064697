package dispatch

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/aside"
	"github.com/hookswitch/hookswitch/telephony"
)

// Admit implements [telephony.Desk]. A store that fails is another error, and
// the token may be tried again.
func (d *Desk) Admit(ctx context.Context, token string, as telephony.Ref) (telephony.Call, error) {
	var call telephony.Call
	var err error
	aside.Do(func() { call, err = d.admit(ctx, token, as) }) // who asks goes on to talk
	switch {
	case errors.Is(err, telephony.ErrToken):
		d.cfg.Counter.StreamRefused("token")
	case errors.Is(err, telephony.ErrStillTalking):
		d.cfg.Counter.StreamRefused("still_talking")
	}
	return call, err
}

func (d *Desk) admit(ctx context.Context, token string, as telephony.Ref) (telephony.Call, error) {
	id, epoch, ok := d.tokens.open(token)
	switch {
	case ok && d.isTransfer(id):
		return d.admitLeg(ctx, id, epoch, as)
	case ok:
	case isSession(token):
		return d.attach(ctx, token, as)
	default:
		return telephony.Call{}, telephony.ErrToken
	}
	r, err := d.cfg.Calls.Call(ctx, id)
	switch {
	case errors.Is(err, ErrNotFound):
		return telephony.Call{}, telephony.ErrToken
	case err != nil:
		return telephony.Call{}, fmt.Errorf("dispatch: admit: %w", err)
	case as.ID == "" || r.ref() != as || r.Over() || r.Epoch != epoch || r.Admitted >= epoch:
		return telephony.Call{}, telephony.ErrToken
	}
	c, err := d.adopt(ctx, r)
	if err != nil {
		return telephony.Call{}, fmt.Errorf("dispatch: admit: %w", err)
	}
	if c.isStale(epoch) {
		return telephony.Call{}, telephony.ErrToken
	}
	return d.letIn(ctx, c, r, epoch)
}

// letIn spends epoch's token of r.
func (d *Desk) letIn(ctx context.Context, c *call, r Record, epoch int) (telephony.Call, error) {
	if err := c.enter(ctx); err != nil {
		return telephony.Call{}, fmt.Errorf("dispatch: admit: %w", err)
	}
	defer c.leave()
	now := time.Now()
	if l := c.look().line; l != nil && l.alive(now) {
		return telephony.Call{}, telephony.ErrStillTalking
	}
	err := d.cfg.Calls.Admit(ctx, r.ID, epoch, d.cfg.Node, now)
	switch {
	case errors.Is(err, ErrEpoch), errors.Is(err, ErrEnded), errors.Is(err, ErrNotFound):
		return telephony.Call{}, telephony.ErrToken
	case err != nil:
		return telephony.Call{}, fmt.Errorf("dispatch: admit: %w", err)
	}
	loss, ok := c.admit(epoch, d.cfg.Node, now.Add(d.cfg.LostWait))
	if !ok {
		return telephony.Call{}, telephony.ErrToken
	}
	d.countIn(ctx, r, epoch, loss, now)
	d.prepare(c, r) // no more than begins here: what takes its time goes on beside the call
	return r.Call(), nil
}

// Talk implements [telephony.Desk]. It fails with [telephony.ErrToken] when no
// stream was admitted at call's epoch, with a [telephony.OverError] when the
// call ended before anyone spoke, and with whatever the conversation says.
func (d *Desk) Talk(ctx context.Context, call telephony.Call, leg telephony.Leg) error {
	if d.isTransfer(call.ID) {
		return d.talkLeg(ctx, call, leg)
	}
	c := d.find(call.ID)
	if c == nil {
		return telephony.ErrToken
	}
	ctx, cut := context.WithCancelCause(ctx)
	defer cut(nil)
	l := newLine(leg, call.Epoch, cut)
	if !c.begin(l) {
		if v := c.look(); v.at >= over {
			return telephony.OverError{Reason: v.reason}
		}
		return telephony.ErrToken
	}
	var sum agentcore.Summary
	defer func() { d.rest(ctx, c, l, sum) }()

	var past []agentcore.Entry
	if call.Epoch == 1 {
		l.news.begin(nil)
	} else {
		var err error
		if past, err = d.cfg.Calls.Journal(ctx, call.ID, 0); err != nil {
			return fmt.Errorf("dispatch: read what was said: %w", err)
		}
		if err = d.catchUp(ctx, call.ID, l, past); err != nil {
			return fmt.Errorf("dispatch: read the transfers: %w", err)
		}
	}
	if d.cfg.Detects && d.cfg.Node != "" && call.Direction == telephony.Outbound {
		waiting, stop := context.WithCancel(ctx)
		var asked sync.WaitGroup
		asked.Go(func() { d.awaitAnswerer(waiting, call.ID, l) })
		defer asked.Wait()
		defer stop()
	}
	var err error
	sum, err = d.cfg.Talk(ctx, call, l, past, journal{d, c, call.Epoch})
	return err
}

// rest sees to a call whose Talk returns. A conversation that says End without
// having been able to write it is taken at its word.
func (d *Desk) rest(ctx context.Context, c *call, l *line, sum agentcore.Summary) {
	l.hush()
	c.rest(l, sum.End, time.Now().Add(d.cfg.LostWait))
	if c.look().at == over && c.look().line == nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), effortTimeout)
		defer cancel()
		d.closeRow(ctx, c)
	}
	close(l.left)
}
