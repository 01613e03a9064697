package dispatch

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// call places the call of w, unless its key is known.
func (d *Desk) call(ctx context.Context, w Wish, now time.Time) (Dispatch, bool, error) {
	trunk := d.trunk()
	if trunk == nil {
		return Dispatch{}, false, ErrNoCarrier
	}
	cost := w.cost()
	proof, err := d.permit(ctx, cost)
	if err != nil {
		return Dispatch{}, false, err
	}
	if w.RingTimeout <= 0 {
		w.RingTimeout = ringTimeout
	}
	wish, r := d.dispatched(w, now), d.outbound(w, now)
	wish.Status, wish.Call, r.Conversation, r.Proof = DispatchPlacing, r.ID, wish.Conversation, proof

	// A place among the live calls comes first, the row then, the request last.
	c, isNew, err := d.enlist(r, dialling, time.Time{}) // it rings once it was placed
	if err != nil {
		d.cfg.Release(cost)
		return Dispatch{}, false, err
	}
	done := d.isBeingPlaced(wish.ID)
	kept := false
	defer func() {
		if !kept {
			done()
		}
	}()
	on, created, err := d.cfg.Calls.CreateDispatch(ctx, wish, &r)
	if err != nil || !created {
		d.cfg.Release(cost)
		d.notCreated(ctx, c, r, isNew, err)
	}
	switch {
	case err != nil:
		return Dispatch{}, false, fmt.Errorf("dispatch: %w", err)
	case !created:
		return d.replay(ctx, on)
	}
	d.cfg.Counter.CallTaken(string(r.Direction))
	d.prepare(c, r)
	kept = true
	return d.placeOn(ctx, func(ctx context.Context) (Dispatch, error) {
		defer done()
		return d.place(ctx, trunk, c, on, w)
	}, on)
}

// cost is what w would cost.
func (w Wish) cost() Cost {
	return Cost{Workspace: w.Workspace, From: w.From, To: w.To,
		BypassQuietHours: w.BypassQuietHours, Hours: w.Hours, Consent: w.Consent}
}

// notCreated lets go of the call of r whose row was not made, as far as err tells.
func (d *Desk) notCreated(ctx context.Context, c *call, r Record, isNew bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), effortTimeout)
	defer cancel()
	var capped *CappedError
	switch {
	case !isNew: // somebody else's
	case err == nil, errors.As(err, &capped), errors.Is(err, ErrIdemMismatch), !d.isOurs(ctx, r):
		c.ended("")
	default: // the row is there nevertheless
		d.end(ctx, c, verdict{reason: telephony.Failed, sure: true})
	}
}

// isOurs reports whether the row of r is the one that we meant to make: of a call
// that has a name, another node may have made it, and its caller rings by now.
// When nobody can tell, [Desk.Recover] finds a row of ours later.
func (d *Desk) isOurs(ctx context.Context, r Record) bool {
	on, err := d.cfg.Calls.Call(ctx, r.ID)
	return err == nil && on.Conversation == r.Conversation
}

// placeOn waits for a call to be placed, but not for longer than somebody who
// asks over HTTP can: calls wait for their turn at the carrier. Whoever asked may
// go away, too: what has begun is brought to its end.
func (d *Desk) placeOn(ctx context.Context, place func(context.Context) (Dispatch, error), on Dispatch) (Dispatch, bool, error) {
	type placed struct {
		on  Dispatch
		err error
	}
	result := make(chan placed, 1)
	d.wg.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.cfg.TurnWait)
		defer cancel()
		on, err := place(ctx)
		result <- placed{on, err}
	})
	late := time.NewTimer(placeWait)
	defer late.Stop()
	select {
	case p := <-result:
		return p.on, false, p.err
	case <-late.C:
		return on, false, nil // DispatchPlacing
	}
}

// outbound is the record of a call that w places.
func (d *Desk) outbound(w Wish, now time.Time) Record {
	id := w.Call
	if id == "" {
		id = d.cfg.NewID()
	}
	return Record{
		ID: id, Epoch: 1, Account: w.Account, From: w.From, To: w.To,
		Direction: telephony.Outbound, State: telephony.Queued, Sequence: -1, Created: now,
		Workspace: w.Workspace, Agent: w.Agent, AgentUUID: w.AgentUUID, Version: w.Version,
		Variables: w.Variables, Prepared: d.preparedAt(w.PreCall, now), PostCall: w.PostCall, Node: d.cfg.Node,
		FollowUp: w.FollowUp, Chat: w.Chat, Room: w.Room,
	}
}

// Why nobody was asked for a call.
var (
	errEnded  = errors.New("the call was ended before it was placed")
	errUnsaid = errors.New("the gateway could not write down that it asks the carrier")
)

