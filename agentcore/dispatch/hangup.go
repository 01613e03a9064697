package dispatch

import (
	"context"
	"fmt"

	"github.com/hookswitch/hookswitch/telephony"
)

// HangUp ends a call because somebody says so, and records reason. A
// conversation that is held here is cut, and writes its own end a moment later;
// else the carrier is asked to hang up and the record is ended. That a call is
// over already is no error; one that nobody knows is [ErrNotFound]. When the
// carrier can't be told, its error is returned: the record is ended nevertheless,
// and the carrier learns of it when it next asks.
func (d *Desk) HangUp(ctx context.Context, id telephony.CallID, reason telephony.EndReason) error {
	r, err := d.cfg.Calls.Call(ctx, id)
	switch {
	case err != nil:
		return fmt.Errorf("dispatch: hang up: %w", err)
	case r.Over():
		d.learn(r)
		return nil
	}
	c, err := d.adopt(ctx, r)
	if err != nil {
		return fmt.Errorf("dispatch: hang up: %w", err)
	}
	if c.look().carrier == "" {
		c.agree(r) // what is being placed at this moment has no name yet: who places it finds it over
	}
	if !c.finish(verdict{reason: reason, hang: true, sure: true}) {
		return nil
	}
	err = d.hangUp(ctx, c, c.look())
	d.closeRow(ctx, c)
	if err != nil {
		return fmt.Errorf("dispatch: hang up: %w", err)
	}
	return nil
}
