package dispatch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// Times of seeking a call at the carrier.
const (
	seekSlack = 10 * time.Second // that the carrier's clock may be behind ours
	seekAfter = time.Second      // from a lost answer to asking what became of the request
)

// seek finds out whether a call of ours was placed whose carrier's id is not on
// record: whoever asked for it is dead, or never heard the answer.
func (d *Desk) seek(ctx context.Context, trunk telephony.Carrier, c *call, r Record, v view) {
	switch {
	case r.Dialled.IsZero():
		d.closeUnplaced(ctx, c, r, v)
		return
	case trunk == nil: // nobody can tell
		c.finishIf(v.change, verdict{reason: telephony.Failed})
		return
	}
	carrierID, err := d.lookFor(ctx, trunk, r)
	switch {
	case err == nil && carrierID == "":
		d.closeUnplaced(ctx, c, r, v)
	case err == nil:
		d.foundAgain(ctx, c, carrierID, v)
	case v.asking.IsZero() || time.Since(v.asking) < d.cfg.AskFor:
		d.cfg.Log.Warn("cannot ask the carrier for a call, will try again", "call", c.id, "error", err)
		c.asked()
		c.postpone(v.change)
	default:
		d.cfg.Log.Warn("the carrier does not answer, the call is given up", "call", c.id, "error", err)
		c.finishIf(v.change, verdict{reason: telephony.Failed})
	}
}

// lookFor returns the carrier's id of the call that was placed for r, as far as
// one can tell; empty: there is none. What is on record as another call's is not
// it. Of several the oldest was placed right after we asked.
func (d *Desk) lookFor(ctx context.Context, trunk telephony.Carrier, r Record) (string, error) {
	ids, err := trunk.Find(ctx, r.Account, r.From, r.To, r.Dialled.Add(-seekSlack))
	if err != nil {
		return "", err
	}
	for _, id := range slices.Backward(ids) {
		free, err := d.isFree(ctx, id, r.ID)
		if err != nil {
			return "", err
		}
		if free {
			return id, nil
		}
	}
	return "", nil
}

// isFree reports whether a carrier's id is on record for nothing but call.
func (d *Desk) isFree(ctx context.Context, carrierID string, call telephony.CallID) (bool, error) {
	on, err := d.cfg.Calls.CallByCarrier(ctx, carrierID)
	if err == nil {
		return on.ID == call, nil
	}
	if errors.Is(err, ErrNotFound) && d.cfg.Transfers != nil {
		if _, err = d.cfg.Transfers.TransferByCarrier(ctx, carrierID); err == nil {
			return false, nil
		}
	}
	if errors.Is(err, ErrNotFound) {
		return true, nil
	}
	return false, err
}

// foundAgain goes on with a call that the carrier has. It may ring, or be over:
// its callbacks tell, or the carrier is asked when it can't ring any more.
func (d *Desk) foundAgain(ctx context.Context, c *call, carrierID string, v view) {
	if err := d.cfg.Calls.SetCarrier(ctx, c.id, carrierID); err != nil {
		d.cfg.Log.Warn("cannot keep the carrier's id of a call that was found, will try again", "call", c.id, "error", err)
		c.postpone(v.change)
		return
	}
	d.cfg.Log.Info("a call was found at the carrier", "call", c.id)
	c.found(v.change, carrierID, time.Now().Add(ringTimeout+d.cfg.ConnectWait))
}

// closeUnplaced ends a call that was never placed. Its dispatch fails first:
// after that nobody can begin to dial, and who had begun until then is seen.
func (d *Desk) closeUnplaced(ctx context.Context, c *call, r Record, v view) {
	began, err := d.failUnplaced(ctx, r)
	switch {
	case err != nil:
		d.cfg.Log.Warn("cannot keep that a call was never placed, will try again", "call", c.id, "error", err)
		c.postpone(v.change)
	case began:
		c.postpone(v.change)
	default:
		c.finishIf(v.change, verdict{reason: telephony.Failed})
	}
}

// failUnplaced makes r's dispatch a failed one, and reports whether somebody
// began to dial since r was read.
func (d *Desk) failUnplaced(ctx context.Context, r Record) (began bool, err error) {
	on, err := d.cfg.Calls.DispatchOfCall(ctx, r.ID)
	switch {
	case errors.Is(err, ErrNotFound):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("find the dispatch: %w", err)
	}
	if err := d.cfg.Calls.FailDispatch(ctx, on.ID, NeverPlaced); err != nil {
		return false, fmt.Errorf("fail the dispatch: %w", err)
	}
	now, err := d.cfg.Calls.Call(ctx, r.ID)
	if err != nil {
		return false, fmt.Errorf("read again: %w", err)
	}
	return now.Dialled.After(r.Dialled), nil
}

// isUnsure reports whether err leaves open what became of a request: the answer
// may be all that was lost.
func isUnsure(err error) bool {
	var timeout interface{ Timeout() bool }
	var unsure interface{ Unsure() bool }
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout() ||
		errors.As(err, &unsure) && unsure.Unsure()
}

// placedAnyway returns the carrier's id of a call whose answer was lost, by what
// its callbacks told or the carrier says; empty: it was not placed, or nobody
// can tell.
func (d *Desk) placedAnyway(ctx context.Context, trunk telephony.Carrier, c *call) string {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), effortTimeout)
	defer cancel()
	soon := time.NewTimer(seekAfter)
	defer soon.Stop()
	select {
	case <-soon.C:
	case <-d.ctx.Done():
		return ""
	}
	r, err := d.cfg.Calls.Call(ctx, c.id)
	if err == nil && (r.Carrier != "" || r.Over()) {
		return r.Carrier
	}
	var carrierID string
	if err == nil {
		carrierID, err = d.lookFor(ctx, trunk, r)
	}
	if err != nil {
		d.cfg.Log.Warn("cannot find out what became of a call that was asked for", "call", c.id, "error", err)
	}
	return carrierID
}

// found notes the carrier's id of a call that may ring until due, unless
// something changed.
func (c *call) found(change int, carrierID string, due time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.change != change {
		return
	}
	c.carrier, c.asking, c.tries = carrierID, time.Time{}, 0
	c.due = due
	c.wake()
}
