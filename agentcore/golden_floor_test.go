package agentcore_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/agenttest"
	"github.com/hookswitch/hookswitch/agentcore/tools"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/line"
)

// hold has the persona talk on l, in a seat of its own: letting that go leaves
// the line open.
func (s *script) hold(ctx context.Context, t *testing.T, cfg agentcore.Config, l *line.Line) (agentcore.Summary, error) {
	t.Helper()
	var leg telephony.Leg = l
	if s.forget {
		leg = forgetful{l}
	}
	if len(s.floors) > 0 {
		leg = &seat{Leg: leg}
	}
	if s.far != nil || s.nobody {
		return s.patch(ctx, t, cfg, leg)
	}
	cfg.Agent, cfg.Floor, cfg.Tools = s.agent, s.name, append(slices.Clip(s.tools), tools.EndCall())
	cfg.Answering = s.who
	if len(s.floors) == 0 {
		cfg.Agent.Name = ""
	}
	if s.mind == nil {
		s.mind = &agenttest.Thinker{Answers: s.answers, Delay: s.model, Port: s.ports}
	}
	cfg.Model = s.mind
	c, err := agentcore.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c.Run(ctx, leg)
}

// patch has an agent somewhere else talk, or nobody.
func (s *script) patch(ctx context.Context, t *testing.T, cfg agentcore.Config, leg telephony.Leg) (agentcore.Summary, error) {
	t.Helper()
	pc := agentcore.PatchConfig{
		Call: cfg.Call, Journal: cfg.Journal, Past: cfg.Past, Yield: cfg.Yield, Withdraw: cfg.Withdraw,
		Quiet: s.agent.Silence, MaxDuration: s.agent.MaxDuration,
	}
	if s.far != nil {
		pc.Floor, pc.Agent, pc.Line = s.name, s.name, s.far
		s.far.begin()
	}
	p, err := agentcore.NewPatch(pc)
	if err != nil {
		t.Fatal(err)
	}
	return p.Run(ctx, leg)
}

// seat is a leg for one who has the floor. Who has let it go hears nothing more.
type seat struct {
	telephony.Leg
	closed atomic.Bool
	slow   time.Duration
}

func (s *seat) Next(f *media.Frame) (telephony.Event, error) {
	if s.closed.Load() {
		return telephony.Event{}, io.EOF
	}
	ev, err := s.Leg.Next(f)
	if err == nil && s.closed.Load() {
		return telephony.Event{}, io.EOF
	}
	return ev, err
}

// Clear takes a moment, and comes too late for a seat that was let go.
func (s *seat) Clear() error {
	time.Sleep(s.slow)
	if s.closed.Load() {
		return io.ErrClosedPipe
	}
	return s.Leg.Clear()
}

// Hangup implements telephony.Leg: the call's own leg is only hung up when the
// call is over.
func (s *seat) Hangup(context.Context) error {
	s.closed.Store(true)
	return nil
}

// queue is who comes for the floor.
type queue struct {
	mu      sync.Mutex
	waiting []string
	taken   string                  // by whom it was taken; empty: by nobody
	replace context.CancelCauseFunc // who has it now
}

// queue has them come at their times.
func (s *script) queue(began time.Time) *queue {
	q := &queue{}
	for _, f := range s.floors {
		s.at(began, max(f.at, time.Nanosecond), func() {
			q.mu.Lock()
			defer q.mu.Unlock()
			if f.waits {
				q.waiting = append(q.waiting, f.who)
				return
			}
			q.taken = f.who
			q.replace(agentcore.ErrReplaced)
		})
	}
	return q
}

// run lets whoever comes replace who talks.
func (q *queue) run(ctx context.Context, talk func(context.Context) (agentcore.Summary, error)) (agentcore.Summary, error) {
	ctx, replace := context.WithCancelCause(ctx)
	defer replace(nil)
	q.mu.Lock()
	q.replace = replace
	q.mu.Unlock()
	return talk(ctx)
}

// anybody reports whether somebody waits.
func (q *queue) anybody() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting) > 0
}

// came reports whether somebody took the floor.
func (q *queue) came() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.taken != ""
}

// next is who has the floor next: the call's own agent when somebody was lost, and
// nobody waits.
func (q *queue) next() string {
	q.mu.Lock()
	defer q.mu.Unlock()
	who := q.taken
	q.taken = ""
	if who == "" && len(q.waiting) == 0 {
		who = "own"
	} else if who == "" {
		who, q.waiting = q.waiting[0], q.waiting[1:]
	}
	return who
}

// farEnd is an agent somewhere else that answers each sound of the caller with a
// tone, a tenth of a second later.
type farEnd struct {
	mu     sync.Mutex
	tones  []bool // to come
	sent   int    // frames that had sound
	gone   chan struct{}
	err    error
	leaves *departure
}

// departure is when the far end goes, counted from its beginning, and why.
type departure struct {
	after time.Duration
	err   error
}

var errFarLost = errors.New("bridge: the room is gone")

func newFarEnd() *farEnd { return &farEnd{gone: make(chan struct{}), tones: make([]bool, 5)} }

// begin has it leave when it is to.
func (e *farEnd) begin() {
	if d := e.leaves; d != nil {
		e.leaves = nil
		time.AfterFunc(d.after, func() {
			e.err = d.err
			close(e.gone)
		})
	}
}

func (e *farEnd) Send(f *media.Frame) {
	e.mu.Lock()
	defer e.mu.Unlock()
	loud := agenttest.Detector{}.Speech(f) > 0
	e.tones = append(e.tones, loud)
	if loud {
		e.sent++
	}
}

func (e *farEnd) Receive(f *media.Frame) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	loud := e.tones[0]
	e.tones = e.tones[1:]
	if loud {
		*f = media.Frame{tone}
	}
	return loud
}

const tone = 7777 // a frame's first sample

func (e *farEnd) Gone() <-chan struct{} { return e.gone }
func (e *farEnd) Err() error            { return e.err }
func (e *farEnd) Close() error          { return nil }

// bridged tells of the agents somewhere else how much of the caller they heard,
// and how much the caller heard of them.
func (s *script) bridged(lines []*line.Line) string {
	sent, is := 0, false
	for _, p := range s.cast {
		if p.far != nil {
			sent, is = sent+p.far.sent, true
		}
	}
	if !is {
		return ""
	}
	heard := 0
	for _, l := range lines {
		for _, h := range l.Heard() {
			if h.Frame[0] == tone {
				heard++
			}
		}
	}
	return fmt.Sprintf("bridged: %d frames of speech there, %d back\n", sent, heard)
}
