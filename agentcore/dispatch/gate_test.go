package dispatch_test

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

// gate is all that a process reaches, until it dies: it numbers what passes, and
// closes for good before or after one of them.
type gate struct {
	dispatch.Calls
	carrier telephony.Carrier

	at     int           // number at which the process dies; 0: never
	after  bool          // the effect happens before it dies, and nobody hears of it
	sleeps time.Duration // it does not die: it stands still for so long, as a whole
	died   func()

	mu     sync.Mutex
	n      int
	op     string // at which it died
	closed bool
	wakes  time.Time // until then the process stands still
}

var errDead = errors.New("the process is dead")

// pass lets an effect happen, if the process is alive.
func pass[T any](g *gate, op string, effect func() (T, error)) (T, error) {
	time.Sleep(time.Millisecond + time.Duration(len(op))*time.Microsecond) // no two at the same instant
	var none T
	g.stand()
	g.mu.Lock()
	if g.closed {
		g.mu.Unlock()
		return none, errDead
	}
	g.n++
	dies := g.n == g.at
	if dies {
		g.op, g.closed = op, g.sleeps == 0
	}
	g.mu.Unlock()
	if dies && !g.after {
		if err := g.end(); err != nil {
			return none, err
		}
	}
	v, err := effect()
	if dies && g.after {
		if err := g.end(); err != nil {
			return none, err
		}
	}
	g.stand()
	return v, err
}

// stand waits until the process does not stand still.
func (g *gate) stand() {
	g.mu.Lock()
	wakes := g.wakes
	g.mu.Unlock()
	time.Sleep(time.Until(wakes))
}

// end is the end of the process, or the time for which it stands still.
func (g *gate) end() error {
	if g.sleeps == 0 {
		g.died()
		return errDead
	}
	g.mu.Lock()
	g.wakes = time.Now().Add(g.sleeps)
	g.mu.Unlock()
	g.died()
	g.stand()
	return nil
}

// made is what two values travel as.
type made[T any] struct {
	v     T
	first bool
}

func nothing(effect func() error) func() (struct{}, error) {
	return func() (struct{}, error) { return struct{}{}, effect() }
}

func (g *gate) Create(ctx context.Context, r dispatch.Record) (dispatch.Record, bool, error) {
	m, err := pass(g, "create", func() (m made[dispatch.Record], err error) {
		m.v, m.first, err = g.Calls.Create(ctx, r)
		return m, err
	})
	return m.v, m.first, err
}
func (g *gate) Call(ctx context.Context, id telephony.CallID) (dispatch.Record, error) {
	return pass(g, "call", func() (dispatch.Record, error) { return g.Calls.Call(ctx, id) })
}
func (g *gate) CallByCarrier(ctx context.Context, id string) (dispatch.Record, error) {
	return pass(g, "call by carrier", func() (dispatch.Record, error) { return g.Calls.CallByCarrier(ctx, id) })
}
func (g *gate) SetCarrier(ctx context.Context, id telephony.CallID, carrierID string) error {
	_, err := pass(g, "set carrier", nothing(func() error { return g.Calls.SetCarrier(ctx, id, carrierID) }))
	return err
}
func (g *gate) SetPrepared(ctx context.Context, id telephony.CallID, variables string, now time.Time) error {
	_, err := pass(g, "set prepared", nothing(func() error { return g.Calls.SetPrepared(ctx, id, variables, now) }))
	return err
}
func (g *gate) Raise(ctx context.Context, id telephony.CallID, epoch int, node string) (int, error) {
	return pass(g, "raise", func() (int, error) { return g.Calls.Raise(ctx, id, epoch, node) })
}
func (g *gate) Admit(ctx context.Context, id telephony.CallID, epoch int, node string, now time.Time) error {
	_, err := pass(g, "admit", nothing(func() error { return g.Calls.Admit(ctx, id, epoch, node, now) }))
	return err
}
func (g *gate) Progress(ctx context.Context, id telephony.CallID, s telephony.State, n, sip int, now time.Time) (bool, error) {
	return pass(g, "progress", func() (bool, error) { return g.Calls.Progress(ctx, id, s, n, sip, now) })
}
func (g *gate) Append(ctx context.Context, id telephony.CallID, epoch int, e []agentcore.Entry) error {
	_, err := pass(g, "append", nothing(func() error { return g.Calls.Append(ctx, id, epoch, e) }))
	return err
}
func (g *gate) End(ctx context.Context, id telephony.CallID, epoch int, reason telephony.EndReason, now time.Time) (agentcore.Entry, bool, error) {
	m, err := pass(g, "end", func() (m made[agentcore.Entry], err error) {
		m.v, m.first, err = g.Calls.End(ctx, id, epoch, reason, now)
		return m, err
	})
	return m.v, m.first, err
}
func (g *gate) Journal(ctx context.Context, id telephony.CallID, after int) ([]agentcore.Entry, error) {
	return pass(g, "journal", func() ([]agentcore.Entry, error) { return g.Calls.Journal(ctx, id, after) })
}
func (g *gate) Unended(ctx context.Context, node string, since time.Time) ([]dispatch.Record, error) {
	return pass(g, "unended", func() ([]dispatch.Record, error) { return g.Calls.Unended(ctx, node, since) })
}
func (g *gate) CreateDispatch(ctx context.Context, d dispatch.Dispatch, r *dispatch.Record) (dispatch.Dispatch, bool, error) {
	m, err := pass(g, "create dispatch", func() (m made[dispatch.Dispatch], err error) {
		m.v, m.first, err = g.Calls.CreateDispatch(ctx, d, r)
		return m, err
	})
	return m.v, m.first, err
}
func (g *gate) DispatchByKey(ctx context.Context, workspace, key string, now time.Time) (dispatch.Dispatch, error) {
	return pass(g, "dispatch by key", func() (dispatch.Dispatch, error) { return g.Calls.DispatchByKey(ctx, workspace, key, now) })
}
func (g *gate) Dispatched(ctx context.Context, id string) (dispatch.Dispatch, error) {
	return pass(g, "dispatched", func() (dispatch.Dispatch, error) { return g.Calls.Dispatched(ctx, id) })
}
func (g *gate) FailDispatch(ctx context.Context, id, why string) error {
	_, err := pass(g, "fail dispatch", nothing(func() error { return g.Calls.FailDispatch(ctx, id, why) }))
	return err
}
func (g *gate) Attach(ctx context.Context, session string, r dispatch.Record) (dispatch.Record, error) {
	return pass(g, "attach", func() (dispatch.Record, error) { return g.Calls.Attach(ctx, session, r) })
}
func (g *gate) Alive(ctx context.Context, node string, since time.Time) (bool, error) {
	return pass(g, "alive", func() (bool, error) { return g.Calls.Alive(ctx, node, since) })
}

