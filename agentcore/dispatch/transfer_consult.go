package dispatch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// admitLeg is [Desk.Admit] for the other leg of a transfer. The token is spent
// by the transfer's being checked, and is good from the moment when they answered.
func (d *Desk) admitLeg(ctx context.Context, id telephony.CallID, epoch int, as telephony.Ref) (telephony.Call, error) {
	t, err := d.cfg.Transfers.Transfer(ctx, id)
	switch {
	case errors.Is(err, ErrNotFound):
		return telephony.Call{}, telephony.ErrToken
	case err != nil:
		return telephony.Call{}, fmt.Errorf("dispatch: admit: %w", err)
	case as.ID == "" || t.ref() != as || epoch != legEpoch || t.Kind == Blind,
		t.Status != TransferDialling, t.Answered.IsZero(), time.Since(t.Answered) > tokenLasts:
		return telephony.Call{}, telephony.ErrToken
	case d.isClosed():
		return telephony.Call{}, fmt.Errorf("dispatch: admit: %w", errClosed)
	}
	h := d.attend(t)
	t, err = d.move(ctx, t, []string{TransferDialling}, TransferChange{Status: TransferChecking})
	switch {
	case errors.Is(err, ErrMoved):
		return telephony.Call{}, telephony.ErrToken
	case err != nil:
		return telephony.Call{}, fmt.Errorf("dispatch: admit: %w", err)
	}
	h.admit()
	return telephony.Call{
		ID: t.ID, Epoch: legEpoch, Carrier: t.Carrier, Account: t.Account,
		From: t.From, To: t.To, Direction: telephony.Outbound,
	}, nil
}

func (h *handing) admit() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.admitted = true
}

// begin puts l on the leg, if a stream was let in.
func (h *handing) begin(l *line) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.admitted || h.line != nil {
		return false
	}
	h.line = l
	return true
}

// talkLeg is [Desk.Talk] for the other leg of a transfer: it asks whoever
// answered whether they take the call, and keeps the answer before the leg is let
// go.
func (d *Desk) talkLeg(ctx context.Context, call telephony.Call, leg telephony.Leg) error {
	h := d.findHanding(call.ID)
	if h == nil {
		return telephony.ErrToken
	}
	ctx, cut := context.WithCancelCause(ctx)
	defer cut(nil)
	l := newLine(leg, legEpoch, cut)
	if !h.begin(l) {
		return telephony.ErrToken
	}
	defer close(l.left)
	defer l.hush()
	t, err := d.cfg.Transfers.Transfer(ctx, call.ID)
	if err != nil {
		return fmt.Errorf("dispatch: consult: %w", err)
	}
	said, err := d.cfg.Consult(ctx, t, l)
	effort, cancel := context.WithTimeout(context.WithoutCancel(ctx), effortTimeout)
	defer cancel()
	d.consulted(effort, t, said, err)
	return err
}

// lineLost is what it means that the stream of t's leg broke: they hung up, or the
// line did not bear.
func (d *Desk) lineLost(ctx context.Context, t Transfer) TransferChange {
	if trunk := d.trunk(); trunk != nil {
		if standing, err := trunk.State(ctx, t.ref()); err == nil && standing.State.Terminal() {
			return TransferChange{Outcome: OutcomeDeclined}
		}
	}
	return TransferChange{Outcome: OutcomeFailed, Reason: "the line to them was lost"}
}

// acceptTries is how often it is tried to keep that somebody takes a call.
const acceptTries = 3

// consulted keeps what came of the talk with whoever answered.
func (d *Desk) consulted(ctx context.Context, t Transfer, said Consultation, failed error) {
	from := []string{TransferChecking}
	if r, err := d.cfg.Calls.Call(ctx, t.Call); err == nil && r.Over() {
		d.attend(t).wake() // they were hung up on for the caller, who is gone
		return
	}
	switch {
	case failed != nil:
		d.close(ctx, t, from, d.lineLost(ctx, t))
		return
	case !said.Accepted:
		outcome := cmp.Or(said.Outcome, OutcomeDeclined)
		d.close(ctx, t, from, TransferChange{Outcome: outcome, Reason: cmp.Or(said.Reason, reasons[outcome])})
		return
	}
	for range acceptTries {
		_, err := d.move(ctx, t, from, TransferChange{Status: TransferAccepted})
		if err == nil || errors.Is(err, ErrMoved) {
			return // taken, or given up meanwhile: the door knows
		}
		d.cfg.Log.Warn("cannot keep that somebody takes a call", "transfer", t.ID, "error", err)
	}
}
