package simulation

import (
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func runRooms(t *testing.T, seed uint64, plan []Fault) (r Result) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var err error
		if r, err = RunRooms(t.Context(), seed, plan); err != nil {
			t.Fatal(err)
		}
	})
	return r
}

// enoughRooms seeds, and everything in mustSeeRooms has happened.
const enoughRooms = 20

// mustSeeRooms is what a sweep of calls that are rooms must have seen.
var mustSeeRooms = []string{
	"floor: the own agent", "floor: closer", "floor: second", "floor: nobody", "listener",
	"sent: replace", "sent: wait", "sent: listen", "deleted", "own agent deleted",
	"replaced", "yielded", "an agent broke", "a listener broke", "floor taken", "looked at a room",
	"line lost", "resumed call", "lost line", "end: agent_hangup", "end: caller_hangup",
	"a process died", "a process stood still",
	"rooms fail", "rooms lost", "rooms slow", "rooms dies", "rooms died", "rooms freeze",
}

// TestSweepRooms is TestSweep for calls to whom other agents are sent.
func TestSweepRooms(t *testing.T) {
	first, n := uint64(0), uint64(enoughRooms)
	if seed, one := setting(t, "HOOKSWITCH_SIM_SEED"); one {
		first, n = seed, 1
	} else if many, set := setting(t, "HOOKSWITCH_SIM_SEEDS"); set {
		n = many
	} else if raced || testing.Short() {
		n = 4
	}
	var mu sync.Mutex
	seen := map[string]int{}
	began := time.Now()
	t.Run("seeds", func(t *testing.T) {
		for seed := first; seed < first+n; seed++ {
			t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
				t.Parallel()
				r := runRooms(t, seed, wanted(t, PlannedRooms(seed)))
				judge(t, r, runRooms)
				mu.Lock()
				defer mu.Unlock()
				for what, times := range r.Seen {
					seen[what] += times
				}
			})
		}
	})
	took := time.Since(began)
	t.Logf("%d seeds in %v: %.0f a minute", n, took.Round(time.Millisecond), float64(n)/took.Minutes())
	if n < enoughRooms {
		return
	}
	for _, what := range mustSeeRooms {
		if seen[what] == 0 {
			t.Errorf("%q never happened: the sweep proves nothing about it", what)
		}
	}
	for _, what := range slices.Sorted(func(yield func(string) bool) {
		for what, times := range seen {
			if !yield(fmt.Sprintf("%-28s %6d", what, times)) {
				return
			}
		}
	}) {
		t.Log(what)
	}
}

// One seed gives one trace of calls that are rooms, too.
func TestReplayRoomsIsIdentical(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	n := uint64(replayed)
	if more, set := setting(t, "HOOKSWITCH_SIM_REPLAYS"); set {
		n = more
	}
	for seed := range n {
		runtime.GOMAXPROCS(1)
		want := runRooms(t, seed, PlannedRooms(seed)).Trace
		for _, threads := range []int{2, 8} {
			runtime.GOMAXPROCS(threads)
			if got := runRooms(t, seed, PlannedRooms(seed)).Trace; got != want {
				t.Errorf("seed %d on %d threads is another run:\n%s", seed, threads, difference(got, want))
			}
		}
	}
}
