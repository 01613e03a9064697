package dispatch

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// Live is a call that goes on.
type Live struct {
	ID        telephony.CallID
	Direction telephony.Direction
	Since     time.Time // answered, or created when it wasn't yet
	Epoch     int
}

// Live lists the calls that this node answers for, by id.
func (d *Desk) Live() []Live {
	var all []Live
	for _, c := range d.all() {
		all = append(all, Live{c.id, c.direction, c.since, c.look().epoch})
	}
	return all
}

// Busy is how many live calls this node has on its hands: all but those that are
// with somebody else.
func (d *Desk) Busy() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.live) - d.aways()
}

// all returns the live calls, by id.
func (d *Desk) all() []*call {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := make([]*call, 0, len(d.live))
	for _, c := range d.live {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b *call) int { return strings.Compare(string(a.id), string(b.id)) })
	return all
}

// Drain takes no new calls from now on, and waits until none is left or ctx is
// done. Calls that are live go on, and may be taken up again. It does not wait
// for those that are with somebody else.
func (d *Desk) Drain(ctx context.Context) error {
	d.mu.Lock()
	d.draining = true
	d.mu.Unlock()
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	for {
		d.mu.Lock()
		n, left := len(d.live)-d.aways(), d.left
		d.mu.Unlock()
		if n == 0 {
			return nil
		}
		select {
		case <-left:
		case <-tick.C:
			d.cfg.Log.Info("waiting for calls to end", "left", n, "calls", d.ids(10))
		case <-ctx.Done():
			return fmt.Errorf("dispatch: drain: %d calls left: %w", n, ctx.Err())
		}
	}
}

// ids names up to n live calls.
func (d *Desk) ids(n int) []telephony.CallID {
	var ids []telephony.CallID
	for _, c := range d.all() {
		ids = append(ids, c.id)
	}
	return ids[:min(n, len(ids))]
}

// Close ends every call with [telephony.Shutdown] and waits until each is
// recorded and its Talk has returned, or ctx is done: then what is left stays
// open in the records, for the next start to find. So does a call that is with
// somebody else: they talk on. The desk still answers the door from its records.
func (d *Desk) Close(ctx context.Context) error {
	d.mu.Lock()
	d.draining, d.closed = true, true
	d.mu.Unlock()
	for _, c := range d.all() {
		if c.look().node != d.cfg.Node || d.isAway(ctx, c) { // another one's, of which we heard
			c.ended("")
			continue
		}
		c.finish(verdict{reason: telephony.Shutdown, hang: true})
	}
	d.pokeTransfers()
	done := make(chan struct{})
	go func() { d.wg.Wait(); close(done) }()
	var err error
	select {
	case <-done:
	case <-ctx.Done():
		err = fmt.Errorf("dispatch: close: calls %v left: %w", d.ids(10), ctx.Err())
	}
	d.cancel()
	<-done
	d.heart.Wait()
	return err
}
