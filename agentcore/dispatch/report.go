package dispatch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// Report implements [telephony.Desk]. What was said before changes nothing; a
// terminal word counts whatever its number: nothing can follow it.
func (d *Desk) Report(ctx context.Context, p telephony.Progress) error {
	as := telephony.Ref{Account: p.Account, ID: p.Carrier}
	if d.isTransfer(p.Call) {
		return d.reportLeg(ctx, p.Call, as, p)
	}
	r, err := d.record(ctx, p.Call, as)
	if err != nil {
		return fmt.Errorf("dispatch: report: %w", err)
	}
	if c := d.find(r.ID); c != nil && r.Carrier != "" {
		c.placed(r.Carrier, time.Now().Add(ringTimeout+d.cfg.ConnectWait))
	}
	if err := d.keepAnswerer(ctx, r, p.AnsweredBy); err != nil {
		return fmt.Errorf("dispatch: report: %w", err)
	}
	if p.State == "" {
		return nil
	}
	isNews, err := d.cfg.Calls.Progress(ctx, r.ID, p.State, p.Sequence, p.SIPCode, time.Now())
	if p.State.Terminal() && !d.putOff(ctx, r, p) {
		d.conclude(ctx, r, telephony.Standing{State: p.State, Ended: endOf(r, p)})
	}
	if err != nil {
		return fmt.Errorf("dispatch: report: %w", err)
	}
	if isNews && r.Over() && r.Direction == telephony.Outbound && r.Admitted == 0 && !p.State.Terminal() {
		d.stray(ctx, r)
	}
	return nil
}

// stray hangs up a call that rings although its record has ended: when we asked
// for it, the carrier's answer was lost.
func (d *Desk) stray(ctx context.Context, r Record) {
	if trunk := d.trunk(); trunk != nil {
		if err := trunk.Hangup(ctx, r.ref()); err != nil {
			d.cfg.Log.Warn("cannot hang up a call whose record has ended", "call", r.ID, "error", err)
		}
	}
}

// conclude ends a call of which the carrier says that it is over.
func (d *Desk) conclude(ctx context.Context, r Record, s telephony.Standing) {
	if r.Over() && !mutant("ended-twice") {
		d.learn(r)
		return
	}
	handed := s.State == telephony.Completed && d.handedOn(ctx, r)
	c, err := d.adopt(ctx, r)
	reason := reasonOf(s.State, r.Admitted > 0 || err == nil && c.look().spent > 0) // its stream may have come since r was read
	if handed {
		reason = telephony.Transferred
	}
	if err == nil {
		d.end(ctx, c, verdict{reason: reason, sure: true, ended: overAt(r.Answered, s)})
		return
	}
	e, first, err := d.endAt(ctx, r.ID, r.Epoch, reason, overAt(r.Answered, s))
	switch {
	case err != nil && !errors.Is(err, ErrNotFound):
		d.cfg.Log.Warn("cannot end the record", "call", r.ID, "error", err)
	case first:
		d.cfg.Watch(r.ID, e)
	}
}

// reasonOf is why a call in a terminal state is over, when nobody here ended it.
func reasonOf(s telephony.State, connected bool) telephony.EndReason {
	switch s {
	case telephony.StateBusy:
		return telephony.Busy
	case telephony.StateNone:
		return telephony.NoAnswer
	case telephony.StateFail:
		return telephony.Failed
	case telephony.StateStop:
		return telephony.Canceled
	}
	if connected {
		return telephony.CallerHangup
	}
	return telephony.NotConnected
}
