package simulation

import (
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
)

// mustSeeMachines is what a sweep of calls that machines answer must have seen.
var mustSeeMachines = []string{
	"died talking", "message begun", "resumed with a machine on the line",
	"who answered: human", "who answered: voicemail_greeting", "who answered: voicemail_beep",
	"went well: person", "went well: machine", "went well: picked up",
	"end: voicemail", "end: agent_hangup", "reply: message", "reply: greeting",
}

// enoughMachines seeds, and everything in mustSeeMachines has happened.
const enoughMachines = 20

// TestSweepMachines is TestSweep for calls that we place, of which machines answer
// most, and whose processes die: a message is left once at most.
func TestSweepMachines(t *testing.T) {
	if seed, one := setting(t, "HOOKSWITCH_SIM_SEED"); one {
		judge(t, runMachines(t, seed, wanted(t, PlannedMachines(seed, Calls))), runMachines)
		return
	}
	n := uint64(enoughMachines)
	if many, set := setting(t, "HOOKSWITCH_SIM_SEEDS"); set {
		n = many
	} else if raced || testing.Short() {
		n = 4
	}
	var mu sync.Mutex
	seen := map[string]int{}
	t.Run("seeds", func(t *testing.T) {
		for seed := range n {
			t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
				t.Parallel()
				r := runMachines(t, seed, PlannedMachines(seed, Calls))
				judge(t, r, runMachines)
				mu.Lock()
				defer mu.Unlock()
				for what, times := range r.Seen {
					seen[what] += times
				}
			})
		}
	})
	t.Log(seen)
	if n < enoughMachines {
		return
	}
	for _, what := range mustSeeMachines {
		if seen[what] == 0 {
			t.Errorf("%q never happened: the sweep proves nothing about it", what)
		}
	}
}

func runMachines(t *testing.T, seed uint64, plan []Fault) (r Result) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var err error
		if r, err = RunMachines(t.Context(), seed, plan); err != nil {
			t.Fatal(err)
		}
	})
	return r
}
