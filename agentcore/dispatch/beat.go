package dispatch

import (
	"context"
	"time"
)

// beat tells the other nodes that this one is alive, until the desk is closed.
// A beat that fails is not repeated: the next one comes soon.
func (d *Desk) beat() {
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	failing := false
	for {
		ctx, cancel := context.WithTimeout(d.ctx, deadAfter)
		err := d.cfg.Calls.Beat(ctx, d.cfg.Node, time.Now())
		cancel()
		if err != nil && !failing && d.ctx.Err() == nil {
			d.cfg.Log.Warn("cannot tell that this node is alive", "node", d.cfg.Node, "error", err)
		}
		failing = err != nil
		select {
		case <-tick.C:
		case <-d.ctx.Done():
			return
		}
	}
}
