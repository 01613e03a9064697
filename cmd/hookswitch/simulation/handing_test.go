package simulation

import (
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
)

// mustSeeHanded is what a sweep of calls that are handed on must have seen.
var mustSeeHanded = []string{
	"leg", "two in a room", "two on a line", "withdrawn transfer",
	"transfer blind: completed", "transfer warm: completed", "transfer conference: completed",
	"transfer blind: busy", "transfer blind: no_answer", "transfer blind: canceled",
	"transfer warm: declined", "transfer warm: voicemail", "reply: connect", "reply: news", "end: transferred",
}

// TestSweepHandingOn is TestSweep for callers who ask for somebody else: nobody
// is alone in the end, and everybody is told once, and the truth.
func TestSweepHandingOn(t *testing.T) {
	const enough = 20
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
	t.Run("seeds", func(t *testing.T) {
		for seed := first; seed < first+n; seed++ {
			t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
				t.Parallel()
				r := runHanding(t, seed, PlannedHanding(seed, Calls))
				if len(r.Broken) > 0 {
					t.Error(r.Report())
				}
				mu.Lock()
				defer mu.Unlock()
				for what, times := range r.Seen {
					seen[what] += times
				}
			})
		}
	})
	if n < enough {
		return
	}
	for _, what := range mustSeeHanded {
		if seen[what] == 0 {
			t.Errorf("%q never happened: the sweep proves nothing about it", what)
		}
	}
}

func runHanding(t *testing.T, seed uint64, plan []Fault) (r Result) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var err error
		if r, err = RunHanding(t.Context(), seed, plan); err != nil {
			t.Fatal(err)
		}
	})
	return r
}
