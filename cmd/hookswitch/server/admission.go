package server

import (
	"context"
	"math"
	"runtime"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/admission"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/agentfile"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
)

// How a node is measured.
const (
	readEvery  = 250 * time.Millisecond // also a slot of a window: so those are of 5 s
	probeEvery = 20 * time.Millisecond  // a frame's time
	windowLong = 5 * time.Second        // that what is measured is remembered
	fewestLate = 100                    // times from which on their p99 says something, in a window's first seconds
	fewestWait = 5                      // and of waits their p95
	leastCalls = 4                      // that are let in however late or busy this machine is: see [admission.Limits]
	callShare  = .02                    // of one core, that a call is thought to cost until it is known
)

// turnstile measures how busy this node is, and lets calls in while it bears
// them. What the neighbours on the machine use is not counted: as far as it harms
// calls, it shows as lateness.
type turnstile struct {
	gate   *admission.Gate
	late   admission.Window // sound that was sent, and a probe that sends none
	queued admission.Window // utterances that waited for a recogniser

	calls   func() int
	isCold  func() bool              // the models are loading, which takes all there is
	used    func() time.Duration     // of the processors, in all
	memory  func() float64           // share of what there may be
	probed  func(late time.Duration) // is told what the probe found
	cores   int
	began   time.Time // when run did
	lastAt  time.Time
	lastCPU time.Duration
}

// newTurnstile is open until it runs.
func (s *Server) newTurnstile() *turnstile {
	memory := newMemory()
	cores := runtime.GOMAXPROCS(0)
	return &turnstile{
		gate: admission.New(limits(s.c, cores)), cores: cores, used: agentfile.ProcessTime, memory: memory.share,
		calls:  func() int { return s.desk.Busy() },
		isCold: func() bool { state, _ := s.speech.look(); return state == loading },
		probed: s.set.SchedulerLate,
	}
}

// limits are those of the settings.
func limits(c config.Config, cores int) admission.Limits {
	return admission.Limits{
		Calls: c.MaxCalls, CPU: float64(c.Admission.CPU) / 100, Lateness: c.Admission.Lateness,
		Queue: c.Admission.Queue, Memory: float64(c.Admission.Memory) / 100,
		Least: leastCalls, Each: callShare / float64(cores),
	}
}

// room is the [dispatch.Config]'s Room.
func (t *turnstile) room(back bool) string {
	why, _ := t.gate.Admit(back)
	return string(why)
}

// run measures until ctx ends.
func (t *turnstile) run(ctx context.Context) {
	probe := time.NewTimer(probeEvery)
	defer probe.Stop()
	t.began, t.lastAt, t.lastCPU = time.Now(), time.Now(), t.used()
	for asleep := time.Now(); ; asleep = time.Now() {
		probe.Reset(probeEvery)
		select {
		case <-ctx.Done():
			return
		case <-probe.C:
		}
		now := time.Now()
		late := max(0, now.Sub(asleep)-probeEvery)
		t.late.Observe(late)
		t.probed(late)
		if now.Sub(t.lastAt) >= readEvery {
			t.gate.Take(now, t.read(now))
			t.late.Turn()
			t.queued.Turn()
		}
	}
}

// read is how the node is at now. What was seen too seldom says nothing, but for
// lateness once the window is full: the probe alone looks 250 times then, and where
// it comes to less than a hundred, that is because it comes late.
func (t *turnstile) read(now time.Time) admission.Reading {
	r := admission.Reading{Calls: t.calls(), Memory: t.memory()}
	used := t.used()
	if wall := now.Sub(t.lastAt) * time.Duration(t.cores); wall > 0 && !t.isCold() {
		r.CPU = float64(used-t.lastCPU) / float64(wall)
	}
	t.lastAt, t.lastCPU = now, used
	if late, n := t.late.Quantile(.99); n >= fewestLate || now.Sub(t.began) >= windowLong {
		r.Lateness = late
	}
	if wait, n := t.queued.Quantile(.95); n >= fewestWait {
		r.Queue = wait
	}
	return r
}

// crowded says why there is no room for a new call now, for people.
func (s *Server) crowded() (reasons []string) {
	if s.c.MaxCalls > 0 && s.desk.Busy() >= s.c.MaxCalls {
		reasons = append(reasons, "full: max_calls is reached")
	}
	if why, full := s.turnstile.gate.Full(); full {
		reasons = append(reasons, "overload: "+overloads[why])
	}
	return reasons
}

// overloads are what closes the gate, with its setting.
var overloads = map[admission.Signal]string{
	admission.CPU:        "the processors are busier than admission.cpu",
	admission.Lateness:   "sound leaves later than admission.lateness",
	admission.Recogniser: "utterances wait for a recogniser longer than admission.queue",
	admission.Memory:     "more memory is needed than admission.memory",
}

// loads is how near each limit is, to the thousandth.
func (t *turnstile) loads() map[string]float64 {
	all := make(map[string]float64, len(admission.Signals))
	for _, s := range admission.Signals {
		all[string(s)] = math.Round(t.gate.Load(s)*1000) / 1000
	}
	return all
}

// signals are the names of what the gate looks at.
func signals() (names []string) {
	for _, s := range admission.Signals {
		names = append(names, string(s))
	}
	return names
}

// shows adds what the gate shows to the metrics.
func (t *turnstile) shows(s *Server) {
	s.set.Admission(signals(),
		func() bool { _, full := t.gate.Full(); return !full },
		func(signal string) float64 { return t.gate.Load(admission.Signal(signal)) })
}

// felt is an observer of a call that tells the turnstile, too, what it needs.
type felt struct {
	agentcore.Observer
	t *turnstile
}

// felt has o's calls tell how busy they find this node.
func (s *Server) felt(o agentcore.Observer) agentcore.Observer { return felt{o, s.turnstile} }

// Paced implements [agentcore.Observer].
func (f felt) Paced(late, lead time.Duration) {
	f.t.late.Observe(late)
	f.Observer.Paced(late, lead)
}

// RecogniserQueued implements [agentcore.Observer].
func (f felt) RecogniserQueued(wait time.Duration) {
	f.t.queued.Observe(wait)
	f.Observer.RecogniserQueued(wait)
}
