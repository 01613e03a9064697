package simulation

import (
	"runtime"
	"testing"
)

// One seed gives one trace of what is done later, too, however many threads run
// it, and whatever dies.
func TestReplayLaterIsIdentical(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	n := uint64(replayed)
	if more, set := setting(t, "HOOKSWITCH_SIM_REPLAYS"); set {
		n = more
	}
	for seed := range n {
		runtime.GOMAXPROCS(1)
		want := runLater(t, seed, PlannedLater(seed)).Trace
		for _, threads := range []int{2, 8} {
			runtime.GOMAXPROCS(threads)
			if got := runLater(t, seed, PlannedLater(seed)).Trace; got != want {
				t.Errorf("seed %d on %d threads is another run:\n%s", seed, threads, difference(got, want))
			}
		}
	}
}
