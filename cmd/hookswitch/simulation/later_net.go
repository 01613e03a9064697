package simulation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// network is the carrier. It outlives every process.
type network struct {
	l *later

	// These are guarded by world.mu.
	rings []*ring
	rung  map[int]int // by telephone
}

// trunk is the carrier as a process reaches it: [telephony.Carrier].
type trunk struct{ n *node }

// unsure is the error of a request whose answer was lost.
type unsure struct{ error }

// Unsure is what dispatch asks of a carrier's error.
func (unsure) Unsure() bool { return true }

var errTooLate = errors.New("simulation: it was asked too long ago")

// Dial implements [telephony.Carrier]. Each call waits for its turn.
func (t trunk) Dial(ctx context.Context, o telephony.Outgoing) (id string, err error) {
	number, w := numbered(string(o.To)), t.n.world
	turn := time.Duration(hash(w.seed, number, "turn", w.enter("turn "+string(o.To)))%uint64(3*time.Second)) | 1
	if err := sleep(ctx, turn); err != nil {
		return "", err
	}
	if err := o.MayDial(ctx); err != nil {
		return "", err
	}
	asked := time.Now()
	err = t.n.do(ctx, number, "carrier.dial", func() error {
		if time.Since(asked) > 20*time.Second { // as telephony.Outgoing wants it
			return errTooLate
		}
		id = t.n.net.call(o)
		return nil
	})
	if err != nil && id != "" {
		return "", unsure{err}
	}
	return id, err
}

// Find implements [telephony.Carrier].
func (t trunk) Find(ctx context.Context, _ string, _, to telephony.Number, since time.Time) (ids []string, err error) {
	err = t.n.do(ctx, numbered(string(to)), "carrier.find", func() error {
		t.n.mu.Lock()
		defer t.n.mu.Unlock()
		for _, r := range slices.Backward(t.n.net.rings) {
			if !r.inbound && phoneNumber(r.number) == to && !r.at.Before(since) {
				ids = append(ids, r.id)
			}
		}
		return nil
	})
	return ids, err
}

// Hangup implements [telephony.Carrier].
func (t trunk) Hangup(ctx context.Context, ref telephony.Ref) error {
	return t.n.do(ctx, numbered(ref.ID), "carrier.hangup", func() error {
		if r := t.n.net.ring(ref.ID); r != nil {
			r.move(telephony.Completed)
		}
		return nil
	})
}

// State implements [telephony.Carrier].
func (t trunk) State(ctx context.Context, ref telephony.Ref) (s telephony.Standing, err error) {
	err = t.n.do(ctx, numbered(ref.ID), "carrier.state", func() error {
		r := t.n.net.ring(ref.ID)
		if r == nil {
			return telephony.ErrUnknownCall
		}
		s = r.standing()
		return nil
	})
	return s, err
}

// Recall implements [telephony.Carrier].
func (t trunk) Recall(context.Context, telephony.Ref) error { return telephony.ErrUnknownCall }

func (x *network) ring(id string) *ring {
	x.l.mu.Lock()
	defer x.l.mu.Unlock()
	for _, r := range x.rings {
		if r.id == id {
			return r
		}
	}
	return nil
}

// add makes a call of a telephone.
func (x *network) add(number int, inbound bool, call telephony.CallID, workspace string) *ring {
	x.l.mu.Lock()
	defer x.l.mu.Unlock()
	x.rung[number]++
	r := &ring{
		x: x, id: fmt.Sprintf("CA%d%02d", x.rung[number], number), number: number, nth: x.rung[number], inbound: inbound,
		call: call, workspace: workspace, at: time.Now(), state: telephony.Queued, gone: make(chan struct{}),
	}
	x.rings = append(x.rings, r)
	return r
}

// call has a telephone ring, as a process asked. It holds the invariants that only
// the carrier sees.
func (x *network) call(o telephony.Outgoing) string {
	number := numbered(string(o.To))
	x.l.mu.Lock()
	earlier := slices.Clone(x.rings)
	x.l.mu.Unlock()
	for _, r := range earlier {
		if r.call == o.Call {
			x.l.violate(number, "rings once", "%s rings again", o.Call)
		}
		if !r.inbound && r.number == number && r.workspace == o.Workspace && !r.isOver() && x.isErrand(r.call) && x.isErrand(o.Call) {
			x.l.violate(number, "one call at a time", "%s rings while %s goes on", o.Call, r.call)
		}
	}
	r := x.add(number, false, o.Call, o.Workspace)
	x.l.trace(fmt.Sprintf("%02d phone", number), "rings, call %s", o.Call)
	x.l.wg.Go(r.called)
	return r.id
}

// isErrand reports whether a call is an attempt of an errand. One that was placed
// at once is none before it is over: nobody has it wait for an errand's, nor these
// for it.
func (x *network) isErrand(call telephony.CallID) bool {
	first := strings.Join(strings.SplitN(string(call), "_", 3)[:2], "_")
	_, err := x.l.store.Errand(context.Background(), "", first)
	return err == nil
}
