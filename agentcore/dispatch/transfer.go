package dispatch

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// Bounds of a transfer that its wish leaves open.
const (
	transferRing  = 25 * time.Second
	transferTries = 2
)

// Errors of [Desk.Transfer], beside [ErrTries], [ErrTransferring], [ErrEnded],
// [ErrNoCarrier] and what Config.Permit says.
var (
	// ErrNoTransfers means that calls are never handed on here.
	ErrNoTransfers = errors.New("dispatch: calls are not handed on here")
	// ErrForeign means that the call is of an account that takes no orders from us.
	ErrForeign = errors.New("dispatch: a call that came in by a door is not handed on: its carrier takes no orders from here")
	// ErrNotTalking means that no agent of this process talks on the call.
	ErrNotTalking = errors.New("dispatch: nobody here talks on the call")
)

// Transfer begins to hand a call on that an agent of this process talks on. A
// blind one is only written down: it is dialled when the agent has left the
// stream. Of the other kinds the other leg is called before Transfer returns,
// or soon after, and [Desk.News] tells what becomes of it. One whose leg could
// not be placed is returned as it is then: over, and nobody is told again.
//
// The same key again gives the transfer on record, whatever became of it.
func (d *Desk) Transfer(ctx context.Context, w TransferWish) (Transfer, error) {
	switch {
	case d.cfg.Transfers == nil:
		return Transfer{}, ErrNoTransfers
	case w.Key == "" || w.To == "":
		return Transfer{}, errors.New("dispatch: a transfer has a key and a destination")
	case w.Kind != Blind && w.Kind != Conference && w.Kind != Warm:
		return Transfer{}, fmt.Errorf("dispatch: no such kind of transfer: %q", w.Kind)
	}
	r, err := d.cfg.Calls.Call(ctx, w.Call)
	if err != nil {
		return Transfer{}, fmt.Errorf("dispatch: transfer: %w", err)
	}
	before, err := d.transfersOf(ctx, w.Call)
	if err != nil {
		return Transfer{}, fmt.Errorf("dispatch: transfer: %w", err)
	}
	tried := 0
	for _, t := range before {
		if t.Key == w.Key {
			return t, nil
		}
		if t.To == w.To {
			tried++
		}
	}
	trunk := d.trunk()
	switch c := d.find(w.Call); {
	case r.Over():
		return Transfer{}, ErrEnded
	case r.Foreign:
		return Transfer{}, ErrForeign
	case tried >= cmp.Or(max(0, w.Tries), transferTries):
		return Transfer{}, ErrTries
	case trunk == nil:
		return Transfer{}, ErrNoCarrier
	case c == nil || c.look().at != talking:
		return Transfer{}, ErrNotTalking
	}
	// Our number counts, whatever is shown: with the caller's they would choose
	// the region that may be called.
	cost := Cost{Workspace: r.Workspace, From: ours(r), To: w.To, Transfer: true}
	if _, err := d.permit(ctx, cost); err != nil {
		return Transfer{}, err
	}
	wanted := d.wanted(w, r, time.Now())
	on, created, err := d.create(ctx, wanted)
	switch {
	case err != nil:
		return Transfer{}, fmt.Errorf("dispatch: transfer: %w", err)
	case !created:
		d.cfg.Release(cost)
		return on, nil
	}
	d.cfg.Log.Info("call is being handed on", "call", on.Call, "transfer", on.ID, "kind", on.Kind)
	if on.Kind == Blind {
		d.attend(on)
		return on, nil
	}
	h := d.attendAsked(on)
	on = d.placeSoon(ctx, trunk, on)
	h.answer(on)
	return on, nil
}

// wanted is the transfer that w asks for.
func (d *Desk) wanted(w TransferWish, r Record, now time.Time) Transfer {
	t := Transfer{
		ID: telephony.CallID(transferPrefix + strings.ToLower(rand.Text())), Call: r.ID, Workspace: r.Workspace,
		Key: w.Key, Kind: w.Kind, Label: w.Label, From: cmp.Or(w.CallerID, ours(r)), To: w.To, PostDial: w.PostDial,
		Ring: w.Ring, Summary: w.Summary, Status: TransferDialling, Account: r.Account, Created: now,
	}
	if t.Ring <= 0 {
		t.Ring = transferRing
	}
	if t.Kind == Blind {
		t.Status = TransferAsked
	}
	return t
}

// ours is the gateway's own number of r.
func ours(r Record) telephony.Number {
	if r.Direction == telephony.Outbound {
		return r.From
	}
	return r.To
}

// permit asks whether c may be called, and returns what was checked.
func (d *Desk) permit(ctx context.Context, c Cost) (proof string, err error) {
	proof, err = d.cfg.Permit(ctx, c)
	if err != nil {
		return "", notPermitted{err}
	}
	return proof, nil
}

// notPermitted is that Config.Permit said no, or can't tell.
type notPermitted struct{ err error }

func (e notPermitted) Error() string { return "dispatch: " + e.err.Error() }

func (e notPermitted) Unwrap() error { return e.err }

// openStatus are those of a transfer that is not over.
var openStatus = []string{TransferAsked, TransferDialling, TransferChecking, TransferAccepted, TransferBridged}

// Withdraw gives up a transfer for which the agent has not left: its outcome is
// canceled, for why. The other leg is hung up. That it is over already is no
// error; that somebody waits for the caller, or has them, is [ErrMoved].
func (d *Desk) Withdraw(ctx context.Context, id telephony.CallID, why string) error {
	if d.cfg.Transfers == nil {
		return ErrNoTransfers
	}
	t, err := d.cfg.Transfers.Transfer(ctx, id)
	switch {
	case err != nil:
		return fmt.Errorf("dispatch: withdraw: %w", err)
	case t.Over():
		return nil
	case t.isAway() || t.Status == TransferAccepted:
		return fmt.Errorf("dispatch: withdraw: %w", ErrMoved)
	}
	now, err := d.move(ctx, t, []string{t.Status}, TransferChange{Status: TransferOver, Outcome: OutcomeCanceled, Reason: why, Ended: time.Now()})
	switch {
	case errors.Is(err, ErrMoved) && !now.Over():
		return d.Withdraw(ctx, id, why) // it only goes on, a few steps
	case err != nil && !errors.Is(err, ErrMoved):
		return fmt.Errorf("dispatch: withdraw: %w", err)
	}
	d.drop(ctx, now)
	return nil
}

// Transfers lists those of a call, oldest first.
func (d *Desk) Transfers(ctx context.Context, call telephony.CallID) ([]Transfer, error) {
	return d.transfersOf(ctx, call)
}

func (d *Desk) transfersOf(ctx context.Context, call telephony.CallID) ([]Transfer, error) {
	if d.cfg.Transfers == nil {
		return nil, nil
	}
	return d.cfg.Transfers.TransfersOf(ctx, call)
}

// newest is the last of all; zero when there is none. Only the newest can be
// open.
func newest(all []Transfer) Transfer {
	if len(all) == 0 {
		return Transfer{}
	}
	return all[len(all)-1]
}

// openTransfer is the transfer of a call that goes on; zero when there is none.
func (d *Desk) openTransfer(ctx context.Context, call telephony.CallID) (Transfer, error) {
	all, err := d.transfersOf(ctx, call)
	if t := newest(all); err == nil && !t.Over() {
		return t, nil
	}
	return Transfer{}, err
}
