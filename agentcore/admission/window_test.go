package admission_test

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/admission"
)

// A quantile is right within an eighth, whatever was observed.
func TestQuantile(t *testing.T) {
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 1))
		var w admission.Window
		all := make([]time.Duration, 1+r.IntN(5000))
		for i := range all {
			all[i] = time.Duration(r.ExpFloat64() * float64(time.Millisecond) * float64(1+seed))
			w.Observe(all[i])
		}
		slices.Sort(all)
		for _, q := range []float64{.5, .95, .99, 1} {
			got, n := w.Quantile(q)
			want := all[min(len(all)-1, int(q*float64(len(all))))]
			low := all[max(0, int(q*float64(len(all)))-1)]
			if n != len(all) || got > want*9/8+64*time.Microsecond || got < low*8/9-64*time.Microsecond {
				t.Fatalf("seed %d: Quantile(%v) = %v of %d, want %v of %d", seed, q, got, n, want, len(all))
			}
		}
	}
}

func TestWindowForgets(t *testing.T) {
	var w admission.Window
	if took, n := w.Quantile(.99); took != 0 || n != 0 {
		t.Errorf("Quantile() = %v of %d, want nothing of nobody", took, n)
	}
	w.Observe(time.Second)
	for range 19 {
		w.Turn()
	}
	if took, n := w.Quantile(.99); n != 1 || took < 900*time.Millisecond || took > 1100*time.Millisecond {
		t.Errorf("Quantile() = %v of %d, want a second", took, n)
	}
	w.Turn()
	if _, n := w.Quantile(.99); n != 0 {
		t.Errorf("%d observed after twenty turns, want none", n)
	}
}

func TestWindowBearsAnything(t *testing.T) {
	for _, took := range []time.Duration{-1 << 63, -1, 0, 1, 63 * time.Microsecond, 64 * time.Microsecond, time.Hour, 1<<63 - 1} {
		var w admission.Window
		w.Observe(took)
		if got, n := w.Quantile(1); n != 1 || got < 0 || got > 5*time.Minute {
			t.Errorf("Observe(%d), then Quantile() = %v of %d", took, got, n)
		}
	}
}

func TestWindowIsForAnyGoroutine(t *testing.T) {
	var w admission.Window
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 10000 {
				w.Observe(time.Millisecond)
			}
		})
	}
	for range 10 {
		w.Turn()
		w.Quantile(.99)
	}
	wg.Wait()
	if _, n := w.Quantile(.99); n < 1 {
		t.Error("nothing was observed")
	}
}

func TestNobodyAllocates(t *testing.T) {
	var w admission.Window
	g := admission.New(limits)
	at := time.Now()
	g.Take(at, admission.Reading{})
	if n := testing.AllocsPerRun(1000, func() {
		w.Observe(3 * time.Millisecond)
		w.Turn()
		w.Quantile(.99)
		at = at.Add(every)
		g.Take(at, admission.Reading{Calls: 1})
		g.Admit(false)
	}); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func BenchmarkObserve(b *testing.B) {
	var w admission.Window
	for b.Loop() {
		w.Observe(3 * time.Millisecond)
	}
}
