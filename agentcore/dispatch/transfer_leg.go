package dispatch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// legEpoch is the one epoch of a transfer's other leg: a stream of it that is
// lost is not taken up again.
const legEpoch = 1

// leg finds the transfer whose other leg a carrier speaks of as id. What
// contradicts what is on record is an unknown call.
func (d *Desk) leg(ctx context.Context, id telephony.CallID, as telephony.Ref) (Transfer, error) {
	t, err := d.cfg.Transfers.Transfer(ctx, id)
	switch {
	case errors.Is(err, ErrNotFound):
		return Transfer{}, telephony.ErrUnknownCall
	case err != nil:
		return Transfer{}, err
	case as.ID == "", t.Account != as.Account, t.Carrier != "" && t.Carrier != as.ID:
		return Transfer{}, telephony.ErrUnknownCall
	case t.Carrier != "":
		return t, nil
	}
	r, err := d.cfg.Calls.Call(ctx, t.Call)
	if err != nil {
		return Transfer{}, err
	}
	if r.Carrier == as.ID { // the caller's own leg is not the other one
		return Transfer{}, telephony.ErrUnknownCall
	}
	t, err = d.cfg.Transfers.MoveTransfer(ctx, id, append(slices.Clone(openStatus), TransferOver), TransferChange{Carrier: as.ID})
	if errors.Is(err, ErrCarrier) {
		return Transfer{}, telephony.ErrUnknownCall
	}
	return t, err
}

// ringLeg is [Desk.Ring] for the other leg of a transfer: who was called has
// answered, and is connected to be talked to.
func (d *Desk) ringLeg(ctx context.Context, in telephony.Incoming) (telephony.Step, error) {
	t, err := d.leg(ctx, in.Call, telephony.Ref{Account: in.Account, ID: in.Carrier})
	switch {
	case err != nil:
		return telephony.Step{}, fmt.Errorf("dispatch: ring: %w", err)
	case t.Kind == Blind:
		return telephony.Step{}, telephony.ErrUnknownCall // the carrier connects them, and never asks
	case in.State.Terminal():
		d.legOver(ctx, t, in.State)
		return telephony.Step{Kind: telephony.StepNothing}, nil
	case t.Over():
		return telephony.Step{Kind: telephony.StepHangup}, nil
	}
	r, err := d.cfg.Calls.Call(ctx, t.Call)
	if err != nil {
		return telephony.Step{}, fmt.Errorf("dispatch: ring: %w", err)
	}
	if r.Over() {
		d.attend(t) // who ends it
		return telephony.Step{Kind: telephony.StepHangup}, nil
	}
	if err := d.answered(ctx, t, time.Now()); err != nil {
		return telephony.Step{}, fmt.Errorf("dispatch: ring: %w", err)
	}
	return telephony.Step{Kind: telephony.StepConnect, Token: d.tokens.token(t.ID, legEpoch)}, nil
}

// answered notes that the other leg of t, which we placed, was answered.
func (d *Desk) answered(ctx context.Context, t Transfer, now time.Time) error {
	if t.Status != TransferDialling || !t.Answered.IsZero() {
		return nil
	}
	_, err := d.move(ctx, t, []string{TransferDialling}, TransferChange{Answered: now})
	if errors.Is(err, ErrMoved) {
		return nil
	}
	return err
}

// reportLeg is [Desk.Report] for the other leg of a transfer.
func (d *Desk) reportLeg(ctx context.Context, id telephony.CallID, as telephony.Ref, p telephony.Progress) error {
	t, err := d.leg(ctx, id, as)
	if err != nil {
		return fmt.Errorf("dispatch: report: %w", err)
	}
	if p.SIPCode != 0 && p.SIPCode != t.SIPCode {
		now, err := d.cfg.Transfers.MoveTransfer(ctx, t.ID, []string{t.Status}, TransferChange{SIPCode: p.SIPCode})
		if err != nil && !errors.Is(err, ErrMoved) {
			return fmt.Errorf("dispatch: report: %w", err)
		}
		t = now
	}
	switch {
	case p.State.Terminal():
		d.legOver(ctx, t, p.State)
	case t.Over() && t.Kind != Blind && p.State != "":
		d.drop(ctx, t) // it rings although nobody wants it
	case p.State == telephony.InProgress && t.Kind == Blind:
		now := time.Now()
		_, err = d.move(ctx, t, []string{TransferDialling}, TransferChange{Status: TransferBridged, Answered: now, Bridged: now})
	case p.State == telephony.InProgress:
		err = d.answered(ctx, t, time.Now())
	}
	if err != nil && !errors.Is(err, ErrMoved) {
		return fmt.Errorf("dispatch: report: %w", err)
	}
	return nil
}

