package dispatch

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// How long a transfer may stay where it is. Whatever comes late, the caller is
// with the agent again, or the call is over.
const (
	attendEvery   = 2 * time.Second  // that another node may have moved a transfer
	awayEvery     = time.Minute      // that the carrier is asked about two who talk
	askedFor      = 2 * time.Minute  // that an agent takes to leave
	askAfter      = 10 * time.Second // past the ringing, until the carrier is asked about the leg
	giveUpAfter   = 30 * time.Second // past the ringing, until nobody answers
	checkingFor   = 90 * time.Second // that who answered is talked to
	acceptedFor   = 30 * time.Second // that who accepted waits for the caller
	doorComes     = 5 * time.Second  // that the carrier takes to ask for the caller whom the others left
	questionComes = 3 * time.Second  // that the carrier takes to tell what it dialled, when the caller is gone
)

// handing is a transfer that goes on, as this process sees it. What it is, is in
// its row.
type handing struct {
	id   telephony.CallID
	call telephony.CallID
	poke chan struct{} // of 1: something changed

	// Of the goroutine that attends to it alone.
	status string    // that it was found in
	since  time.Time // then
	asked  time.Time // when the carrier was asked about the leg that rings
	looked bool      // the carrier was asked about the two since they are together
	tries  int       // to hang up the other leg of a call that is over

	mu       sync.Mutex
	asking   bool      // who asked for it waits for the answer
	answered bool      // the answer was that it is over: nobody is told again
	admitted bool      // the other leg's stream was let in here
	line     *line     // its stream
	gone     legEnd    // of the other leg, when it is over
	over     *overSoon // the caller is gone
}

// legEnd is how the other leg ended; the zero legEnd: it did not.
type legEnd struct {
	state telephony.State
	at    time.Time
	heard time.Time // when we heard of it
}

// overSoon is the carrier's word that the caller is gone, and until when it may
// tell what came of the leg that it dialled.
type overSoon struct {
	said telephony.Standing
	at   time.Time
}

// attend sees to t until it is over: one goroutine a transfer and process. More
// processes than one may: each step compares and sets.
func (d *Desk) attend(t Transfer) *handing { return d.attends(t, false) }

// attendAsked is attend for who waits for the answer: nobody else is told before
// [handing.answer].
func (d *Desk) attendAsked(t Transfer) *handing { return d.attends(t, true) }

func (d *Desk) attends(t Transfer, asking bool) *handing {
	d.mu.Lock()
	defer d.mu.Unlock()
	if h := d.handings[t.ID]; h != nil {
		h.await(asking)
		return h
	}
	h := &handing{id: t.ID, call: t.Call, poke: make(chan struct{}, 1), asking: asking}
	if d.closed {
		return h // the next process does
	}
	d.handings[t.ID] = h
	d.wg.Go(func() { d.handing(h) })
	return h
}

func (h *handing) wake() {
	select {
	case h.poke <- struct{}{}:
	default:
	}
}

// await notes that who asked for it waits for the answer.
func (h *handing) await(asking bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asking = h.asking || asking
}

// answer notes how the transfer was when who asked for it was answered: from now
// on its conversation is told.
func (h *handing) answer(t Transfer) {
	h.mu.Lock()
	h.asking, h.answered = false, t.Over()
	h.mu.Unlock()
	h.wake()
}

func (d *Desk) findHanding(id telephony.CallID) *handing {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.handings[id]
}

func (d *Desk) pokeTransfer(id telephony.CallID) {
	if h := d.findHanding(id); h != nil {
		h.wake()
	}
}

// pokeTransferOf is pokeTransfer for a call's.
func (d *Desk) pokeTransferOf(call telephony.CallID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, h := range d.handings {
		if h.call == call {
			h.wake()
		}
	}
}

func (d *Desk) pokeTransfers() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, h := range d.handings {
		h.wake()
	}
}

func (d *Desk) isClosed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.closed
}

func (d *Desk) handing(h *handing) {
	defer d.letGo(h)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		next, done := d.pass(h)
		if done {
			return
		}
		timer.Reset(next)
		select {
		case <-h.poke:
		case <-timer.C:
		case <-d.ctx.Done():
			return
		}
	}
}

// letGo waits for whoever talks on the other leg, and forgets h.
func (d *Desk) letGo(h *handing) {
	h.mu.Lock()
	l := h.line
	h.mu.Unlock()
	if l != nil {
		l.cut(telephony.OverError{Reason: telephony.Canceled})
		select {
		case <-l.left:
		case <-d.ctx.Done():
		}
	}
	d.mu.Lock()
	delete(d.handings, h.id)
	d.mu.Unlock()
}

// pass looks once at h, and does what is due. It returns when to look again.
func (d *Desk) pass(h *handing) (next time.Duration, done bool) {
	ctx, cancel := context.WithTimeout(d.ctx, 2*effortTimeout)
	defer cancel()
	t, err := d.cfg.Transfers.Transfer(ctx, h.id)
	switch {
	case errors.Is(err, ErrNotFound):
		return 0, true
	case err != nil:
		return attendEvery, false
	case t.Over():
		asking, answered := h.awaited()
		if !asking && !answered {
			d.tell(t)
		}
		return attendEvery, !asking
	}
	if t.Status != h.status {
		h.status, h.since = t.Status, time.Now()
	}
	r, err := d.cfg.Calls.Call(ctx, t.Call)
	switch {
	case errors.Is(err, ErrNotFound):
		return 0, true
	case err != nil:
		return attendEvery, false
	case r.Over():
		return attendEvery, d.callIsOver(ctx, h, t, r)
	case d.isClosed() && (t.isAway() || d.find(t.Call) == nil):
		return 0, true // the next process adopts it
	case t.isAway():
		return d.lookAway(ctx, h, t, r), false
	}
	if asking, _ := h.awaited(); t.Status == TransferAccepted && !asking {
		d.tell(t)
	}
	d.hurry(ctx, h, t)
	return attendEvery, false
}

func (h *handing) awaited() (asking, answered bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.asking, h.answered
}
