package dispatch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// attach lets in a stream that names a session which waits for a call: somebody
// else answered the carrier, and connects it to us. The session is spent.
func (d *Desk) attach(ctx context.Context, session string, as telephony.Ref) (telephony.Call, error) {
	if as.ID == "" {
		return telephony.Call{}, telephony.ErrToken
	}
	now := time.Now()
	wanted := Record{
		ID: d.cfg.NewID(), Epoch: 1, Carrier: as.ID, Account: as.Account, Direction: telephony.Inbound,
		State: telephony.InProgress, Created: now, Node: d.cfg.Node,
	}
	c, _, err := d.enlist(wanted, pending, now.Add(d.cfg.ConnectWait))
	if err != nil {
		d.refused(err)
		return telephony.Call{}, err
	}
	r, err := d.cfg.Calls.Attach(ctx, session, wanted)
	switch {
	case errors.Is(err, ErrNotFound), errors.Is(err, ErrCarrier):
		c.ended("")
		return telephony.Call{}, telephony.ErrToken
	case err != nil: // the watcher finds out whether there is a row
		return telephony.Call{}, fmt.Errorf("dispatch: attach: %w", err)
	}
	d.cfg.Counter.CallTaken(string(r.Direction))
	d.cfg.Log.Info("call attached to a session", "call", r.ID)
	return d.letIn(ctx, c, r, 1)
}
