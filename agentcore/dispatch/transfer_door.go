package dispatch

import (
	"context"
	"errors"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// transferOf is the transfer whose step r's caller has done with, as q says; zero
// when it was a stream. One that is another call's is [ErrNotFound].
func (d *Desk) transferOf(ctx context.Context, q telephony.Question, r Record) (Transfer, error) {
	switch {
	case q.Transfer == "":
		return Transfer{}, nil
	case d.cfg.Transfers == nil:
		return Transfer{}, ErrNotFound
	}
	t, err := d.cfg.Transfers.Transfer(ctx, q.Transfer)
	if err == nil && t.Call != r.ID {
		return Transfer{}, ErrNotFound
	}
	return t, err
}

// handOver decides for a call that is being handed on. Its open transfer, if
// there is one, is the newest of all; c is entered.
//
//	transfer                the question       answer
//	asked                   a stream is over   dialling; dial
//	blind, dialling         a stream is over   dial again, unless the carrier dials: ErrStillTalking
//	accepted                a stream is over   bridged; join the room
//	bridged in a room       a stream is over   join the room again
//	away                    its step is over   over: hang up if they talked, else the agent takes them up
//	away                    another's is over  ErrStillTalking: a replay
//	dialling, checking      anything           undecided: the agent takes them up, and goes on waiting
//	over, they talked       anything           hang up; the record is ended
//	over, they did not      anything           undecided: the agent takes them up
func (d *Desk) handOver(ctx context.Context, c *call, r Record, q telephony.Question, all []Transfer) (step telephony.Step, decided bool, err error) {
	t := newest(all)
	switch {
	case t.ID == "":
		return step, false, nil
	case t.isAway() && q.Transfer == t.ID:
		t = d.cameOf(ctx, t, q)
		if !t.Over() {
			return d.later(c, errUndecided), true, nil
		}
	case t.isAway() && q.Transfer != "":
		return step, true, d.stillTalks()
	}
	switch {
	case t.Over():
		return d.whenOver(ctx, c, t, r)
	case t.Status == TransferAsked:
		return d.sendOff(ctx, c, t, TransferChange{Status: TransferDialling})
	case t.Status == TransferAccepted:
		return d.sendOff(ctx, c, t, TransferChange{Status: TransferBridged, Bridged: time.Now()})
	case t.isAway():
		return d.sendAgain(ctx, c, t, r)
	}
	return step, false, nil
}

// errUndecided says that a store was not there to decide.
var errUndecided = errors.New("dispatch: the transfer can't be changed now")

func (d *Desk) stillTalks() error {
	d.cfg.Counter.StreamRefused("still_talking")
	return telephony.ErrStillTalking
}

// sendOff moves t on and the caller away.
func (d *Desk) sendOff(ctx context.Context, c *call, t Transfer, change TransferChange) (telephony.Step, bool, error) {
	now, err := d.move(ctx, t, []string{t.Status}, change)
	switch {
	case errors.Is(err, ErrMoved) && now.Over():
		return telephony.Step{}, false, nil
	case err != nil:
		return d.later(c, err), true, nil
	}
	d.goAway(c, now)
	return d.stepOf(c, now), true, nil
}

// sendAgain answers a carrier that asks once more what it was told before, as it
// did not get the answer. A carrier that does what it was told does not ask: then
// it is a replay.
func (d *Desk) sendAgain(ctx context.Context, c *call, t Transfer, r Record) (telephony.Step, bool, error) {
	trunk := d.trunk()
	if trunk == nil || t.Carrier == "" {
		d.goAway(c, t)
		return d.stepOf(c, t), true, nil
	}
	standing, err := trunk.State(ctx, t.ref())
	switch {
	case err != nil:
		return d.later(c, err), true, nil
	case standing.State.Terminal():
		return d.leftBehind(ctx, c, t, r, standing)
	case t.Kind == Blind:
		return telephony.Step{}, true, d.stillTalks()
	}
	d.goAway(c, t)
	return d.stepOf(c, t), true, nil
}

// leftBehind decides for a caller of whom the carrier asks without saying what
// came of the other leg, which is over.
func (d *Desk) leftBehind(ctx context.Context, c *call, t Transfer, r Record, leg telephony.Standing) (telephony.Step, bool, error) {
	change := TransferChange{Outcome: outcomeOf(leg.State), Ended: time.Now()}
	if !leg.Ended.IsZero() && leg.Ended.Before(change.Ended) {
		change.Ended = leg.Ended
	}
	if t.talkedUntil(change.Ended) >= hungUpAtOnce {
		change.Outcome = OutcomeCompleted
	}
	if t = d.close(ctx, t, []string{t.Status}, change); !t.Over() {
		return d.later(c, errUndecided), true, nil
	}
	return d.whenOver(ctx, c, t, r)
}

// whenOver hangs up on a caller who talked to somebody else, and leaves any other
// to the agent.
func (d *Desk) whenOver(ctx context.Context, c *call, t Transfer, r Record) (telephony.Step, bool, error) {
	if t.Outcome != OutcomeCompleted {
		return telephony.Step{}, false, nil
	}
	d.writeDown(ctx, r)
	d.end(ctx, c, verdict{reason: telephony.Transferred, sure: true})
	return telephony.Step{Kind: telephony.StepHangup}, true, nil
}

// stepOf is what the caller c of t does, who is away.
func (d *Desk) stepOf(c *call, t Transfer) telephony.Step {
	ear := d.earOf(c, t)
	if t.Kind != Blind {
		return telephony.Step{Kind: telephony.StepJoin, Room: d.roomOf(t), Ear: ear}
	}
	return telephony.Step{Kind: telephony.StepDial, Ear: ear, Dial: telephony.Dial{
		Transfer: t.ID, To: t.To, CallerID: t.From, RingTimeout: t.Ring, PostDial: t.PostDial,
	}}
}

// cameOf ends t, whose caller was away and is done with it as q says, and returns
// it as it is then. One that is elsewhere stays there.
func (d *Desk) cameOf(ctx context.Context, t Transfer, q telephony.Question) Transfer {
	if !t.isAway() || q.Transfer != t.ID {
		return t
	}
	now := time.Now()
	change := TransferChange{Outcome: t.cameTo(q, now), Ended: now}
	switch {
	case change.Outcome == OutcomeDeclined && q.Dialled.State == telephony.Completed:
		change.Reason = "they hung up at once"
	case change.Outcome == OutcomeCompleted && t.Bridged.IsZero():
		change.Bridged = now.Add(-q.Dialled.Duration)
	}
	if t.Kind != Blind {
		d.dropSurely(ctx, t)
	}
	return d.close(ctx, t, []string{TransferDialling, TransferBridged}, change)
}

// cameTo is the outcome of t, of which the carrier asks q at now.
func (t Transfer) cameTo(q telephony.Question, now time.Time) string {
	said := q.Dialled
	if t.Kind != Blind && !said.State.Terminal() {
		said.State = telephony.Completed // of a room, the carrier says no more
	}
	isThere := !q.Over // the caller is
	switch said.State {
	case telephony.Completed:
		talked, isKnown := max(said.Duration, t.talkedUntil(now)), said.Duration > 0 || !t.Bridged.IsZero()
		if isThere && isKnown && talked < hungUpAtOnce {
			return OutcomeDeclined
		}
		return OutcomeCompleted
	case telephony.StateBusy, telephony.StateFail:
		return outcomeOf(said.State)
	case telephony.StateNone, telephony.StateStop:
		if isThere {
			return OutcomeNoAnswer
		}
		return OutcomeCanceled
	}
	switch { // the carrier did not say
	case !t.Bridged.IsZero():
		return OutcomeCompleted
	case isThere:
		return OutcomeFailed
	}
	return OutcomeCanceled
}

// handedOn reports whether r's caller, of whom the carrier says that they are
// gone, talked to somebody else to the end. An open transfer that took them away
// is ended.
func (d *Desk) handedOn(ctx context.Context, r Record) bool {
	all, err := d.transfersOf(ctx, r.ID)
	if err != nil {
		d.cfg.Log.Warn("cannot read the transfers of a call that is over", "call", r.ID, "error", err)
		return false
	}
	t := newest(all)
	wasAway := t.isAway()
	if c := d.find(r.ID); c != nil && c.look().at == away {
		wasAway = true // and the carrier told just now what came of it
	}
	if t.isAway() {
		change := TransferChange{Outcome: OutcomeCanceled}
		if t.Status == TransferBridged {
			change.Outcome = OutcomeCompleted
		} else {
			change = d.unheard(ctx, t, change)
		}
		d.dropSurely(ctx, t)
		t = d.close(ctx, t, []string{t.Status}, change)
	}
	if wasAway || t.Outcome == OutcomeCompleted { // nobody else has the pen
		d.writeDown(ctx, r)
	}
	return t.Outcome == OutcomeCompleted
}

// putOff reports whether p, that the caller of r is gone, waits a moment: the
// carrier dialled somebody for them, and is about to tell what came of it.
func (d *Desk) putOff(ctx context.Context, r Record, p telephony.Progress) bool {
	if r.Over() || p.State != telephony.Completed || d.cfg.Transfers == nil {
		return false
	}
	t, err := d.openTransfer(ctx, r.ID)
	if err != nil || t.Status != TransferDialling || t.Kind != Blind {
		return false
	}
	h := d.findHanding(t.ID)
	if h == nil {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.over == nil {
		h.over = &overSoon{telephony.Standing{State: p.State, Ended: endOf(r, p)}, time.Now().Add(questionComes)}
	}
	h.wake()
	return true
}
