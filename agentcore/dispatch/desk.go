package dispatch

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/telephony"
)

// Desk implements [telephony.Desk].
type Desk struct {
	cfg    Config
	tokens signer

	ctx    context.Context // of the watchers' own efforts
	cancel context.CancelFunc
	wg     sync.WaitGroup // the watchers, and what prepares their calls
	heart  sync.WaitGroup // beats

	mu       sync.Mutex // for a few assignments, never across a wait
	carrier  telephony.Carrier
	live     map[telephony.CallID]*call
	ringing  map[string]chan struct{}      // who is in oneAtATime; closed when done
	placing  map[string]chan struct{}      // dispatches whose call is being placed; closed when done
	handings map[telephony.CallID]*handing // transfers that go on, by their id
	left     chan struct{}                 // closed, and replaced, when a call is gone
	draining bool
	closed   bool
}

var _ telephony.Desk = (*Desk)(nil)

// New returns a desk that takes calls. [Desk.Close] lets go of it.
func New(cfg Config) (*Desk, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	d := &Desk{
		cfg: cfg, tokens: signer{cfg.Secret}, ctx: ctx, cancel: cancel,
		carrier: cfg.Carrier,
		live:    make(map[telephony.CallID]*call),
		ringing: make(map[string]chan struct{}),
		placing: make(map[string]chan struct{}), handings: make(map[telephony.CallID]*handing),
		left: make(chan struct{}),
	}
	if cfg.Node != "" {
		d.heart.Go(d.beat)
	}
	return d, nil
}

// SetCarrier says whom to ask and to dial. Trunk and desk know each other, and
// one of them must come first.
func (d *Desk) SetCarrier(c telephony.Carrier) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.carrier = c
}

func (d *Desk) trunk() telephony.Carrier {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.carrier
}

// add starts the watcher of c. d.mu is held.
func (d *Desk) add(c *call) {
	c.reapAt = c.born.Add(d.cfg.MaxAge)
	d.live[c.id] = c
	d.wg.Go(func() { d.watch(c) })
}

func (d *Desk) find(id telephony.CallID) *call {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.live[id]
}

// errClosed means that this desk answers for no call any more.
var errClosed = errors.New("dispatch: the desk is closed")

// adopt returns the live call of r, whose row had not ended when it was read. A
// call that this node doesn't know, since another one had it or it was started
// anew, becomes live here.
func (d *Desk) adopt(ctx context.Context, r Record) (*call, error) {
	if c := d.find(r.ID); c != nil {
		return c, nil
	}
	open, err := d.openTransfer(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	c, isNew, err := d.admitRecord(r, open.isAway())
	if err != nil || !isNew {
		return c, err
	}
	if open.ID != "" {
		d.attend(open)
	}
	// It may have ended, and left, since r was read: then it was counted, too.
	if now, err := d.cfg.Calls.Call(ctx, r.ID); err == nil && now.Over() {
		c.ended("")
	}
	return c, nil
}

func (d *Desk) admitRecord(r Record, isAway bool) (c *call, isNew bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if c := d.live[r.ID]; c != nil {
		return c, false, nil
	}
	if d.closed {
		return nil, false, errClosed
	}
	now := time.Now()
	switch {
	case isAway:
		c = newCall(r, away, time.Time{})
	case r.Admitted == r.Epoch, r.Foreign:
		c = newCall(r, lost, now.Add(d.cfg.LostWait))
	case r.Carrier == "" && r.Direction == telephony.Outbound: // maybe the carrier has it: see seek
		c = newCall(r, dialling, now.Add(d.cfg.LostWait))
	case r.Carrier == "" || r.Direction == telephony.Outbound && r.Answered.IsZero():
		// It began to ring a while ago, if ever.
		due := r.Created.Add(ringTimeout + d.cfg.ConnectWait)
		if soon := now.Add(d.cfg.LostWait); due.Before(soon) {
			due = soon
		}
		c = newCall(r, dialling, due)
	default:
		c = newCall(r, pending, now.Add(d.cfg.ConnectWait))
		c.toldBefore(r, now, d.cfg.PrepareWait)
	}
	d.add(c)
	return c, true, nil
}

// forget drops a call whose watcher leaves.
func (d *Desk) forget(c *call) {
	c.stopPreparing()
	v := c.look()
	d.mu.Lock()
	delete(d.live, c.id)
	d.oneLess()
	d.mu.Unlock()
	d.pokeTransferOf(c.id)
	if v.at == gone && v.reason != "" {
		d.cfg.Counter.CallOver(string(c.id), c.agent, string(c.direction), string(v.reason), v.lasted(c.since))
		d.cfg.Log.Info("call over", "call", c.id, "reason", v.reason, "epoch", v.epoch)
	}
}

// end ends a call that is over: at once when nobody talks, else its
// conversation does so. What the store refuses is tried again by the watcher.
func (d *Desk) end(ctx context.Context, c *call, v verdict) {
	if c.finish(v) {
		d.closeRow(ctx, c)
	}
}

// closeRow ends the row of a call that is over, unless that goes on elsewhere.
func (d *Desk) closeRow(ctx context.Context, c *call) {
	v := c.look()
	if v.at != over {
		return
	}
	e, first, err := d.endRow(ctx, c, v)
	switch {
	case errors.Is(err, ErrEpoch) && !v.sure:
		d.cfg.Log.Info("a call was taken over", "call", c.id)
		c.ended("")
		return
	case errors.Is(err, ErrNotFound): // it was never made
		c.ended("")
		return
	case err != nil:
		d.cfg.Log.Warn("cannot end the record, will try again", "call", c.id, "error", err)
		c.postpone(v.change)
		return
	}
	if first {
		c.endedAt(e.Wall)
		d.countLost(c, v.reason)
	} else if r, err := d.cfg.Calls.Call(ctx, c.id); err == nil && r.Over() {
		c.endedAt(r.Ended) // as whoever was faster is about to note
	}
	c.ended(v.reason)
	if first {
		d.cfg.Watch(c.id, e)
	}
}

// endRow is [Calls.End], at the epoch that we know, or at any if it is sure
// that the call is over.
func (d *Desk) endRow(ctx context.Context, c *call, v view) (e agentcore.Entry, first bool, err error) {
	epoch := v.epoch
	for range 3 { // nobody takes a call over many times a second
		e, first, err = d.endAt(ctx, c.id, epoch, v.reason, v.until)
		if !v.sure || !errors.Is(err, ErrEpoch) {
			break
		}
		r, failed := d.cfg.Calls.Call(ctx, c.id)
		if failed != nil {
			return e, false, failed
		}
		epoch = r.Epoch
	}
	return e, first, err
}

// journal is the pen of one epoch of a call.
type journal struct {
	d     *Desk
	c     *call
	epoch int
}

// Append implements [agentcore.Journal].
func (j journal) Append(ctx context.Context, entries ...agentcore.Entry) error {
	if err := j.d.append(ctx, j.c.id, j.epoch, entries); err != nil {
		return err
	}
	for _, e := range entries {
		if end, ok := e.Event.(agentcore.Ended); ok {
			j.c.ended(end.Reason)
		}
		j.d.cfg.Watch(j.c.id, e)
	}
	return nil
}