// place asks the carrier for the call of on, and keeps its answer.
func (d *Desk) place(ctx context.Context, trunk telephony.Carrier, c *call, on Dispatch, w Wish) (Dispatch, error) {
	if c.look().at >= over { // hung up, or we stop
		return d.notPlaced(ctx, c, on, w, &PlaceError{Err: errEnded, Never: true})
	}
	asked := false
	carrierID, err := trunk.Dial(ctx, telephony.Outgoing{
		Call: on.Call, Workspace: w.Workspace, Account: w.Account, From: w.From, To: w.To,
		RingTimeout: w.RingTimeout, TimeLimit: w.TimeLimit, DetectMachine: w.DetectMachine,
		Before: func(ctx context.Context) error {
			err := d.mayDial(ctx, c)
			asked = asked || err == nil
			return err
		},
	})
	if err != nil {
		carrierID = "" // whatever came with it
		if asked && isUnsure(err) {
			carrierID = d.placedAnyway(ctx, trunk, c)
		}
	}
	if err != nil && carrierID == "" {
		return d.notPlaced(ctx, c, on, w, &PlaceError{Err: err, Never: !asked})
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), effortTimeout)
	defer cancel()
	c.placed(carrierID, time.Now().Add(w.RingTimeout+d.cfg.ConnectWait))
	if err := d.cfg.Calls.SetCarrier(ctx, on.Call, carrierID); err != nil {
		// The callbacks carry our own id: the first of them makes up for it.
		d.cfg.Log.Warn("cannot keep the carrier's id of a call", "call", on.Call, "error", err)
	}
	if c.look().at >= over { // somebody ended it meanwhile
		if err := trunk.Hangup(ctx, telephony.Ref{Account: w.Account, ID: carrierID}); err != nil {
			d.cfg.Log.Warn("cannot hang up", "call", on.Call, "error", err)
		}
	}
	d.cfg.Log.Info("call placed", "call", on.Call, "to", w.To)
	on.Status = DispatchPlaced
	return on, nil
}

// mayDial writes down that the carrier is asked for c now, unless somebody ended
// it: a process that stood still was given up meanwhile.
func (d *Desk) mayDial(ctx context.Context, c *call) error {
	if c.look().at >= over {
		return errEnded
	}
	err := d.cfg.Calls.SetDialled(ctx, c.id, time.Now())
	switch {
	case errors.Is(err, ErrEnded):
		return errEnded
	case err != nil:
		d.cfg.Log.Warn("cannot write down that the carrier is asked", "call", c.id, "error", err)
		return errUnsaid
	}
	return nil
}

// notPlaced keeps why the call of on is not placed, and ends it.
func (d *Desk) notPlaced(ctx context.Context, c *call, on Dispatch, w Wish, why *PlaceError) (Dispatch, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), effortTimeout)
	defer cancel()
	why.Why = sayWhy(why.Err, w.To, w.From)
	on.Status, on.Error = DispatchFailed, why.Why
	if err := d.cfg.Calls.FailDispatch(ctx, on.ID, on.Error); err != nil {
		d.cfg.Log.Warn("cannot keep why a call was not placed", "call", on.Call, "error", err)
	}
	d.end(ctx, c, verdict{reason: telephony.Failed, sure: true})
	if c.look().at == gone { // maybe before there was a row to end
		e, first, err := d.cfg.Calls.End(ctx, c.id, 1, telephony.Failed, time.Now())
		if err != nil {
			d.cfg.Log.Warn("cannot end the record", "call", c.id, "error", err)
		} else if first {
			d.cfg.Watch(c.id, e)
		}
	}
	return on, why
}

// sayWhy is why a call was not placed, for the API's client. The numbers are
// left out, whoever wrote them into the error.
func sayWhy(err error, numbers ...telephony.Number) string {
	var slow interface{ Timeout() bool }
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &slow) && slow.Timeout() {
		return "Connection timeout"
	}
	text := err.Error()
	for _, n := range numbers {
		for _, form := range []string{string(n), strings.TrimPrefix(string(n), "+")} {
			if form != "" {
				text = strings.ReplaceAll(text, form, "…")
			}
		}
	}
	const most = 500
	return strings.ToValidUTF8(text[:min(len(text), most)], "")
}

// isBeingPlaced notes that the dispatch id is at the carrier, until done.
func (d *Desk) isBeingPlaced(id string) (done func()) {
	mine := make(chan struct{})
	d.mu.Lock()
	defer d.mu.Unlock()
	d.placing[id] = mine
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.placing, id)
		close(mine)
	}
}

// isPlacing is closed when the dispatch id is done with the carrier; nil if it
// isn't there.
func (d *Desk) isPlacing(id string) <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.placing[id]
}
