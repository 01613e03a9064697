package simulation

import (
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func runLater(t *testing.T, seed uint64, plan []Fault) (r Result) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var err error
		if r, err = RunLater(t.Context(), seed, plan); err != nil {
			t.Fatal(err)
		}
	})
	return r
}

// enoughLater seeds, and everything in mustSeeLater has happened.
const enoughLater = 20

// mustSeeLater is what a sweep of calls that are placed later must have seen.
var mustSeeLater = []string{
	"a process died", "a process stood still", "claim taken over", "job done by another", "job done twice",
	"attempt made again", "series went on", "series ended: reached", "series ended: called_in", "moved meanwhile", "booked again",
	"put off: workspace_full", "put off: quiet_hours", "put off: gateway_trouble",
	"errand done", "errand failed", "errand cancelled", "errand refused",
	"cancelled: live", "cancelled: cancelled", "batch cancelled", "batch completed", "batch not loaded",
	"fault in a follow-up", "agenda.claim lost", "agenda.claim died", "agenda.claim freeze", "agenda.claimed fail",
	"agenda.move fail", "agenda.move lost", "agenda.wake freeze", "agenda.batch freeze",
	"carrier died", "carrier lost", "store died", "store dies", "store freeze", "store lost",
}

// TestSweepLater is TestSweep for what is to be done later.
func TestSweepLater(t *testing.T) {
	first, n := uint64(0), uint64(enoughLater)
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
				r := runLater(t, seed, wanted(t, PlannedLater(seed)))
				judge(t, r, runLater)
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
	if n < enoughLater {
		return
	}
	for _, what := range mustSeeLater {
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