// legOver sees to a transfer whose other leg is over. If the caller is with them
// the carrier asks for the caller next; [Desk.lookAway] sees to it that it does.
func (d *Desk) legOver(ctx context.Context, t Transfer, s telephony.State) {
	switch {
	case t.Over():
		return
	case t.isAway():
		d.attend(t).ended(legEnd{s, time.Now(), time.Now()})
		return
	}
	if r, err := d.cfg.Calls.Call(ctx, t.Call); err == nil && r.Over() {
		d.attend(t).wake() // it was hung up for the caller, who is gone
		return
	}
	outcome := outcomeOf(s)
	if s == telephony.StateStop {
		outcome = OutcomeNoAnswer // who gives a leg up says so first
	}
	now := d.close(ctx, t, []string{TransferDialling, TransferChecking, TransferAccepted}, TransferChange{Outcome: outcome})
	if now.isAway() {
		d.attend(now).ended(legEnd{s, time.Now(), time.Now()}) // the caller joined at this moment
	}
}

// nextOfLeg is [Desk.Next] for the other leg of a transfer, which we placed: who
// accepted goes to the room, anybody else is done with.
func (d *Desk) nextOfLeg(ctx context.Context, q telephony.Question, asked time.Time) (telephony.Step, error) {
	if d.cfg.Transfers == nil || q.Carrier == "" {
		return telephony.Step{}, telephony.ErrUnknownCall
	}
	t, err := d.cfg.Transfers.TransferByCarrier(ctx, q.Carrier)
	switch {
	case errors.Is(err, ErrNotFound):
		return telephony.Step{}, telephony.ErrUnknownCall
	case err != nil:
		return d.blind(q, err), nil
	case t.Account != q.Account, t.Kind == Blind, q.Transfer != "" && q.Transfer != t.ID:
		return telephony.Step{}, telephony.ErrUnknownCall
	case q.Over:
		d.legOver(ctx, t, telephony.Completed)
		return telephony.Step{Kind: telephony.StepNothing}, nil
	case q.Transfer != "" && (t.Status == TransferAccepted || t.Status == TransferBridged): // they left the room
		d.legOver(ctx, t, telephony.Completed)
		return telephony.Step{Kind: telephony.StepHangup}, nil
	}
	if h := d.findHanding(t.ID); h != nil && h.talks(ctx, asked) {
		return telephony.Step{}, d.stillTalks()
	}
	return d.nextOfSilent(ctx, t.ID), nil
}

// talks reports whether a frame comes on the leg's stream. A consultation that is
// at its end has ended, and said so, when talks returns false.
func (h *handing) talks(ctx context.Context, asked time.Time) bool {
	h.mu.Lock()
	l := h.line
	h.mu.Unlock()
	return l != nil && l.proves(ctx, asked, asked.Add(stillTalking))
}

// nextOfSilent decides for a leg on which nobody talks any more.
func (d *Desk) nextOfSilent(ctx context.Context, id telephony.CallID) telephony.Step {
	t, err := d.cfg.Transfers.Transfer(ctx, id)
	if err != nil {
		d.cfg.Log.Warn("the door cannot decide yet", "transfer", id, "error", err)
		return telephony.Step{Kind: telephony.StepWait}
	}
	switch t.Status {
	case TransferAccepted, TransferBridged: // the caller may have been faster
		return telephony.Step{Kind: telephony.StepJoin, Room: d.roomOf(t)}
	case TransferDialling:
		if time.Since(t.Answered) < tokenLasts { // no stream was opened yet: once more
			return telephony.Step{Kind: telephony.StepConnect, Token: d.tokens.token(t.ID, legEpoch)}
		}
	}
	if r, err := d.cfg.Calls.Call(ctx, t.Call); err == nil && r.Over() {
		d.attend(t).wake() // they were let go for the caller, who is gone
		return telephony.Step{Kind: telephony.StepHangup}
	}
	d.close(ctx, t, []string{TransferDialling, TransferChecking}, TransferChange{
		Outcome: OutcomeFailed, Reason: "the line to them was lost",
	})
	return telephony.Step{Kind: telephony.StepHangup}
}

// roomOf is where the two of t talk. Who leaves it closes it, so that nobody
// stays alone in it, even if nobody here hears of it.
func (d *Desk) roomOf(t Transfer) telephony.Room {
	return telephony.Room{Transfer: t.ID, Name: d.tokens.roomName(t.ID), Ends: true}
}
