package dispatch_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/storage/sqlite"
	"github.com/hookswitch/hookswitch/telephony"
)

// strandedFor is how long a caller may be with nobody when a process dies: the
// time that it takes to find that, to ask the carrier, and to have them recalled.
const strandedFor = 45 * time.Second

// A process that hands a call on dies before and after each thing that it does
// outside itself, one run for each, and another takes its place. Whatever the
// moment: the caller is soon with somebody, at most one leg was called, every leg
// is over in the end, the record ends once, and the transfer is told of at most
// once.
func TestHandingOnCrashesAnywhere(t *testing.T) {
	for claim, test := range map[string]struct {
		kind   string
		person person
		must   []string
	}{
		"blind, they talk":         {dispatch.Blind, person{rings: 2 * time.Second, stays: 8 * time.Second}, []string{"create transfer", "move transfer to dialling", "move transfer to bridged", "move transfer to over"}},
		"blind, busy":              {dispatch.Blind, person{busy: true}, []string{"move transfer to dialling", "move transfer to over", "raise", "append"}},
		"warm, they talk":          {dispatch.Warm, person{rings: 2 * time.Second, thinks: 2 * time.Second, stays: 8 * time.Second}, []string{"carrier.dial", "move transfer to checking", "move transfer to accepted", "move transfer to bridged"}},
		"warm, declined":           {dispatch.Warm, person{thinks: 2 * time.Second, says: dispatch.OutcomeDeclined}, []string{"move transfer to over"}},
		"warm, hangs up at once":   {dispatch.Warm, person{thinks: 2 * time.Second, stays: 500 * time.Millisecond}, []string{"move transfer to over", "carrier.hangup"}},
		"warm, gone, and no words": {dispatch.Warm, person{thinks: 2 * time.Second, leaves: 2300 * time.Millisecond, silently: true}, []string{"carrier.recall"}},
	} {
		t.Run(claim, func(t *testing.T) {
			died := map[string]bool{}
			for at := 1; ; at += share(29) {
				var op string
				for _, after := range []bool{false, true} {
					synctest.Test(t, func(t *testing.T) { op = crashHanding(t, test.kind, test.person, at, after) })
					died[op] = true
				}
				if op == "" {
					delete(died, "")
					t.Logf("died at one in %d of %d operations: %v", share(29), at-1, slices.Sorted(maps.Keys(died)))
					break
				}
			}
			for _, op := range test.must {
				if !died[op] && !testing.Short() {
					t.Errorf("never died at %q: the test proves nothing about it", op)
				}
			}
		})
	}
}

// crashHanding is one run; it returns the operation at which the process died,
// if any.
func crashHanding(t *testing.T, kind string, who person, at int, after bool) string {
	db, err := sqlite.Open(t.Context(), sqlite.Memory)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s := newSwitchboard(who)
	dies := make(chan struct{})
	first := &gate{Calls: db, carrier: s, at: at, after: after, died: func() { s.cut(); close(dies) }}
	second := &gate{Calls: db, carrier: s}
	dead := s.start(t, "one", kind, first, handings{first, db}, first, nil)
	s.calls(75 * time.Second)
	lived := time.NewTimer(80 * time.Second)
	select {
	case <-dies:
	case <-lived.C:
	}
	lived.Stop()
	first.mu.Lock()
	op := first.op
	first.closed = true
	first.mu.Unlock()
	s.cut()
	claim := fmt.Sprintf("%q (%d), after %t", op, at, after)

	time.Sleep(700 * time.Millisecond)
	alive := s.start(t, "two", kind, second, handings{second, db}, second, nil)
	for range 12 {
		if err := alive.Recover(t.Context()); err != nil {
			t.Errorf("%s: Recover() = %v", claim, err)
		}
		time.Sleep(15 * time.Second)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_ = dead.Close(gone)
	checkHanding(t, claim, db, s)
	if err := alive.Close(t.Context()); err != nil {
		t.Errorf("%s: Close() = %v", claim, err)
	}
	for _, p := range s.parties {
		s.end(p, telephony.StateFail)
	}
	s.wg.Wait()
	return op
}

func checkHanding(t *testing.T, claim string, db interface {
	dispatch.Calls
	dispatch.Transfers
}, s *switchboard) {
	t.Helper()
	if s.alone > strandedFor {
		t.Errorf("%s: the caller was with nobody for %v", claim, s.alone)
	}
	legs := map[telephony.CallID]int{}
	for _, p := range s.parties {
		if legs[p.ours]++; p.ours != "" && legs[p.ours] > 1 {
			t.Errorf("%s: %s was called twice", claim, p.ours)
		}
		if !p.state.Terminal() {
			t.Errorf("%s: %s is %s in the end", claim, p.id, p.state)
		}
	}
	r, err := db.CallByCarrier(t.Context(), "CAcaller0")
	if err != nil {
		t.Errorf("%s: %v", claim, err)
		return
	}
	if open, err := db.OpenTransfers(t.Context()); err != nil || len(open) != 0 || !r.Over() {
		t.Errorf("%s: record %+v, open transfers %+v, %v", claim, r, open, err)
	}
	all, err := db.TransfersOf(t.Context(), r.ID)
	if err != nil || len(all) > 1 {
		t.Errorf("%s: %d transfers, %v", claim, len(all), err)
	}
	told, err := journalled(t, db, r.ID)
	if err != nil {
		t.Errorf("%s: %v", claim, err)
	}
	for _, x := range all {
		if told != "" && told != x.Outcome {
			t.Errorf("%s: the journal says %s, the transfer %s", claim, told, x.Outcome)
		}
		if talked := x.Outcome == dispatch.OutcomeCompleted; talked != (r.Reason == telephony.Transferred) {
			t.Errorf("%s: the call ended for %s, the transfer is %s", claim, r.Reason, x.Outcome)
		}
	}
}
