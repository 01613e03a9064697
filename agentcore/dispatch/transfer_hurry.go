package dispatch

import (
	"context"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// hurry ends a transfer that stays where it is for too long.
func (d *Desk) hurry(ctx context.Context, h *handing, t Transfer) {
	now := time.Now()
	from := []string{t.Status}
	switch t.Status {
	case TransferAsked:
		if now.Sub(t.Created) > askedFor {
			d.close(ctx, t, from, TransferChange{Outcome: OutcomeCanceled, Reason: "the agent did not leave the call"})
		}
	case TransferDialling:
		d.hurryRinging(ctx, h, t, now)
	case TransferChecking:
		if now.Sub(t.Answered) > checkingFor {
			d.drop(ctx, d.close(ctx, t, from, TransferChange{Outcome: OutcomeSilent, Reason: "somebody answered and did not take the call"}))
		}
	case TransferAccepted:
		if now.Sub(h.since) > acceptedFor && d.drop(ctx, t) {
			d.close(ctx, t, from, TransferChange{Outcome: OutcomeFailed, Reason: "the caller could not be connected in time"})
		}
	}
}

// hurryRinging sees to a leg that is called: the carrier is asked about one that
// should have been answered, or not, by now.
func (d *Desk) hurryRinging(ctx context.Context, h *handing, t Transfer, now time.Time) {
	from := []string{TransferDialling}
	if !t.Answered.IsZero() {
		if now.Sub(t.Answered) > d.cfg.ConnectWait {
			d.drop(ctx, d.close(ctx, t, from, TransferChange{Outcome: OutcomeFailed, Reason: "they answered, and the line stayed silent"}))
		}
		return
	}
	rang := now.Sub(t.Created.Add(t.Ring))
	trunk := d.trunk()
	switch {
	case rang > giveUpAfter:
		d.drop(ctx, d.close(ctx, t, from, TransferChange{Outcome: OutcomeNoAnswer}))
	case rang > askAfter && now.Sub(h.asked) > askAfter && trunk != nil && t.Carrier != "":
		h.asked = now
		standing, err := trunk.State(ctx, t.ref())
		if err == nil && standing.State.Terminal() {
			d.close(ctx, t, from, TransferChange{Outcome: outcomeOf(standing.State)})
		}
	}
}

// dropTries is how often a leg is hung up of a call that is over.
const dropTries = 30

// callIsOver ends the transfer of a call that is over, and hangs its other leg
// up: first, as nobody looks after it once the transfer is over.
func (d *Desk) callIsOver(ctx context.Context, h *handing, t Transfer, r Record) bool {
	if h.tries++; !d.drop(ctx, t) && h.tries < dropTries {
		return false
	}
	change := TransferChange{Outcome: OutcomeCanceled, Ended: r.Ended}
	switch {
	case t.Status == TransferBridged, r.Reason == telephony.Transferred:
		change.Outcome = OutcomeCompleted
	case t.isAway():
		change = d.unheard(ctx, t, change)
	case r.Reason != telephony.CallerHangup:
		change.Reason = "the call ended"
	}
	return d.close(ctx, t, []string{t.Status}, change).Over()
}

// unheard asks the carrier what came of a leg that it dialled and of which it
// never said that it was answered.
func (d *Desk) unheard(ctx context.Context, t Transfer, change TransferChange) TransferChange {
	trunk := d.trunk()
	if trunk == nil || t.Carrier == "" {
		return change
	}
	standing, err := trunk.State(ctx, t.ref())
	if err != nil || standing.State != telephony.Completed || standing.Took <= 0 {
		return change
	}
	if change.Ended.IsZero() {
		change.Ended = time.Now()
	}
	if !standing.Ended.IsZero() && standing.Ended.Before(change.Ended) {
		change.Ended = standing.Ended
	}
	change.Outcome, change.Bridged = OutcomeCompleted, change.Ended.Add(-standing.Took)
	return change
}

// recoverTransfers takes up what a dead process left of calls that are live
// here, or over.
func (d *Desk) recoverTransfers(ctx context.Context) error {
	if d.cfg.Transfers == nil {
		return nil
	}
	open, err := d.cfg.Transfers.OpenTransfers(ctx)
	if err != nil {
		return err
	}
	for _, t := range open {
		if d.findHanding(t.ID) != nil || d.isClosed() {
			continue
		}
		if r, err := d.cfg.Calls.Call(ctx, t.Call); err == nil && (r.Over() || d.find(t.Call) != nil) {
			d.attend(t)
		}
	}
	return nil
}
