package dispatch

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// A carrier that is slow, or has a queue, may take a while to place a leg. The
// agent says nothing while its tool is at it, so it is not kept waiting.
const (
	placeNow = 3 * time.Second  // that who asks for a transfer waits for the other leg to be placed
	placeFor = 20 * time.Second // that placing it may take, in all
)

// create is [Transfers.CreateTransfer], tried again when the store fails: the
// answer may be all that was lost, and then the transfer is there.
func (d *Desk) create(ctx context.Context, wanted Transfer) (on Transfer, created bool, err error) {
	on, created, err = d.cfg.Transfers.CreateTransfer(ctx, wanted)
	if err == nil || errors.Is(err, ErrTransferring) || errors.Is(err, ErrEnded) || errors.Is(err, ErrNotFound) {
		return on, created, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), placeNow)
	defer cancel()
	on, created, err = d.cfg.Transfers.CreateTransfer(ctx, wanted)
	return on, created || err == nil && on.ID == wanted.ID, err
}

// placeSoon calls the other leg of t, and returns t as it is then, or after
// placeNow. What has begun is brought to its end, whoever waits for it.
func (d *Desk) placeSoon(ctx context.Context, trunk telephony.Carrier, t Transfer) Transfer {
	placed := make(chan Transfer, 1)
	if !d.alongside(func() { placed <- d.placeLeg(trunk, t) }) {
		return d.close(ctx, t, []string{TransferDialling}, TransferChange{Outcome: OutcomeCanceled, Reason: "the gateway stops"})
	}
	late := time.NewTimer(placeNow)
	defer late.Stop()
	select {
	case t = <-placed:
	case <-late.C:
	case <-ctx.Done():
	}
	return t
}

// alongside starts work for which Close waits; false when d is closed.
func (d *Desk) alongside(work func()) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return false
	}
	d.wg.Go(work)
	return true
}

// placeLeg calls the other leg of t, and returns t as it is then.
func (d *Desk) placeLeg(trunk telephony.Carrier, t Transfer) Transfer {
	ask, stop := context.WithTimeout(d.ctx, placeFor)
	defer stop()
	carrierID, err := trunk.Dial(ask, telephony.Outgoing{
		Call: t.ID, Workspace: t.Workspace, Account: t.Account, From: t.From, To: t.To,
		RingTimeout: t.Ring, PostDial: t.PostDial,
	})
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ask), effortTimeout)
	defer cancel()
	if err != nil {
		return d.close(ctx, t, []string{TransferDialling}, TransferChange{
			Outcome: OutcomeFailed, Reason: sayWhy(err, t.To, t.From),
		})
	}
	now, err := d.cfg.Transfers.MoveTransfer(ctx, t.ID, openStatus, TransferChange{Carrier: carrierID})
	switch {
	case errors.Is(err, ErrMoved): // withdrawn, or the caller hung up, meanwhile
		now.Carrier = cmp.Or(now.Carrier, carrierID)
		d.drop(ctx, now)
		return now
	case err != nil:
		// The callbacks carry our own id: the first of them makes up for it.
		d.cfg.Log.Warn("cannot keep the carrier's id of a transfer's leg", "transfer", t.ID, "error", err)
		return t
	}
	return now
}
