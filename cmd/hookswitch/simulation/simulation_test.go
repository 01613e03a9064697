package simulation

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// run is [Run] in a bubble of its own. A goroutine that is left fails the test.
func run(t *testing.T, seed uint64) Result {
	t.Helper()
	return runWith(t, seed, Planned(seed, Calls))
}

func runWith(t *testing.T, seed uint64, plan []Fault) (r Result) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var err error
		if r, err = Run(t.Context(), seed, plan); err != nil {
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

// wanted is plan, or what HOOKSWITCH_SIM_FAULTS says.
func wanted(t *testing.T, plan []Fault) []Fault {
	t.Helper()
	text := os.Getenv("HOOKSWITCH_SIM_FAULTS")
	if text == "" {
		return plan
	}
	plan, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return plan
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
	"hook.prepare slow", "hook.prepare fail", "replayed dispatch", "end: agent_disabled",
	"talk-over", "resumed call", "lost line", "refused token", "told to wait", "carrier's apology", "tool used",
	"reply: answer", "reply: prompt", "reply: resume", "reply: apology",
	"end: silence", "end: agent_hangup", "end: caller_hangup", "end: provider_failed", "end: busy",
}

// TestSweep runs many seeds, or the one that HOOKSWITCH_SIM_SEED names, and
// holds every call of each against the invariants.
func TestSweep(t *testing.T) {
	if seed, one := setting(t, "HOOKSWITCH_SIM_SEED"); one {
		judge(t, runWith(t, seed, wanted(t, Planned(seed, Calls))), runWith)
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
				judge(t, r, runWith)
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

// shrink lets one failure of a sweep be made small: that takes its time.
var shrink sync.Once

func faults(all []Fault) string {
	var text []string
	for _, f := range all {
		text = append(text, f.String())
	}
	return strings.Join(text, "; ")
}

func TestPlansShrinkToWhatMatters(t *testing.T) {
	plan, err := Parse("call 01 line 300: reset; call 02 llm.chat 1: cut; call 11 hook.status 2: never")
	if err != nil {
		t.Fatal(err)
	}
	got := Smallest(plan, func(p []Fault) bool { return slices.Contains(p, Fault{2, "llm.chat", 1, Cut}) })
	if want := "call 02 llm.chat 1: cut"; faults(got) != want {
		t.Errorf("Smallest() = %q, want %q", faults(got), want)
	}
	if _, err := Parse("llm.chat"); err == nil {
		t.Error("Parse() takes what is no fault")
	}
}

// judge fails the test if an invariant is broken, with all that it takes to see
// that again; again is how r came about.
func judge(t *testing.T, r Result, again func(*testing.T, uint64, []Fault) Result) {
	t.Helper()
	if len(r.Broken) > 0 {
		t.Error(r.Report())
		shrink.Do(func() {
			least := Smallest(r.Bitten, func(plan []Fault) bool { return len(again(t, r.Seed, plan).Broken) > 0 })
			t.Errorf("as much as it takes: HOOKSWITCH_SIM_SEED=%d HOOKSWITCH_SIM_FAULTS=%q", r.Seed, faults(least))
		})
	}
	if file := os.Getenv("HOOKSWITCH_SIM_TRACE"); file != "" {
		if err := os.WriteFile(file, []byte(r.Trace), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
