package dispatch

import (
	"context"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// goAway notes that the caller of c is with somebody else, or on the way there,
// by t. The call takes no place among those that talk, and its watcher waits:
// who attends to t asks the carrier about it.
func (d *Desk) goAway(c *call, t Transfer) {
	c.leaves()
	d.mu.Lock()
	d.oneLess() // for Drain
	d.mu.Unlock()
	d.attend(t)
	d.pokeTransfer(t.ID)
}

// leaves moves c to away. A stream of its that hangs is cut.
func (c *call) leaves() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at >= over {
		return
	}
	if c.line != nil {
		c.line.cut(errTakenOver)
	}
	c.move(away, time.Time{})
}

// comesBack makes c a call whose stream was lost, to be looked at now; false
// when it is not away.
func (c *call) comesBack() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at != away {
		return false
	}
	c.recalls, c.fetched = false, true
	c.move(lost, time.Now())
	return true
}

// oneLess tells Drain that a call does not count any more. d.mu is held.
func (d *Desk) oneLess() {
	close(d.left)
	d.left = make(chan struct{})
}

// aways counts the calls that are away. d.mu is held.
func (d *Desk) aways() int {
	n := 0
	if d.cfg.Transfers == nil {
		return n
	}
	for _, c := range d.live {
		if c.look().at == away {
			n++
		}
	}
	return n
}

// isAway reports whether c is away, as we know or as its transfer's row says.
func (d *Desk) isAway(ctx context.Context, c *call) bool {
	switch v := c.look(); {
	case v.at == away:
		return true
	case v.line != nil, v.at >= over:
		return false
	}
	t, err := d.openTransfer(ctx, c.id)
	return err == nil && t.isAway()
}

// lookAway asks the carrier how two are who talk, or are being connected, and
// returns when to look again.
func (d *Desk) lookAway(ctx context.Context, h *handing, t Transfer, r Record) time.Duration {
	now := time.Now()
	gone, soon := h.ends()
	switch {
	case soon != nil && now.Before(soon.at):
		return soon.at.Sub(now)
	case soon != nil:
		d.conclude(ctx, r, soon.said)
		return attendEvery
	case gone.state != "" && now.Before(t.waitFor(gone)):
		return t.waitFor(gone).Sub(now)
	case gone.state == "" && now.Sub(h.since) < h.looksAfter(t):
		return h.looksAfter(t) - now.Sub(h.since)
	}
	trunk := d.trunk()
	if trunk == nil {
		return awayEvery
	}
	standing, err := trunk.State(ctx, r.ref())
	switch {
	case err != nil:
		d.cfg.Log.Warn("cannot ask the carrier about a call that was handed on", "call", t.Call, "error", err)
		return 5 * attendEvery
	case standing.State.Terminal():
		d.conclude(ctx, r, standing)
		return attendEvery
	case gone.state != "":
		d.broke(ctx, t, r, gone)
		return attendEvery
	}
	h.since, h.looked = now, true
	return d.lookAtLeg(ctx, trunk, h, t, now)
}

// looksAfter is how long the carrier is not asked. Who is sent to a room may find
// it empty, of which nobody tells: that is soon looked at.
func (h *handing) looksAfter(t Transfer) time.Duration {
	if !h.looked && t.Kind != Blind {
		return doorComes
	}
	return awayEvery
}

// lookAtLeg asks about the other leg of a transfer whose caller is there.
func (d *Desk) lookAtLeg(ctx context.Context, trunk telephony.Carrier, h *handing, t Transfer, now time.Time) time.Duration {
	if t.Carrier == "" {
		return awayEvery // the carrier, which dials, asks when it is done
	}
	standing, err := trunk.State(ctx, t.ref())
	switch {
	case err != nil:
		return awayEvery
	case standing.State.Terminal():
		at := now
		if !standing.Ended.IsZero() && standing.Ended.Before(now) {
			at = standing.Ended
		}
		h.ended(legEnd{standing.State, at, now})
		return doorComes
	case standing.State == telephony.InProgress && t.Status == TransferDialling:
		_, _ = d.move(ctx, t, []string{TransferDialling}, TransferChange{Status: TransferBridged, Answered: now, Bridged: now})
	}
	return awayEvery
}

