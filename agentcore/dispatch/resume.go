package dispatch

import (
	"context"
	"errors"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/telephony"
)

// Why a call is taken up again, and what comes of it: the words of
// [Counter.CallResumed].
const (
	lineLost    = "line"    // its stream was lost here
	processLost = "process" // another process had it, which died or went

	resumed    = "talking"
	givenUp    = "given_up"
	callerGone = "gone"
)

// loss is that nobody is there for a caller, who waits to be taken up again. The
// zero loss: there is none.
type loss struct {
	cause string
	since time.Time // the last that was heard or written; zero: the journal knows
}

// lossOf is what took the caller of r away, who asks to be taken up.
func (d *Desk) lossOf(ctx context.Context, c *call, r Record) loss {
	c.mu.Lock()
	known, here, l := c.loss, c.here, c.line
	c.mu.Unlock()
	switch {
	case known.cause != "":
		return known
	case c.isBackAlone():
		return loss{}
	case l != nil: // its socket is open, and silent
		return loss{lineLost, l.last()}
	case r.Admitted == 0: // it never had a stream
		return loss{lineLost, r.Created}
	}
	cause := processLost
	if here == r.Admitted {
		cause = lineLost // the carrier ended the stream, and goes on with the call
	}
	since, err := d.lastWritten(ctx, r)
	if err != nil || since.IsZero() {
		since = r.Answered
	}
	return loss{cause, since}
}

// isBackAlone reports whether the caller comes from somebody else, who left them.
func (c *call) isBackAlone() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fetched
}

// awaitsResume notes that the caller waits because of l.
func (c *call) awaitsResume(l loss) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at < over {
		c.loss = l
	}
}

// wasLeft is [call.awaitsResume] for a call that another process left, unless it
// is taken up already, or with somebody else.
func (c *call) wasLeft(l loss) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.here == 0 && c.loss.cause == "" && (c.at == lost || c.at == pending) {
		c.loss = l
	}
}

// countIn counts that epoch's stream of r was let in.
func (d *Desk) countIn(ctx context.Context, r Record, epoch int, made loss, now time.Time) {
	if epoch == 1 {
		asked := r.Created
		if !r.Dialled.IsZero() {
			asked = r.Dialled
		}
		d.cfg.Counter.CallSetUp(string(r.Direction), max(0, now.Sub(asked)))
		return
	}
	if made.cause == "" {
		if made = d.lossElsewhere(ctx, r); made.cause == "" {
			return
		}
	}
	d.cfg.Counter.CallResumed(made.cause, resumed, max(0, now.Sub(made.since)))
}

// lossElsewhere is what took the caller of r away, whom another process told to
// connect. One who was with somebody else was not lost.
func (d *Desk) lossElsewhere(ctx context.Context, r Record) loss {
	if r.Node == d.cfg.Node { // it was told here, and there was none
		return loss{}
	}
	all, err := d.transfersOf(ctx, r.ID)
	if err != nil || len(all) > 0 {
		return loss{}
	}
	since, err := d.lastWritten(ctx, r)
	if err != nil || since.IsZero() {
		return loss{}
	}
	return loss{processLost, since}
}

// countLost counts a call that ended while its caller waited to be taken up.
func (d *Desk) countLost(c *call, reason telephony.EndReason) {
	c.mu.Lock()
	l := c.loss
	c.loss = loss{}
	c.mu.Unlock()
	switch {
	case l.cause == "":
	case reason == telephony.CallerHangup, reason == telephony.Canceled, reason == telephony.NotConnected:
		d.cfg.Counter.CallResumed(l.cause, callerGone, 0)
	default:
		d.cfg.Counter.CallResumed(l.cause, givenUp, 0)
	}
}

// crowded makes the caller of c, who comes back, wait while there is no room for
// them, which another node may have. Who waited for as long as a lost call is
// waited for hears that it was lost.
func (d *Desk) crowded(ctx context.Context, c *call) (telephony.Step, bool) {
	full := d.noRoomFor(c.id, true)
	waited, first := c.waitsForRoom(full != nil)
	switch {
	case full == nil:
		return telephony.Step{}, false
	case waited >= d.cfg.LostWait:
		d.cfg.Log.Warn("a call that came back is given up: there is no room", "call", c.id, "why", full)
		d.end(ctx, c, verdict{reason: telephony.LineLost, sure: true})
		return telephony.Step{Kind: telephony.StepApologise, Say: d.cfg.Apology}, true
	case first:
		d.cfg.Log.Warn("a call that comes back waits: there is no room", "call", c.id, "why", full)
	}
	c.touch(time.Now().Add(d.cfg.LostWait))
	return telephony.Step{Kind: telephony.StepWait}, true
}

// waitsForRoom notes whether the caller waits for room, and returns how long they
// have.
func (c *call) waitsForRoom(yes bool) (waited time.Duration, first bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case !yes:
		c.crowded = time.Time{}
		return 0, false
	case c.crowded.IsZero():
		c.crowded = time.Now()
		return 0, true
	}
	return time.Since(c.crowded), false
}

// append is [Calls.Append], counted. That another has the pen is no failure of the
// store.
func (d *Desk) append(ctx context.Context, id telephony.CallID, epoch int, entries []agentcore.Entry) error {
	began := time.Now()
	err := d.cfg.Calls.Append(ctx, id, epoch, entries)
	switch {
	case err == nil:
		d.cfg.Counter.Committed(time.Since(began), len(entries))
	case errors.Is(err, ErrEpoch):
		d.cfg.Counter.Fenced()
	case errors.Is(err, ErrEnded):
	default:
		d.cfg.Counter.Committed(time.Since(began), 0)
	}
	return err
}
