package dispatch_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/search"
	"github.com/hookswitch/hookswitch/agentcore/webhook"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/storage/sqlite"
	"github.com/hookswitch/hookswitch/telephony"
)

// share is how far the runs of a sweep are apart: under -short one in most is
// enough, for then the whole is left to the run without it.
func share(most int) int {
	if testing.Short() {
		return most
	}
	return 1
}

// A process that places a call dies before and after each thing that it does
// outside itself, one run for each; another takes its place, and whoever asked
// for the call asks again with the same key. Whatever the moment: at most one
// call is placed, one record tells of it, it ends once, and its webhook is owed
// once. A call that was placed goes on.
func TestDispatchCrashesAnywhere(t *testing.T) {
	for claim, far := range map[string]func() *exchange{
		"the carrier answers before the callee does": func() *exchange { return &exchange{answers: 3 * time.Second} },
		"the callee is faster than the carrier":      func() *exchange { return &exchange{lag: 200 * time.Millisecond} },
		"the carrier refuses":                        func() *exchange { return &exchange{refuse: errors.New("no such number as +15550111")} },
	} {
		t.Run(claim, func(t *testing.T) {
			died := map[string]bool{}
			for at := 1; ; at += share(3) {
				var op string
				for _, after := range []bool{false, true} {
					synctest.Test(t, func(t *testing.T) {
						op = crash(t, far(), at, after)
					})
					died[op] = true
				}
				if op == "" {
					delete(died, "")
					t.Logf("died at one in %d of %d operations: %v", share(3), at-1, slices.Sorted(maps.Keys(died)))
					break
				}
			}
			for _, op := range []string{"dispatch by key", "create dispatch", "prepare", "carrier.dial"} {
				if !died[op] && !testing.Short() {
					t.Errorf("never died at %q: the test proves nothing about it", op)
				}
			}
		})
	}
}

// crash is one run; it returns the operation at which the process died, if any.
func crash(t *testing.T, net *exchange, at int, after bool) string {
	db, err := sqlite.Open(t.Context(), sqlite.Memory)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	first := &gate{Calls: db, carrier: net, at: at, after: after, died: net.cut}
	second := &gate{Calls: db, carrier: net}
	dead := net.open(t, "one", first)

	w := wish
	w.IdemKey, w.IdemHash, w.PreCall = "key", "hash", 4
	_, _, err = dead.Dispatch(t.Context(), w)
	time.Sleep(500 * time.Millisecond) // what goes on beside it comes to its end, too
	first.mu.Lock()
	op := first.op
	first.closed = true // whatever happened: this process is killed now
	first.mu.Unlock()
	net.cut()
	claim := fmt.Sprintf("%q, after %t", op, after)

	time.Sleep(700 * time.Millisecond)
	alive := net.open(t, "two", second)
	var on dispatch.Dispatch
	for range 5 {
		var refused *dispatch.PlaceError
		if on, _, err = alive.Dispatch(t.Context(), w); err == nil || errors.As(err, &refused) {
			break
		}
		time.Sleep(time.Second)
	}
	if on.ID == "" {
		t.Errorf("%s: asked again: %v", claim, err)
	}
	began := time.Now()
	for range 8 { // two minutes
		if err := alive.Recover(t.Context()); err != nil {
			t.Errorf("%s: Recover() = %v", claim, err)
		}
		time.Sleep(15 * time.Second)
	}
	net.calls.Wait()
	again, replayed, err := alive.Dispatch(t.Context(), w)
	if err != nil || !replayed || again.ID != on.ID || again.Call != on.Call {
		t.Errorf("%s: in the end the key gives %+v, replayed %t, %v, want %+v", claim, again, replayed, err, on)
	}
	check(t, claim, db, net, again, began)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_ = dead.Close(gone)
	if err := alive.Close(t.Context()); err != nil {
		t.Error(err)
	}
	return op
}

func check(t *testing.T, claim string, db *storage.DB, net *exchange, on dispatch.Dispatch, began time.Time) {
	t.Helper()
	ctx := t.Context()
	if n := len(net.placed); n > 1 {
		t.Errorf("%s: %d calls were placed", claim, n)
	}
	calls, _, err := db.SearchCalls(ctx, "default", search.Query{}, time.Now(), "", 0)
	if err != nil || len(calls) != 1 || calls[0].ID != on.Call {
		t.Fatalf("%s: %d records, %v, want the one of the dispatch", claim, len(calls), err)
	}
	r := calls[0].Call
	if r.Ended.Sub(began) > time.Minute {
		t.Errorf("%s: ended %v after the restart, want a minute at most", claim, r.Ended.Sub(began))
	}
	want := telephony.Failed
	if len(net.placed) == 1 {
		want = telephony.CallerHangup
	}
	if r.Reason != want {
		t.Errorf("%s: ended for %q with %d calls placed, want %q", claim, r.Reason, len(net.placed), want)
	}
	if wantStatus := map[telephony.EndReason]string{
		telephony.Failed: dispatch.DispatchFailed, telephony.CallerHangup: dispatch.DispatchPlaced,
	}[want]; on.Status != wantStatus {
		t.Errorf("%s: the dispatch is %s (%s), want %s", claim, on.Status, on.Error, wantStatus)
	}
	entries, err := db.Journal(ctx, r.ID, 0)
	ends := 0
	for _, e := range entries {
		if _, ok := e.Event.(agentcore.Ended); ok {
			ends++
		}
	}
	owed, failed := db.Deliveries(ctx, webhook.Filter{Workspace: "default", Call: r.ID})
	if err := errors.Join(err, failed); err != nil || ends != 1 || len(owed) != 1 {
		t.Errorf("%s: %d ends, %d deliveries, %v, want one each", claim, ends, len(owed), err)
	}
}