func (g *gate) SetAnswerer(ctx context.Context, id telephony.CallID, by string) error {
	_, err := pass(g, "set answerer", nothing(func() error { return g.Calls.SetAnswerer(ctx, id, by) }))
	return err
}

// handings are the transfers that a process reaches through its gate.
type handings struct {
	g  *gate
	to dispatch.Transfers
}

func (h handings) CreateTransfer(ctx context.Context, t dispatch.Transfer) (dispatch.Transfer, bool, error) {
	m, err := pass(h.g, "create transfer", func() (m made[dispatch.Transfer], err error) {
		m.v, m.first, err = h.to.CreateTransfer(ctx, t)
		return m, err
	})
	return m.v, m.first, err
}
func (h handings) Transfer(ctx context.Context, id telephony.CallID) (dispatch.Transfer, error) {
	return pass(h.g, "transfer", func() (dispatch.Transfer, error) { return h.to.Transfer(ctx, id) })
}
func (h handings) TransferByCarrier(ctx context.Context, id string) (dispatch.Transfer, error) {
	return pass(h.g, "transfer by carrier", func() (dispatch.Transfer, error) { return h.to.TransferByCarrier(ctx, id) })
}
func (h handings) MoveTransfer(ctx context.Context, id telephony.CallID, from []string, c dispatch.TransferChange) (dispatch.Transfer, error) {
	return pass(h.g, "move transfer to "+c.Status, func() (dispatch.Transfer, error) { return h.to.MoveTransfer(ctx, id, from, c) })
}
func (h handings) TransfersOf(ctx context.Context, call telephony.CallID) ([]dispatch.Transfer, error) {
	return pass(h.g, "transfers of", func() ([]dispatch.Transfer, error) { return h.to.TransfersOf(ctx, call) })
}
func (h handings) OpenTransfers(ctx context.Context) ([]dispatch.Transfer, error) {
	return pass(h.g, "open transfers", func() ([]dispatch.Transfer, error) { return h.to.OpenTransfers(ctx) })
}

// Beat passes without a number: it comes by itself, every second.
func (g *gate) Beat(ctx context.Context, node string, now time.Time) error {
	g.stand()
	g.mu.Lock()
	closed := g.closed
	g.mu.Unlock()
	if closed {
		return errDead
	}
	return g.Calls.Beat(ctx, node, now)
}

func (g *gate) SetDialled(ctx context.Context, id telephony.CallID, now time.Time) error {
	_, err := pass(g, "set dialled", nothing(func() error { return g.Calls.SetDialled(ctx, id, now) }))
	return err
}
func (g *gate) DispatchOfCall(ctx context.Context, id telephony.CallID) (dispatch.Dispatch, error) {
	return pass(g, "dispatch of call", func() (dispatch.Dispatch, error) { return g.Calls.DispatchOfCall(ctx, id) })
}

// Find implements [telephony.Carrier].
func (g *gate) Find(ctx context.Context, account string, from, to telephony.Number, since time.Time) ([]string, error) {
	return pass(g, "carrier.find", func() ([]string, error) { return g.carrier.Find(ctx, account, from, to, since) })
}

// Dial implements [telephony.Carrier]. That we may dial is asked first, as its
// own operation.
func (g *gate) Dial(ctx context.Context, o telephony.Outgoing) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second) // of the request
	defer cancel()
	if err := o.MayDial(ctx); err != nil {
		return "", err
	}
	o.Before = nil
	return pass(g, "carrier.dial", func() (string, error) {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		return g.carrier.Dial(ctx, o)
	})
}

// Hangup implements [telephony.Carrier].
func (g *gate) Hangup(ctx context.Context, ref telephony.Ref) error {
	_, err := pass(g, "carrier.hangup", nothing(func() error { return g.carrier.Hangup(ctx, ref) }))
	return err
}

// State implements [telephony.Carrier].
func (g *gate) State(ctx context.Context, ref telephony.Ref) (telephony.Standing, error) {
	return pass(g, "carrier.state", func() (telephony.Standing, error) { return g.carrier.State(ctx, ref) })
}

// Recall implements [telephony.Carrier].
func (g *gate) Recall(ctx context.Context, ref telephony.Ref) error {
	_, err := pass(g, "carrier.recall", nothing(func() error { return g.carrier.Recall(ctx, ref) }))
	return err
}
