package dispatch

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// recovering is how many calls are asked about at once.
const recovering = 8

// Recover takes up the calls that are open on record and live nowhere: a process
// that is dead left them, or the commit that made them seemed to fail. The
// carrier is asked before any is closed: those that are over are ended, the
// others wait for the door. Call it at the start, and every 15 s or so: a process
// that was killed is known to be dead after 5 s, its calls that go on are asked
// about 20 s after they were found, and so each is settled within a minute.
//
// Processes that share the records each need a Config.Node: what belongs to a
// node that beats is left alone.
func (d *Desk) Recover(ctx context.Context) error {
	open, err := d.cfg.Calls.Unended(ctx, d.cfg.Node, time.Now().Add(-deadAfter))
	if err != nil {
		return fmt.Errorf("dispatch: recover: %w", err)
	}
	slots := make(chan struct{}, recovering)
	var wg sync.WaitGroup
	for _, r := range open {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			d.recover(ctx, r)
		})
	}
	wg.Wait()
	return d.recoverTransfers(ctx)
}

func (d *Desk) recover(ctx context.Context, r Record) {
	if d.find(r.ID) != nil {
		return
	}
	if trunk := d.trunk(); trunk != nil && r.Carrier != "" && !r.Foreign {
		ask, cancel := context.WithTimeout(ctx, effortTimeout)
		standing, err := trunk.State(ask, r.ref())
		cancel()
		if err == nil && standing.State.Terminal() {
			_ = d.takeOver(ctx, r) // it ends all the same
			d.conclude(ctx, r, standing)
			return
		}
	}
	if err := d.takeOver(ctx, r); err != nil {
		d.cfg.Log.Warn("cannot take up a call", "call", r.ID, "error", err)
	}
}

// takeOver makes the call of r live here, whose process is dead or went.
func (d *Desk) takeOver(ctx context.Context, r Record) error {
	c, err := d.adopt(ctx, r)
	if err == nil && r.Admitted > 0 {
		c.wasLeft(d.lossOf(ctx, c, r))
	}
	return err
}
