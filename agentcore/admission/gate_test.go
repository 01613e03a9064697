package admission_test

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/admission"
)

// limits are those of the settings, with nobody let in regardless.
var limits = admission.Limits{Calls: 1000, CPU: .85, Lateness: 20 * time.Millisecond, Queue: time.Second, Memory: .9}

// every is how often a gate gets a reading.
const every = 250 * time.Millisecond

// gauge feeds a gate, a reading every 250 ms.
type gauge struct {
	*admission.Gate
	at time.Time
}

func newGauge(l admission.Limits) *gauge {
	return &gauge{admission.New(l), time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
}

// lasts feeds r for a while, and returns who closes the gate at its end.
func (g *gauge) lasts(d time.Duration, r admission.Reading) admission.Signal {
	for end := g.at.Add(d); g.at.Before(end); {
		g.at = g.at.Add(every)
		g.Take(g.at, r)
	}
	why, _ := g.Full()
	return why
}

func TestGate(t *testing.T) {
	idle := admission.Reading{Calls: 10, CPU: .1, Lateness: time.Millisecond, Memory: .2}
	late := func(ms time.Duration) admission.Reading {
		r := idle
		r.Lateness = ms * time.Millisecond
		return r
	}
	busy := func(cpu float64) admission.Reading { r := idle; r.CPU = cpu; return r }
	type step struct {
		lasts time.Duration
		r     admission.Reading
		want  admission.Signal
	}
	for _, c := range []struct {
		claim  string
		limits admission.Limits
		steps  []step
	}{
		{"an idle node is open", limits, []step{{time.Minute, idle, ""}}},
		{"a limit that is met is not passed", limits, []step{{time.Second, late(20), ""}}},
		{"sound that leaves late closes it at once", limits, []step{{time.Second, idle, ""}, {every, late(21), admission.Lateness}}},
		{"well below the limit it opens at once", limits, []step{{every, late(21), admission.Lateness}, {every, late(18), ""}}},
		{"a little below it opens after two seconds", limits, []step{
			{every, late(21), admission.Lateness}, {2 * time.Second, late(19), admission.Lateness}, {every, late(19), ""}}},
		{"above again, the two seconds begin anew", limits, []step{
			{every, late(21), admission.Lateness}, {2 * time.Second, late(19), admission.Lateness}, {every, late(21), admission.Lateness},
			{2 * time.Second, late(19), admission.Lateness}, {every, late(19), ""}}},
		{"a moment of all processors is no load", limits, []step{{10 * time.Second, busy(.3), ""}, {500 * time.Millisecond, busy(1), ""}, {time.Second, busy(.3), ""}}},
		{"seconds of all processors are", limits, []step{{10 * time.Second, busy(.3), ""}, {5 * time.Second, busy(1), admission.CPU}, {2 * time.Second, busy(.3), ""}}},
		{"utterances that wait close it", limits, []step{{every, admission.Reading{Calls: 10, Queue: 1100 * time.Millisecond}, admission.Recogniser}}},
		{"memory closes it", limits, []step{{every, admission.Reading{Calls: 10, Memory: .91}, admission.Memory}}},
		{"memory closes it to the first call", admission.Limits{Memory: .9, Least: 4}, []step{{every, admission.Reading{Memory: .91}, admission.Memory}}},
		{"of two, the worse to have is named", limits, []step{{every, admission.Reading{Calls: 10, Memory: .91, Lateness: time.Second}, admission.Memory}}},
		{"a few calls are let in whatever the clock says", admission.Limits{Lateness: 20 * time.Millisecond, Least: 4}, []step{
			{time.Second, admission.Reading{Calls: 3, Lateness: time.Second}, ""},
			{time.Second, admission.Reading{Calls: 4, Lateness: time.Second}, admission.Lateness}}},
		{"without limits nothing closes it", admission.Limits{}, []step{{time.Minute, admission.Reading{Calls: 1 << 20, CPU: 1, Lateness: time.Hour, Queue: time.Hour, Memory: 1}, ""}}},
		{"what no share can be is none", limits, []step{{time.Minute, admission.Reading{Calls: 10, CPU: -3, Memory: -1}, ""}}},
	} {
		t.Run(c.claim, func(t *testing.T) {
			g := newGauge(c.limits)
			for i, s := range c.steps {
				if got := g.lasts(s.lasts, s.r); got != s.want {
					t.Errorf("step %d: closed by %q, want %q", i, got, s.want)
				}
			}
		})
	}
}

// Who comes back is let in a tenth above each limit, who is new is not.
func TestWhoComesBackMayTakeATenthMore(t *testing.T) {
	for _, c := range []struct {
		claim string
		r     admission.Reading
		isNew bool
		back  bool
	}{
		{"at the limit", admission.Reading{Calls: 10, Lateness: 20 * time.Millisecond}, true, true},
		{"above it", admission.Reading{Calls: 10, Lateness: 21 * time.Millisecond}, false, true},
		{"a tenth above it", admission.Reading{Calls: 10, Lateness: 22 * time.Millisecond}, false, true},
		{"more than a tenth above it", admission.Reading{Calls: 10, Lateness: 22*time.Millisecond + time.Microsecond}, false, false},
		{"memory, a tenth above it", admission.Reading{Calls: 10, Memory: .98}, false, true},
		{"memory, more than that", admission.Reading{Calls: 10, Memory: .995}, false, false},
	} {
		t.Run(c.claim, func(t *testing.T) {
			g := newGauge(limits)
			g.lasts(every, c.r)
			if why, ok := g.Admit(false); ok != c.isNew {
				t.Errorf("a new call: let in %t (%s), want %t", ok, why, c.isNew)
			}
			if why, ok := g.Admit(true); ok != c.back {
				t.Errorf("a call that comes back: let in %t (%s), want %t", ok, why, c.back)
			}
		})
	}
}

// Five hundred who ring at once do not all find the processor that the first
// found idle.
func TestACrowdIsCounted(t *testing.T) {
	g := newGauge(limits)
	g.lasts(5*time.Minute, admission.Reading{Calls: 100, CPU: .5}) // half a hundredth each
	in := 0
	for range 500 {
		if why, ok := g.Admit(false); ok {
			in++
		} else if why != admission.CPU {
			t.Fatalf("turned down by %q, want the cpu", why)
		}
	}
	if in < 68 || in > 72 { // (0.85-0.5) / 0.005
		t.Errorf("%d of 500 let in between two readings, want 70", in)
	}
	// Those who came cost what was thought, and are seen: nobody is counted twice.
	for range 40 {
		g.lasts(every, admission.Reading{Calls: 100 + in, CPU: .5 + .005*float64(in)})
		if load := g.Load(admission.CPU); load < .97 || load > 1.1 {
			t.Fatalf("the load is %.3f while they are found, want it to stay about 1", load)
		}
	}
}

// Loads are what dashboards and autoscalers see: 1 is the limit.
func TestLoadIsAShareOfItsLimit(t *testing.T) {
	g := newGauge(limits)
	g.lasts(time.Minute, admission.Reading{Calls: 500, CPU: .425, Lateness: 5 * time.Millisecond, Queue: 2 * time.Second, Memory: .45})
	for s, want := range map[admission.Signal]float64{
		admission.Calls: .5, admission.CPU: .5, admission.Lateness: .25, admission.Recogniser: 2, admission.Memory: .5, "weather": 0,
	} {
		if got := g.Load(s); got < want-1e-6 || got > want+1e-6 {
			t.Errorf("Load(%s) = %v, want %v", s, got, want)
		}
	}
	if got := newGauge(admission.Limits{}).Load(admission.CPU); got != 0 {
		t.Errorf("Load() = %v without a limit, want 0", got)
	}
}

// Whatever is read: nothing is let in above a limit, whoever is let in new would
// be let in coming back, and the gate does not flap: it opens at most once in two
// seconds unless a reading fell below nine tenths.
func TestGateInvariants(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 9))
		g := newGauge(admission.Limits{Lateness: limits.Lateness, Memory: limits.Memory})
		lateness, wasFull := 15., false
		var below time.Duration // since the lateness was last above its limit
		for range 400 {
			lateness = max(0, lateness+r.NormFloat64()*2)
			if r.IntN(50) == 0 {
				lateness = 5 + 20*r.Float64()
			}
			reading := admission.Reading{Calls: 10, Lateness: time.Duration(lateness * float64(time.Millisecond)), CPU: r.Float64() / 2, Memory: .2}
			why := g.lasts(every, reading)
			below += every
			if reading.Lateness > limits.Lateness {
				below = 0
			}
			if reading.Lateness > limits.Lateness && why == "" {
				t.Fatalf("seed %d: open at a lateness of %v", seed, reading.Lateness)
			}
			if wasFull && why == "" && reading.Lateness > limits.Lateness*9/10 && below < 2*time.Second {
				t.Fatalf("seed %d: opened at %v, %v after it was above the limit", seed, reading.Lateness, below)
			}
			wasFull = why != ""
			if _, ok := g.Admit(false); ok == wasFull {
				t.Fatalf("seed %d: Full() says %q, a new call is let in: %t", seed, why, ok)
			}
			if _, ok := g.Admit(true); !ok && !wasFull {
				t.Fatalf("seed %d: a call that comes back is turned down where a new one is not", seed)
			}
		}
	}
}

func TestGateIsForAnyGoroutine(t *testing.T) {
	g := newGauge(admission.Limits{CPU: .85, Lateness: 20 * time.Millisecond})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 1000 {
				g.Admit(false)
				g.Full()
				g.Load(admission.CPU)
			}
		})
	}
	g.lasts(time.Minute, admission.Reading{Calls: 10, CPU: .1})
	wg.Wait()
	if !slices.Contains(admission.Signals, admission.CPU) {
		t.Error("the cpu is no signal")
	}
}
