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

// TestSweepLater is TestSweep for what is to be done later.
func TestSweepLater(t *testing.T) {
	const enough = 30
	first, n := uint64(0), uint64(enough)
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
