package dispatch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// Dial places a call and returns it as soon as the carrier took it on; o.Call is
// ignored. The row comes before the request, so that no call is placed of which
// nothing is known. It fails with [ErrDraining], [ErrFull], or the carrier's
// refusal, which ends the row as failed.
func (d *Desk) Dial(ctx context.Context, o telephony.Outgoing) (telephony.Call, error) {
	trunk := d.trunk()
	if trunk == nil {
		return telephony.Call{}, errors.New("dispatch: dial: there is no carrier")
	}
	d.mu.Lock()
	err := d.room("")
	d.mu.Unlock()
	if err != nil {
		return telephony.Call{}, err
	}
	if o.RingTimeout <= 0 {
		o.RingTimeout = ringTimeout
	}
	now := time.Now()
	o.Call = d.cfg.NewID()
	r, _, err := d.cfg.Calls.Create(ctx, Record{
		ID: o.Call, From: o.From, To: o.To, Direction: telephony.Outbound,
		Agent: d.cfg.Agent, State: telephony.Queued, Created: now,
	})
	if err != nil {
		return telephony.Call{}, fmt.Errorf("dispatch: dial: %w", err)
	}
	if err := d.take(r, dialling, now.Add(o.RingTimeout+d.cfg.ConnectWait)); err != nil {
		_, refused := d.refuse(context.WithoutCancel(ctx), r, err)
		return telephony.Call{}, errors.Join(err, refused)
	}
	return d.place(ctx, trunk, r, o)
}

// place asks the carrier for the call of r, which is live.
func (d *Desk) place(ctx context.Context, trunk telephony.Carrier, r Record, o telephony.Outgoing) (telephony.Call, error) {
	carrierID, err := trunk.Dial(ctx, o)
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), effortTimeout)
	defer cancel()
	if err != nil {
		if c := d.find(r.ID); c != nil {
			d.end(after, c, telephony.Failed)
		}
		return telephony.Call{}, fmt.Errorf("dispatch: dial: %w", err)
	}
	if c := d.find(r.ID); c != nil {
		c.placed(carrierID)
	}
	if err := d.cfg.Calls.SetCarrier(after, r.ID, carrierID); err != nil {
		// The callbacks carry our own id: the first of them makes up for it.
		d.cfg.Log.Warn("cannot keep the carrier's id of a call", "call", r.ID, "error", err)
	}
	d.cfg.Log.Info("call placed", "call", r.ID, "to", r.To)
	r.Carrier = carrierID
	return r.Call(), nil
}