// exchange is the carrier, and whoever it calls. It outlives the processes that
// ask it, and asks the one that lives.
type exchange struct {
	answers time.Duration // until somebody picks up
	lag     time.Duration // of its answer to Dial
	refuse  error

	calls  sync.WaitGroup
	placed []telephony.Outgoing

	mu    sync.Mutex
	desk  *dispatch.Desk
	leg   *leg
	state telephony.State
}

// open starts a process.
func (x *exchange) open(t *testing.T, node string, g *gate) *dispatch.Desk {
	t.Helper()
	d, err := dispatch.New(dispatch.Config{
		Calls: g, Carrier: g, Node: node, Secret: []byte("0123456789abcdef"), Route: house, Talk: (&office{}).talk,
		Prepare: func(ctx context.Context, r dispatch.Record) error {
			_, err := pass(g, "prepare", nothing(func() error { time.Sleep(50 * time.Millisecond); return nil }))
			return err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.desk = d
	return d
}

// cut breaks the stream, for the process at its end is gone.
func (x *exchange) cut() {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.leg != nil {
		x.leg.lose()
	}
}

func (x *exchange) Dial(_ context.Context, o telephony.Outgoing) (string, error) {
	if x.refuse != nil {
		return "", x.refuse
	}
	x.placed = append(x.placed, o)
	id := fmt.Sprint("CA", len(x.placed))
	x.calls.Go(func() { x.live(o, id) })
	time.Sleep(x.lag)
	return id, nil
}

// Find implements [telephony.Carrier].
func (x *exchange) Find(_ context.Context, _ string, from, to telephony.Number, _ time.Time) (ids []string, err error) {
	for i, o := range x.placed {
		if o.From == from && o.To == to {
			ids = append([]string{fmt.Sprint("CA", i+1)}, ids...)
		}
	}
	return ids, nil
}

func (x *exchange) Hangup(context.Context, telephony.Ref) error {
	x.set(telephony.Completed)
	return nil
}

func (x *exchange) State(context.Context, telephony.Ref) (telephony.Standing, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return telephony.Standing{State: x.state}, nil
}

func (x *exchange) set(s telephony.State) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.state.Terminal() {
		x.state = s
	}
}

// now is the process that lives.
func (x *exchange) now() *dispatch.Desk {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.desk
}

// live is the life of a call: it is picked up, listens for ten seconds, and
// hangs up. Requests that fail are repeated.
func (x *exchange) live(o telephony.Outgoing, id string) {
	x.set(telephony.Ringing)
	time.Sleep(x.answers)
	x.set(telephony.InProgress)
	ctx := context.Background()
	in := telephony.Incoming{Carrier: id, Call: o.Call, From: o.From, To: o.To, State: telephony.InProgress}
	step, err := x.now().Ring(ctx, in)
	patience := time.Now().Add(10 * time.Second)
	for time.Now().Before(patience) && step.Kind != telephony.StepHangup {
		if err == nil && step.Kind == telephony.StepConnect {
			x.connect(ctx, step.Token, id, patience)
		}
		time.Sleep(100 * time.Millisecond)
		if err != nil {
			step, err = x.now().Ring(ctx, in)
		} else {
			step, err = x.now().Next(ctx, telephony.Question{Carrier: id})
			if err != nil {
				err, step = nil, telephony.Step{Kind: telephony.StepWait}
			}
		}
	}
	x.set(telephony.Completed)
	for range 20 {
		if x.now().Report(ctx, telephony.Progress{Carrier: id, Call: o.Call, State: telephony.Completed, Sequence: 4}) == nil {
			return
		}
		time.Sleep(time.Second)
	}
}

// connect talks until the stream breaks or the callee hangs up.
func (x *exchange) connect(ctx context.Context, token, id string, until time.Time) {
	desk := x.now()
	call, err := desk.Admit(ctx, token, telephony.Ref{ID: id})
	if err != nil {
		return
	}
	l := newLeg()
	x.mu.Lock()
	x.leg = l
	gone := x.desk != desk
	x.mu.Unlock()
	if gone {
		l.lose()
	}
	hangUp := time.AfterFunc(time.Until(until), l.lose)
	defer hangUp.Stop()
	_ = desk.Talk(ctx, call, l)
}

// Recall implements [telephony.Carrier].
func (*exchange) Recall(context.Context, telephony.Ref) error { return nil }
