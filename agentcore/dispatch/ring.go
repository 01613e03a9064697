package dispatch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// Ring implements [telephony.Desk]. A store that fails is an error: the carrier
// will ask again, or its next address.
func (d *Desk) Ring(ctx context.Context, in telephony.Incoming) (telephony.Step, error) {
	if in.Carrier == "" {
		return telephony.Step{}, fmt.Errorf("dispatch: ring: %w", telephony.ErrUnknownCall)
	}
	done, err := d.oneAtATime(ctx, in.Carrier)
	if err != nil {
		return telephony.Step{}, fmt.Errorf("dispatch: ring: %w", err)
	}
	defer done()
	switch {
	case d.isTransfer(in.Call):
		return d.ringLeg(ctx, in)
	case in.Call != "":
		return d.ringOurs(ctx, in)
	}
	return d.ringTheirs(ctx, in)
}

// oneAtATime waits until nobody else is at the same call: a doubled webhook must
// find what the first one decided. what is the carrier's id of a call that rings,
// or the name of a wish.
func (d *Desk) oneAtATime(ctx context.Context, what string) (done func(), err error) {
	for {
		d.mu.Lock()
		other := d.ringing[what]
		if other == nil {
			mine := make(chan struct{})
			d.ringing[what] = mine
			d.mu.Unlock()
			return func() {
				d.mu.Lock()
				delete(d.ringing, what)
				d.mu.Unlock()
				close(mine)
			}, nil
		}
		d.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (d *Desk) ringTheirs(ctx context.Context, in telephony.Incoming) (telephony.Step, error) {
	if in.State.Terminal() {
		step, err := d.Next(ctx, telephony.Question{Carrier: in.Carrier, Account: in.Account, Over: true})
		if errors.Is(err, telephony.ErrUnknownCall) {
			return telephony.Step{Kind: telephony.StepNothing}, nil // gone before we heard of it
		}
		return step, err
	}
	route, err := d.cfg.Route(ctx, in)
	if err != nil {
		return telephony.Step{}, fmt.Errorf("dispatch: ring: who answers: %w", err)
	}
	now := time.Now()
	wanted := d.inbound(in, route, now)
	var full error
	if wanted.Reason == "" {
		full = d.noRoom()
	}
	if full != nil { // at once, so that it takes no session from who comes next
		wanted.Reason, wanted.Why = telephony.Refused, d.whyRefused(full, in.To)
	}
	r, created, err := d.cfg.Calls.Create(ctx, wanted)
	if err != nil {
		return telephony.Step{}, fmt.Errorf("dispatch: ring: %w", err)
	}
	switch {
	case !created && r.Account != in.Account:
		return telephony.Step{}, telephony.ErrUnknownCall
	case !created:
		return d.again(ctx, r, route)
	case r.Over():
		return d.noWay(ctx, r, route, full), nil
	}
	c, _, err := d.take(r, pending, now.Add(d.cfg.ConnectWait))
	if err != nil {
		return d.refuse(ctx, r, err)
	}
	d.cfg.Counter.CallTaken(string(r.Direction))
	d.cfg.Log.Info("call taken", "call", r.ID, "direction", r.Direction, "from", r.From)
	return d.connectPrepared(ctx, c, r), nil
}

// inbound is the record of a call that goes where route says.
func (d *Desk) inbound(in telephony.Incoming, route Route, now time.Time) Record {
	return Record{
		ID: d.cfg.NewID(), Carrier: in.Carrier, Account: in.Account, From: in.From, To: in.To,
		Direction: telephony.Inbound, State: in.State, Created: now,
		Workspace: route.Workspace, Agent: route.Agent, AgentUUID: route.AgentUUID, Version: route.Version,
		Conversation: newConversation(), Variables: route.Variables, Prepared: d.preparedAt(route.PreCall, now),
		PostCall: route.PostCall, FollowUp: route.FollowUp, Reason: route.Refuse, Why: route.Why, Node: d.cfg.Node,
	}
}

// again answers a call that rang before: what it was told then, unless that is
// past. The token is always the first one, so a repeat never yields a fresh one.
func (d *Desk) again(ctx context.Context, r Record, route Route) (telephony.Step, error) {
	switch r.Reason {
	case "":
	case telephony.Refused:
		return d.elsewhere(r), nil
	case telephony.NumberUnknown, telephony.AgentDisabled, telephony.AgentIncomplete:
		return apology(r, route), nil
	default:
		return telephony.Step{Kind: telephony.StepHangup}, nil
	}
	c, err := d.adopt(ctx, r)
	if err != nil {
		return telephony.Step{}, fmt.Errorf("dispatch: ring: %w", err)
	}
	return d.connectPrepared(ctx, c, r), nil
}

// ringOurs answers a call that we placed and that was picked up.
func (d *Desk) ringOurs(ctx context.Context, in telephony.Incoming) (telephony.Step, error) {
	r, err := d.record(ctx, in.Call, telephony.Ref{Account: in.Account, ID: in.Carrier})
	if err != nil {
		return telephony.Step{}, fmt.Errorf("dispatch: ring: %w", err)
	}
	switch {
	case r.Over():
		return telephony.Step{Kind: telephony.StepHangup}, nil
	case in.State.Terminal():
		d.conclude(ctx, r, telephony.Standing{State: in.State})
		return telephony.Step{Kind: telephony.StepNothing}, nil
	}
	c, err := d.adopt(ctx, r)
	if err != nil {
		return telephony.Step{}, fmt.Errorf("dispatch: ring: %w", err)
	}
	c.answered(in.Carrier, time.Now().Add(d.cfg.ConnectWait))
	d.prepare(c, r)
	return d.connect(c, 1), nil // they have picked up: who talks to them waits, not the line
}

// record finds the call that a carrier speaks of: by our own id, when it was
// told it, else by its own. A carrier's id that contradicts is an unknown call, and
// so is another account's: who holds one account's key vouches for no other.
func (d *Desk) record(ctx context.Context, id telephony.CallID, as telephony.Ref) (Record, error) {
	carrierID := as.ID
	var r Record
	var err error
	if id == "" {
		r, err = d.cfg.Calls.CallByCarrier(ctx, carrierID)
	} else {
		r, err = d.cfg.Calls.Call(ctx, id)
	}
	if err == nil && r.Account == as.Account && r.Carrier == "" && carrierID != "" {
		err = d.cfg.Calls.SetCarrier(ctx, id, carrierID)
		r.Carrier = carrierID
	}
	switch {
	case errors.Is(err, ErrNotFound), errors.Is(err, ErrCarrier):
		return Record{}, telephony.ErrUnknownCall
	case err != nil:
		return Record{}, err
	case r.Account != as.Account, carrierID != "" && r.Carrier != carrierID:
		return Record{}, telephony.ErrUnknownCall
	}
	return r, nil
}

func (d *Desk) connect(c *call, epoch int) telephony.Step {
	c.tell(epoch)
	return telephony.Step{Kind: telephony.StepConnect, Token: d.tokens.token(c.id, epoch), EarOff: c.mayBeHeard()}
}
