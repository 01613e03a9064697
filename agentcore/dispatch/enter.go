package dispatch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// Entry is where a call goes that came to a door.
type Entry struct {
	Route     // whose it is, and who answers; an empty Agent: nobody yet
	Room      string
	Direction telephony.Direction // empty means inbound
}

// foreignEvery is how often a foreign call's record is looked at while it talks:
// another process can end it in no other way.
const foreignEvery = 5 * time.Second

// Enter implements [telephony.Desk]. The call is foreign: see [Record.Foreign].
// Its stream never comes again, so neither does its name.
func (d *Desk) Enter(ctx context.Context, door string, in telephony.Entering) (telephony.Call, error) {
	call, err := d.enter(ctx, door, in)
	if errors.Is(err, telephony.ErrToken) {
		d.cfg.Counter.StreamRefused("token")
	}
	return call, err
}

func (d *Desk) enter(ctx context.Context, door string, in telephony.Entering) (telephony.Call, error) {
	if door == "" || in.Carrier == "" {
		return telephony.Call{}, telephony.ErrToken
	}
	if err := d.noRoom(); err != nil { // before the door is spent
		d.refused(err)
		return telephony.Call{}, err
	}
	entry, err := d.cfg.Enter(ctx, door, in.Carrier)
	if err != nil {
		return telephony.Call{}, fmt.Errorf("dispatch: enter: %w", err)
	}
	if entry.Refuse != "" {
		return telephony.Call{}, telephony.ErrToken
	}
	wanted := d.entered(in, entry, time.Now())
	c, _, err := d.take(wanted, pending, wanted.Created.Add(d.cfg.ConnectWait))
	if err != nil {
		d.refused(err)
		return telephony.Call{}, err
	}
	r, created, err := d.cfg.Calls.Create(ctx, wanted)
	switch {
	case err != nil: // the watcher finds out whether there is a row
		return telephony.Call{}, fmt.Errorf("dispatch: enter: %w", err)
	case !created: // it came before
		c.ended("")
		return telephony.Call{}, telephony.ErrToken
	}
	d.cfg.Counter.CallTaken(string(r.Direction))
	d.cfg.Log.Info("call came in by a door", "call", r.ID, "account", in.Account, "from", r.From)
	return d.letIn(ctx, c, r, 1)
}

// entered is the record of a call that goes where e says.
func (d *Desk) entered(in telephony.Entering, e Entry, now time.Time) Record {
	r := d.inbound(telephony.Incoming{
		Carrier: ForeignName(e.Workspace, in.Carrier), From: in.From, To: in.To, State: telephony.InProgress,
	}, e.Route, now)
	r.Foreign, r.Room, r.Epoch = true, e.Room, 1
	if e.Direction != "" {
		r.Direction = e.Direction
	}
	return r
}

// ForeignName is the carrier's id of a foreign call on record. No account vouches
// for it: it must neither be one that a webhook can name, which has no colon, nor
// stand in the way of another workspace's.
func ForeignName(workspace, carrier string) string { return "door:" + workspace + ":" + carrier }

// lookAtForeign cuts the stream of a foreign call that another process ended:
// nobody else would.
func (d *Desk) lookAtForeign(ctx context.Context, c *call, v view) {
	defer c.lookAgain(v.change, time.Now().Add(foreignEvery))
	if r, err := d.cfg.Calls.Call(ctx, c.id); err == nil && r.Over() {
		c.finish(verdict{reason: r.Reason, sure: true, ended: r.Ended})
	}
}

// lookEvery is how often c is looked at while it talks.
func (c *call) lookEvery() time.Duration {
	if c.foreign {
		return foreignEvery
	}
	return lookEvery
}
