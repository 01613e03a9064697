// Package storetest holds what every backend of storage must do.
package storetest

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
)

// check is one thing that a store must do.
type check struct {
	claim string
	do    func(t *testing.T, s storage.Store)
}

// suites are the checks by what they are about.
var suites = map[string][]check{}

// suite adds checks, in the init of the file that has them.
func suite(about string, checks ...check) { suites[about] = append(suites[about], checks...) }

// Run checks the store that open returns: empty, and closed by t.Cleanup.
func Run(t *testing.T, open func(t testing.TB) storage.Store) {
	for _, about := range slices.Sorted(maps.Keys(suites)) {
		t.Run(about, func(t *testing.T) {
			for _, c := range suites[about] {
				t.Run(c.claim, func(t *testing.T) { c.do(t, open(t)) })
			}
		})
	}
	t.Run("rooms", func(t *testing.T) { testRooms(t, open) })
}

func init() {
	suite("calls",
		check{"a call is created once per carrier id", createdOnce},
		check{"calls without a carrier id don't clash", createdWithout},
		check{"what is created is found", found},
		check{"what isn't there is not found", notFound},
		check{"text that no database takes is kept as one that all do", oddText},
		check{"the carrier id is set once", carrierSetOnce},
		check{"the epoch is raised by one of two", raised},
		check{"a token is spent once", admitted},
		check{"progress only moves on", progress},
		check{"of two creators one wins", twoCreators},
		check{"who answered is kept as the carrier said it first", answererKept},
		check{"agent of a foreign call", agentOfForeign},
		check{"unended lists the open calls", unended},
	)
	suite("journal",
		check{"entries come back as they went in", roundTrip},
		check{"an append continues exactly, or changes nothing", exact},
		check{"a stale epoch writes nothing", stale},
		check{"an Ended entry ends the record", endedByEntry},
		check{"End writes the last entry once", endedByHand},
		check{"of two appenders one wins", twoAppenders},
		check{"of two enders one wins", twoEnders},
		check{"an end and an append leave one whole journal", endAgainstAppend},
	)
}

// now is when the tests begin, in whole microseconds as a store keeps it.
var now = time.UnixMicro(1_790_000_000_123_456)

// call creates an inbound call and fails t if that fails.
func call(t testing.TB, s storage.Store, name string) storage.Call {
	t.Helper()
	r, created, err := s.Create(t.Context(), storage.Call{
		ID: telephony.CallID("call_" + name), Carrier: "CA" + name,
		From: "+15550100", To: "+15550199", Direction: telephony.Inbound,
		Agent: "demo", State: telephony.Ringing, Created: now,
		Workspace: "default", Node: "node_a", AgentUUID: "uuid_1", Version: 3, Conversation: "conv-" + name,
		Variables: `{"name":"Ann"}`, PostCall: 7, Why: "because", Account: "AC1",
	})
	if err != nil || !created {
		t.Fatalf("Create(%s) = %v, %v, want a new call", name, created, err)
	}
	return r
}

// entry is the n-th of a call.
func entry(n int, e agentcore.Event) agentcore.Entry {
	at := time.Duration(n) * 20 * time.Millisecond
	return agentcore.Entry{N: n, Version: agentcore.JournalVersion, At: at, Wall: now.Add(at).UTC(), Sync: n%2 == 0, Event: e}
}

// said are the entries from first to last.
func said(first, last int) []agentcore.Entry {
	var all []agentcore.Entry
	for n := first; n <= last; n++ {
		all = append(all, entry(n, agentcore.CallerSaid{Turn: n, Text: fmt.Sprintf("word %d", n)}))
	}
	return all
}

// end is the n-th entry of a call that the agent ends.
func end(n int) agentcore.Entry { return entry(n, agentcore.Ended{Reason: telephony.AgentHangup}) }

// whole fails t unless the journal is numbered 1, 2, ... with at most one
// Ended, at its end and in accordance with the record. It returns the journal.
func whole(t testing.TB, s storage.Store, id telephony.CallID) []agentcore.Entry {
	t.Helper()
	entries, err := s.Journal(t.Context(), id, 0)
	if err != nil {
		t.Fatalf("Journal() = %v", err)
	}
	r, err := s.Call(t.Context(), id)
	if err != nil {
		t.Fatalf("Call() = %v", err)
	}
	var reason telephony.EndReason
	for i, e := range entries {
		if e.N != i+1 {
			t.Fatalf("entry %d has number %d", i+1, e.N)
		}
		if ended, ok := e.Event.(agentcore.Ended); ok {
			if i != len(entries)-1 {
				t.Fatalf("entry %d of %d is an Ended", e.N, len(entries))
			}
			reason = ended.Reason
		}
	}
	if r.Last != len(entries) || r.Reason != reason || r.Over() != (reason != "") {
		t.Fatalf("record says %d entries, ended %q; the journal has %d, ended %q", r.Last, r.Reason, len(entries), reason)
	}
	return entries
}
