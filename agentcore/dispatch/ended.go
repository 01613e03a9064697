package dispatch

import (
	"context"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/telephony"
)

// lateNews is from when on the end of a call that a callback tells is its
// answer and its length: what is younger is now, as that is the better clock.
const lateNews = 2 * time.Second

// endOf is when a call ended of which p says that it is over; zero: now, or
// nobody can tell.
func endOf(r Record, p telephony.Progress) time.Time {
	if p.State != telephony.Completed || p.Duration <= 0 || r.Answered.IsZero() {
		return time.Time{}
	}
	if at := r.Answered.Add(p.Duration); at.Before(time.Now().Add(-lateNews)) {
		return at
	}
	return time.Time{}
}

// overAt is when a call ended that was answered at answered and of which s says
// that it is over; zero: nobody can tell. How long it took is true whatever the
// carrier's clock shows.
func overAt(answered time.Time, s telephony.Standing) time.Time {
	if s.Took > 0 && !answered.IsZero() {
		return answered.Add(s.Took)
	}
	return s.Ended
}

// endAt is [Calls.End] for a call that ended at until, as somebody says; zero
// means now. It did not end after now, nor before anything that is on record.
func (d *Desk) endAt(ctx context.Context, id telephony.CallID, epoch int, reason telephony.EndReason, until time.Time) (agentcore.Entry, bool, error) {
	now := time.Now()
	if !until.IsZero() && until.Before(now) {
		r, err := d.cfg.Calls.Call(ctx, id)
		if err != nil {
			return agentcore.Entry{}, false, err
		}
		written, err := d.lastWritten(ctx, r)
		if err != nil {
			return agentcore.Entry{}, false, err
		}
		for _, known := range []time.Time{r.Created, r.Answered, written} {
			if until.Before(known) {
				until = known
			}
		}
		if until.Before(now) {
			now = until
		}
	}
	return d.cfg.Calls.End(ctx, id, epoch, reason, now)
}

// lastWritten is when the newest entry of r's journal was written; zero when
// there is none.
func (d *Desk) lastWritten(ctx context.Context, r Record) (time.Time, error) {
	if r.Last == 0 {
		return time.Time{}, nil
	}
	entries, err := d.cfg.Calls.Journal(ctx, r.ID, r.Last-1)
	if err != nil || len(entries) == 0 {
		return time.Time{}, err
	}
	return entries[len(entries)-1].Wall, nil
}
