package simulation

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
)

// run is [Run] in a bubble of its own.
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
func setting(t *testing.T, name string, otherwise uint64) (n uint64, set bool) {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise, false
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n, true
}

func TestReplay(t *testing.T) {
	n, _ := setting(t, "HOOKSWITCH_SIM_SEEDS", 4)
	was := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(was)
	for seed := range n {
		runtime.GOMAXPROCS(1)
		a := run(t, seed)
		runtime.GOMAXPROCS(2)
		b := run(t, seed)
		c := run(t, seed)
		for _, x := range []Result{b, c} {
			if a.Trace != x.Trace {
				t.Errorf("seed %d: %s", seed, difference(a.Trace, x.Trace))
			}
		}
	}
}

// difference shows where two traces part.
func difference(a, b string) string {
	x, y := strings.SplitAfter(a, "\n"), strings.SplitAfter(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			from := max(0, i-6)
			return fmt.Sprintf("line %d\n%s\none\n%s\nother\n%s", i+1, strings.Join(x[from:i], ""), strings.Join(x[i:min(len(x), i+6)], ""), strings.Join(y[i:min(len(y), i+6)], ""))
		}
	}
	return "one is longer"
}

func TestTry(t *testing.T) {
	n, _ := setting(t, "HOOKSWITCH_SIM_SEEDS", 1)
	total := map[string]int{}
	for seed := range n {
		r := run(t, seed)
		if len(r.Broken) > 0 {
			t.Error(r.Report())
		}
		for k, v := range r.Seen {
			total[k] += v
		}
		if f := os.Getenv("HOOKSWITCH_SIM_TRACE"); f != "" {
			os.WriteFile(f, []byte(r.Trace), 0o644)
		}
	}
	var keys []string
	for k := range total {
		keys = append(keys, fmt.Sprintf("%s: %d", k, total[k]))
	}
	slices.Sort(keys)
	fmt.Println(strings.Join(keys, "\n"))
}