// ended notes how the other leg ended, once.
func (h *handing) ended(e legEnd) {
	h.mu.Lock()
	if h.gone.state == "" {
		h.gone = e
	}
	h.mu.Unlock()
	h.wake()
}

func (h *handing) ends() (legEnd, *overSoon) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.gone, h.over
}

// talkedUntil is how long the two of t have talked at a time.
func (t Transfer) talkedUntil(at time.Time) time.Duration {
	if t.Bridged.IsZero() {
		return 0
	}
	return max(0, at.Sub(t.Bridged))
}

// waitFor is until when the carrier may ask by itself for the caller whom the
// other leg left. One that left at once may have left before the caller came,
// and then it never asks.
func (t Transfer) waitFor(gone legEnd) time.Time {
	if t.Status == TransferBridged && t.Kind != Blind && t.talkedUntil(gone.at) < hungUpAtOnce {
		return gone.heard
	}
	return gone.heard.Add(doorComes)
}

// broke sees to a caller who is alone: the other leg is over, and the carrier did
// not ask what the caller does next. If they talked, that was the call; else the
// caller is called back to the agent.
func (d *Desk) broke(ctx context.Context, t Transfer, r Record, gone legEnd) {
	change := TransferChange{Outcome: outcomeOf(gone.state), Ended: gone.at}
	if t.talkedUntil(gone.at) >= hungUpAtOnce {
		change.Outcome = OutcomeCompleted
	}
	t = d.close(ctx, t, []string{t.Status}, change)
	c := d.find(t.Call)
	if c == nil || !t.Over() {
		return
	}
	if t.Outcome != OutcomeCompleted {
		c.comesBack() // its watcher has it recalled
		return
	}
	d.writeDown(ctx, r)
	if c.finish(verdict{reason: telephony.Transferred, hang: true, sure: true}) {
		_ = d.hangUp(ctx, c, c.look()) // is logged
		d.closeRow(ctx, c)
	}
}

// recallTries is how often it is tried to call a caller back, in half a minute.
const recallTries = 5

// recall makes the carrier ask us what the caller does, once in a while that
// nobody here heard of the call. It reports whether that is awaited, or to be
// tried again.
func (d *Desk) recall(ctx context.Context, c *call, r Record, v view) bool {
	trunk := d.trunk()
	if trunk == nil || !c.mayRecall(v.change) {
		return false
	}
	if err := trunk.Recall(ctx, r.ref()); err != nil {
		d.cfg.Log.Warn("cannot call the caller back to the agent", "call", c.id, "error", err)
		return c.recallsAgain(v.change)
	}
	d.cfg.Log.Info("caller called back to the agent", "call", c.id)
	c.touch(time.Now().Add(d.cfg.LostWait))
	return true
}

// mayRecall reports whether nobody was recalled since the stream was lost, and
// nothing changed.
func (c *call) mayRecall(change int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.change != change || c.recalls {
		return false
	}
	c.recalls = true
	return true
}

// recallsAgain has a caller called back a little later; false when that was
// tried often enough.
func (c *call) recallsAgain(change int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.change != change:
		return true // they are heard of
	case c.tries+1 >= recallTries:
		return false
	}
	c.recalls = false
	c.due = time.Now().Add(time.Second << c.tries)
	c.tries++
	c.wake()
	return true
}

// writeDown is [Desk.tellJournal] for a record that is about to end: it ends even
// if that fails.
func (d *Desk) writeDown(ctx context.Context, r Record) {
	if err := d.tellJournal(ctx, r, r.Epoch); err != nil {
		d.cfg.Log.Warn("the journal does not tell of a transfer", "call", r.ID, "error", err)
	}
}
