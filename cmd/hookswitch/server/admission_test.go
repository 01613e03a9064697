package server

import (
	"context"
	"maps"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/admission"
)

// scale is a turnstile on a machine that is made up.
type scale struct {
	*turnstile
	calls  atomic.Int64
	busy   atomic.Int64 // thousandths of the processors that the process uses
	memory atomic.Int64 // thousandths
	cold   atomic.Bool
}

// onScale measures a machine of two processors until test returns.
func onScale(t *testing.T, test func(s *scale)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &scale{}
		var used time.Duration
		last := time.Now()
		s.turnstile = &turnstile{
			gate:  admission.New(admission.Limits{Calls: 50, CPU: .85, Lateness: 20 * time.Millisecond, Queue: time.Second, Memory: .9, Least: leastCalls}),
			cores: 2, probed: func(time.Duration) {}, isCold: s.cold.Load,
			calls:  func() int { return int(s.calls.Load()) },
			memory: func() float64 { return float64(s.memory.Load()) / 1000 },
			used: func() time.Duration {
				used += time.Since(last) * 2 * time.Duration(s.busy.Load()) / 1000
				last = time.Now()
				return used
			},
		}
		s.calls.Store(10)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { s.run(ctx); close(done) }()
		test(s)
		stop()
		<-done
	})
}

// lasts waits, and says what a new call is told then.
func (s *scale) lasts(d time.Duration) string {
	time.Sleep(d)
	synctest.Wait()
	return s.room(false)
}

func TestTurnstile(t *testing.T) {
	type observed struct {
		late, queued time.Duration
		n            int
		onTime       int // lumps besides, that were not late
	}
	for _, c := range []struct {
		claim               string
		calls, busy, memory int64
		cold                bool
		saw                 observed
		want                string
	}{
		{claim: "an idle machine lets in", calls: 10, busy: 100},
		{claim: "all processors, for ten seconds", calls: 10, busy: 1000, want: "cpu"},
		{claim: "one of two is a half", calls: 10, busy: 500},
		{claim: "models that load are no load", calls: 10, busy: 1000, cold: true},
		{claim: "a few calls are let in however busy it is", calls: 3, busy: 1000},
		{claim: "memory", calls: 10, memory: 950, want: "memory"},
		{claim: "memory, before the first call", memory: 950, want: "memory"},
		{claim: "sound that leaves late", calls: 10, saw: observed{late: 30 * time.Millisecond, n: 1000}, want: "lateness"},
		{claim: "one that left late of a thousand", calls: 10, saw: observed{late: 30 * time.Millisecond, n: 1}},
		{claim: "one in fifty that left late", calls: 10, saw: observed{late: 30 * time.Millisecond, n: 20, onTime: 980}, want: "lateness"},
		{claim: "one in five hundred", calls: 10, saw: observed{late: 30 * time.Millisecond, n: 2, onTime: 998}},
		{claim: "utterances that wait", calls: 10, saw: observed{queued: 2 * time.Second, n: 5}, want: "recogniser"},
		{claim: "one that waits says nothing", calls: 10, saw: observed{queued: 2 * time.Second, n: 1}},
	} {
		t.Run(c.claim, func(t *testing.T) {
			onScale(t, func(s *scale) {
				s.calls.Store(c.calls)
				s.busy.Store(c.busy)
				s.memory.Store(c.memory)
				s.cold.Store(c.cold)
				time.Sleep(10 * time.Second)
				f := felt{agentcore.Observer(nobody{}), s.turnstile}
				for range c.saw.onTime {
					f.Paced(0, 0)
				}
				for range c.saw.n {
					if c.saw.late > 0 {
						f.Paced(c.saw.late, 0)
					}
					if c.saw.queued > 0 {
						f.RecogniserQueued(c.saw.queued)
					}
				}
				if got := s.lasts(time.Second); got != c.want {
					t.Errorf("a new call is told %q, want %q; loads %v", got, c.want, s.loads())
				}
				if c.saw.n > 0 && s.lasts(10*time.Second) != "" {
					t.Errorf("ten seconds later it is told %q, want it forgotten", s.room(false))
				}
			})
		})
	}
}

// A machine so late that its probe finds few times is not taken for one that has
// just begun: few are what lateness leaves.
func TestAMachineThatHardlyRunsIsLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := turnstile{
			gate:  admission.New(admission.Limits{Lateness: 20 * time.Millisecond, Least: leastCalls}),
			cores: 2, began: time.Now(), lastAt: time.Now(), isCold: func() bool { return false },
			calls: func() int { return 10 }, memory: func() float64 { return 0 }, used: func() time.Duration { return 0 },
		}
		for range 200 { // one probe in 100 ms, which is 80 too late
			time.Sleep(100 * time.Millisecond)
			s.late.Observe(80 * time.Millisecond)
			if now := time.Now(); now.Sub(s.lastAt) >= readEvery {
				s.gate.Take(now, s.read(now))
				s.late.Turn()
			}
		}
		if _, n := s.late.Quantile(.99); n >= fewestLate {
			t.Fatalf("%d times in the window: too many to show anything", n)
		}
		if got := s.room(false); got != "lateness" {
			t.Errorf("a new call is told %q, want lateness; loads %v", got, s.loads())
		}
	})
}

func TestLoadsAreOfTheSettings(t *testing.T) {
	onScale(t, func(s *scale) {
		s.busy.Store(425)
		s.memory.Store(450)
		time.Sleep(time.Minute)
		synctest.Wait()
		want := map[string]float64{"full": .2, "cpu": .5, "lateness": 0, "recogniser": 0, "memory": .5}
		if got := s.loads(); !maps.Equal(got, want) {
			t.Errorf("loads %v, want %v", got, want)
		}
	})
}

// nobody observes nothing.
type nobody struct{ agentcore.Observer }

func (nobody) Paced(_, _ time.Duration)       {}
func (nobody) RecogniserQueued(time.Duration) {}
