package simulation

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
)

// replayed is how many seeds are run again.
const replayed = 3

// One seed gives one trace, to the byte, however many threads run it.
func TestReplayIsIdentical(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	n := uint64(replayed)
	if more, set := setting(t, "HOOKSWITCH_SIM_REPLAYS"); set {
		n = more
	}
	for seed := range n {
		runtime.GOMAXPROCS(1)
		want := run(t, seed).Trace
		for _, threads := range []int{2, 8} {
			runtime.GOMAXPROCS(threads)
			if got := run(t, seed).Trace; got != want {
				t.Errorf("seed %d on %d threads is another run:\n%s", seed, threads, difference(got, want))
			}
		}
	}
}

// printTraces makes TestPrintTraces a child of TestReplayAcrossBuilds.
const printTraces = "HOOKSWITCH_SIM_PRINT"

// The race detector schedules at random, and still the trace is the same. It
// runs in its build only, with a child of the plain one.
func TestReplayAcrossBuilds(t *testing.T) {
	if !raced {
		t.Skip("go test -race compares its traces with those of the plain build")
	}
	child := exec.Command("go", "test", "-count=1", "-run", "^TestPrintTraces$", "-v", ".")
	child.Env = append(os.Environ(), printTraces+"=1")
	out, err := child.CombinedOutput()
	if err != nil {
		t.Fatalf("the plain build: %v\n%s", err, out)
	}
	for seed := range uint64(replayed) {
		if want := digest(run(t, seed)); !strings.Contains(string(out), want) {
			t.Errorf("the plain build has another trace than\n%s\nit printed\n%s", want, out)
		}
	}
}

// TestPrintTraces prints the digests of traces, for another build.
func TestPrintTraces(t *testing.T) {
	if os.Getenv(printTraces) == "" {
		t.Skip("runs as a child of TestReplayAcrossBuilds")
	}
	for seed := range uint64(replayed) {
		fmt.Println(digest(run(t, seed)))
	}
}

func digest(r Result) string {
	return fmt.Sprintf("seed %d %x", r.Seed, sha256.Sum256([]byte(r.Trace)))
}

// difference shows where two traces part.
func difference(got, want string) string {
	a, b := strings.SplitAfter(got, "\n"), strings.SplitAfter(want, "\n")
	part := func(lines []string, from, to int) string {
		return strings.Join(lines[min(from, len(lines)):min(to, len(lines))], "")
	}
	for i := range max(len(a), len(b)) {
		if part(a, i, i+1) != part(b, i, i+1) {
			return fmt.Sprintf("after\n%sgot\n%swant\n%s", part(b, max(0, i-6), i), part(a, i, i+6), part(b, i, i+6))
		}
	}
	return "it is not"
}
