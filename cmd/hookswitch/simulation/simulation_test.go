package simulation

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// run is [Run] in a bubble of its own. A goroutine that is left fails the test.
func run(t *testing.T, seed uint64) (r Result) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var err error
		if r, err = Run(t.Context(), seed); err != nil {
			t.Fatal(err)
		}
	})
	return r
}

// setting reads a number from the environment.
func setting(t *testing.T, name string) (n uint64, set bool) {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return 0, false
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n, true
}

// seeds is how many seeds the sweep tries: HOOKSWITCH_SIM_SEEDS, or as many as
// a test run has time for.
func seeds(t *testing.T) uint64 {
	if n, set := setting(t, "HOOKSWITCH_SIM_SEEDS"); set {
		return n
	}
	if raced || testing.Short() {
		return 6
	}
	return enough
}

// enough seeds, and everything in mustSee has happened.
const enough = 60

// mustSee is what a sweep must have seen, or it proves nothing about it.
var mustSee = []string{
	"line reset", "line stop", "asr fail", "asr slow", "tool fail", "tool lost",
	"llm slow", "llm fail", "llm cut", "llm reset", "tts slow", "tts fail", "tts cut", "tts reset",
	"journal slow", "journal fail", "journal lost", "journal reset", "store fail", "store lost", "store slow",
	"hook.ring twice", "hook.ring lost", "hook.next twice", "hook.next lost", "hook.next fail",
	"hook.status late", "hook.status twice", "hook.status never", "carrier fail", "carrier lost",
	"talk-over", "resumed call", "lost line", "refused token", "told to wait", "carrier's apology", "tool used",
	"reply: answer", "reply: prompt", "reply: resume", "reply: apology",
	"end: silence", "end: agent_hangup", "end: caller_hangup", "end: provider_failed", "end: busy",
}

// TestSweep runs many seeds, or the one that HOOKSWITCH_SIM_SEED names, and
// holds every call of each against the invariants.
func TestSweep(t *testing.T) {
	if seed, one := setting(t, "HOOKSWITCH_SIM_SEED"); one {
		judge(t, run(t, seed))
		return
	}
	n := seeds(t)
	var mu sync.Mutex
	seen := map[string]int{}
	began := time.Now()
	t.Run("seeds", func(t *testing.T) {
		for seed := range n {
			t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
				t.Parallel()
				r := run(t, seed)
				judge(t, r)
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
	if n < enough {
		return
	}
	for _, what := range mustSee {
		if seen[what] == 0 {
			t.Errorf("%q never happened: the sweep proves nothing about it", what)
		}
	}
	for _, what := range slices.Sorted(func(yield func(string) bool) {
		for what, times := range seen {
			if !yield(fmt.Sprintf("%-24s %6d", what, times)) {
				return
			}
		}
	}) {
		t.Log(what)
	}
}

// judge fails the test if an invariant is broken, with all that it takes to see
// that again.
func judge(t *testing.T, r Result) {
	t.Helper()
	if len(r.Broken) > 0 {
		t.Error(r.Report())
	}
	if file := os.Getenv("HOOKSWITCH_SIM_TRACE"); file != "" {
		if err := os.WriteFile(file, []byte(r.Trace), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
