package dispatch_test

import (
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/search"
	"github.com/hookswitch/hookswitch/storage/sqlite"
	"github.com/hookswitch/hookswitch/telephony"
)

// A process that places a call stands still before or after each thing that it
// does, for so long that another one takes its calls, and then goes on. Whatever
// the moment, at most one call is placed, its record ends once, and one that says
// that it was never placed was not: whoever reads that places it again.
func TestAProcessThatStoodStillDialsNothing(t *testing.T) {
	froze := map[string]bool{}
	for at := 1; ; at += share(3) {
		var op string
		for _, after := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) { op = freeze(t, at, after) })
			froze[op] = true
		}
		if op == "" {
			break
		}
	}
	delete(froze, "")
	t.Logf("stood still at %v", slices.Sorted(maps.Keys(froze)))
	for _, op := range []string{"create dispatch", "set dialled", "carrier.dial", "set carrier"} {
		if !froze[op] && !testing.Short() {
			t.Errorf("never stood still at %q: the test proves nothing about it", op)
		}
	}
}

// freeze is one run; it returns the operation at which the process stood still.
func freeze(t *testing.T, at int, after bool) string {
	db, err := sqlite.Open(t.Context(), sqlite.Memory)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	net := &exchange{answers: 3 * time.Second}
	first := &gate{Calls: db, carrier: net, at: at, after: after, sleeps: 2 * time.Minute, died: net.cut}
	slow := net.open(t, "one", first)
	w := wish
	w.Call, w.FollowUp = "call_named", true
	var dispatched = make(chan error, 1)
	go func() {
		_, _, err := slow.Dispatch(t.Context(), w)
		dispatched <- err
	}()
	time.Sleep(time.Second)
	alive := net.open(t, "two", &gate{Calls: db, carrier: net})
	for range 12 { // three minutes
		if err := alive.Recover(t.Context()); err != nil {
			t.Errorf("Recover() = %v", err)
		}
		time.Sleep(15 * time.Second)
	}
	<-dispatched
	net.calls.Wait()
	time.Sleep(time.Minute)

	first.mu.Lock()
	op := first.op
	first.mu.Unlock()
	calls, _, err := db.SearchCalls(t.Context(), "default", search.Query{}, time.Now(), "", 0)
	if err != nil || len(calls) != 1 {
		t.Fatalf("%q, after %t: %d records, %v", op, after, len(calls), err)
	}
	r, err := db.Call(t.Context(), w.Call)
	if err != nil || !r.Over() {
		t.Fatalf("%q, after %t: record %+v, %v, want it over", op, after, r, err)
	}
	switch {
	case len(net.placed) > 1:
		t.Errorf("%q, after %t: %d calls were placed", op, after, len(net.placed))
	case r.Unplaced() && len(net.placed) != 0:
		t.Errorf("%q, after %t: placed, and the record says that it never was (%s)", op, after, r.Why)
	case r.Reason == telephony.Failed && !r.Unplaced():
		t.Errorf("%q, after %t: %d placed, ended for %q (%s), want it known whether it was", op, after, len(net.placed), r.Reason, r.Why)
	}
	if !r.FollowUp {
		t.Errorf("%q, after %t: nobody will look at it", op, after)
	}
	if err := alive.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if err := slow.Close(t.Context()); err != nil {
		t.Error(err)
	}
	return op
}
