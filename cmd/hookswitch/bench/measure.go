package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/media"
)

// round is one gateway and the calls that it gets.
type round struct {
	agent   string
	peer    string // who answers instead of the gateway; empty: the gateway
	calls   int
	burst   int // calls whose frames are sent at the same moment
	window  time.Duration
	lead    time.Duration
	lump    time.Duration
	record  bool
	pin     bool
	soak    bool // memory is what matters
	idle    bool // the callers say nothing in the window, not even silence
	heap    bool // the gateway notes every allocation, and says where
	profile string
}

const (
	dialers = 16              // calls that are being set up at a time
	settle  = time.Second     // from the last call's begin to the window
	patient = 3 * time.Second // for the last echoes
	account = server.SimAccount
)

// measure runs one round. It takes at most the window and a minute.
func measure(ctx context.Context, o Options, r round) (res Result, err error) {
	ctx, cancel := context.WithTimeout(ctx, r.window+time.Minute)
	defer cancel()
	folder, err := os.MkdirTemp("", "hookswitch-bench-")
	if err != nil {
		return Result{}, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	s := settings{Agent: r.agent, Folder: folder, Record: r.record, Lead: r.lead, Lump: r.lump, Heap: r.heap}
	core := anyCore
	if r.pin {
		var free func()
		if core, free, err = stayOff(); err != nil {
			return Result{}, err
		}
		defer free()
	}
	g, err := start(ctx, o, r.peer, s, core)
	if err != nil {
		return Result{}, err
	}
	l := newLoad(r, newCarrier(account, server.SimToken, g.address))
	res, err = l.measure(ctx, g)
	l.carrier.close()
	if err = errors.Join(err, g.stop()); err != nil {
		return Result{}, err
	}
	return res, nil
}

// anyCore lets the gateway run where it likes.
const anyCore = -1

// stayOff returns the gateway's core and, if there is another one, keeps this
// process off it until it is freed.
func stayOff() (core int, free func(), err error) {
	list, err := cores()
	if err != nil {
		return 0, nil, err
	}
	if len(list) > 1 {
		if err := confine(list[1:]); err != nil {
			return 0, nil, err
		}
	}
	return list[0], func() { confine(list) }, nil // it may use them: it did before
}

// load is the carrier's side of a round.
type load struct {
	r       round
	carrier *carrier
	caller  *caller
	m       meter
	wheel   *wheel
	calls   []*farEnd // of each slot of the wheel, the one that goes on
	few     int64     // resident bytes when a quarter of the calls went on
	past    came      // what the calls came to that are over
}

func newLoad(r round, c *carrier) *load {
	return &load{r: r, carrier: c, caller: newCaller(), wheel: newWheel(r.calls, r.burst), calls: make([]*farEnd, r.calls)}
}

// measure makes the calls, lets them settle, and looks at the gateway once a
// second.
func (l *load) measure(ctx context.Context, g *child) (Result, error) {
	if err := l.warmUp(ctx); err != nil {
		return Result{}, err
	}
	before, err := g.tell(question{Settle: true})
	if err != nil {
		return Result{}, err
	}
	go l.wheel.run(&l.m)
	samples, use, err := l.window(ctx, g)
	if err = errors.Join(err, l.finish(ctx)); err != nil {
		return Result{}, err
	}
	after, err := g.tell(question{Odd: true})
	if err != nil {
		return Result{}, err
	}
	return l.result(before, samples, after, use), nil
}

// warmUp makes one call and ends it, so that what any call needs is there
// before memory is looked at.
func (l *load) warmUp(ctx context.Context) error {
	r := l.r
	r.calls = 1
	once := newLoad(r, l.carrier)
	go once.wheel.run(&once.m)
	err := once.dial(ctx, 0, 1)
	if err == nil {
		err = pause(ctx, 300*time.Millisecond)
	}
	return errors.Join(err, once.finish(ctx))
}

// timed is a sample and when it was taken.
type timed struct {
	sample
	at time.Time
}

// usage is CPU time: the load generator's own, and the whole machine's.
type usage struct{ own, all time.Duration }

func used() (usage, error) {
	own, err := cpuTime()
	all, aerr := allCPUTime()
	return usage{own, all}, errors.Join(err, aerr)
}

// window dials, and measures second by second.
func (l *load) window(ctx context.Context, g *child) (samples []timed, use usage, err error) {
	if err := l.dial(ctx, 0, l.quarter()); err != nil {
		return nil, usage{}, err
	}
	if err := pause(ctx, settle); err != nil {
		return nil, usage{}, err
	}
	few, err := g.tell(question{})
	if err != nil {
		return nil, usage{}, err
	}
	l.few = few.Resident
	if err := errors.Join(l.dial(ctx, l.quarter(), l.r.calls), pause(ctx, settle)); err != nil {
		return nil, usage{}, err
	}
	if l.r.profile != "" {
		if _, err := g.tell(question{Profile: l.r.profile}); err != nil {
			return nil, usage{}, err
		}
	}
	first, err := used()
	if err != nil {
		return nil, usage{}, err
	}
	if l.r.idle {
		hush(l.calls...)
	}
	l.m.begin()
	began := time.Now()
	for next := time.Duration(0); ; next = min(next+time.Second, l.r.window) {
		if err := pause(ctx, time.Until(began.Add(next))); err != nil {
			return nil, usage{}, err
		}
		s, err := g.tell(question{Sites: l.r.heap && (next == 0 || next == l.r.window)})
		if err != nil {
			return nil, usage{}, err
		}
		samples = append(samples, timed{s, time.Now()})
		if next == l.r.window {
			break
		}
		if l.r.soak {
			if err := l.turnOver(ctx, time.Since(began)); err != nil {
				return nil, usage{}, err
			}
		}
	}
	l.m.end()
	last, err := used()
	if l.r.profile != "" {
		_, perr := g.tell(question{Profile: "-"})
		err = errors.Join(err, perr)
	}
	return samples, usage{last.own - first.own, last.all - first.all}, err
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// quarter is how many calls go on when memory is looked at between: what a
// process needs once, such as a database's pages, is there by then.
func (l *load) quarter() int { return l.r.calls / 4 }

// dial sets up the calls from one number up to another.
func (l *load) dial(ctx context.Context, from, to int) error {
	return each(ctx, to-from, func(ctx context.Context, i int) error { return l.begin(ctx, from+i) })
}

// each does something for each of n calls, a few at a time, until it fails for one.
func each(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	for d := range min(dialers, n) {
		wg.Go(func() {
			for i := d; i < n && ctx.Err() == nil; i += dialers {
				if err := do(ctx, i); err != nil {
					cancel(fmt.Errorf("bench: call %d of %d: %w", i+1, n, err))
				}
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

// begin sets up call i and puts it on the wheel.
func (l *load) begin(ctx context.Context, i int) error {
	id := l.carrier.name()
	w, err := l.carrier.connect(ctx, id)
	if err != nil {
		return err
	}
	f := &farEnd{id: id, socket: w, caller: l.caller, m: &l.m, echoes: l.r.agent == Echo, first: i * cycle * bargeIn / l.r.calls, over: make(chan struct{})}
	f.reply.schedule = schedule{framesOf(l.r.lead), framesOf(l.r.lump)}
	w.SetDeadline(time.Now().Add(l.r.window + time.Minute))
	l.calls[i] = f
	go f.listen()
	l.wheel.slots[i].Store(f)
	return nil
}

// hush ends what callers say, and lets the last echoes come.
func hush(calls ...*farEnd) {
	for _, f := range calls {
		f.hush()
	}
	for deadline := time.Now().Add(patient); time.Now().Before(deadline) && slices.ContainsFunc(calls, (*farEnd).waiting); {
		time.Sleep(5 * time.Millisecond)
	}
}

func framesOf(d time.Duration) int { return int(d / media.FrameDuration) }

// finish lets the last echoes come, hangs up, and waits until all is quiet.
func (l *load) finish(ctx context.Context) error {
	calls := slices.DeleteFunc(slices.Clone(l.calls), func(f *farEnd) bool { return f == nil })
	hush(calls...)
	for _, f := range calls {
		f.hangUp()
	}
	for _, f := range calls {
		<-f.over
	}
	l.wheel.end()
	return each(ctx, len(calls), func(ctx context.Context, i int) error { return l.carrier.completed(ctx, calls[i].id) })
}

// result says what it came to.
func (l *load) result(before sample, samples []timed, after sample, use usage) Result {
	first, last := samples[0], samples[len(samples)-1]
	window := last.at.Sub(first.at)
	res := Result{
		Agent: l.r.agent, Peer: l.r.peer, Calls: l.r.calls, Burst: max(1, l.r.burst), Seconds: window.Seconds(), Pinned: l.r.pin, Recording: l.r.record,
		LeadMS: l.r.lead.Milliseconds(), LumpMS: l.r.lump.Milliseconds(), Late: l.m.late.quantiles(),
		Memory: Memory{Before: before.Resident, With: last.Resident, PerCall: (last.Resident - before.Resident) / int64(l.r.calls),
			Further: (last.Resident - l.few) / int64(l.r.calls-l.quarter())},
		Load:     Load{Late: l.wheel.late.quantiles(), PercentOfCore: 100 * use.own.Seconds() / window.Seconds()},
		Refusals: after.Odd,
	}
	if l.r.agent == Script {
		res.Answer, res.Clear = l.m.answer.quantiles(), l.m.cut.quantiles()
	}
	others := use.all - use.own - (last.CPU - first.CPU)
	res.Load.Others = max(0, 100*others.Seconds()/window.Seconds())
	frames := l.m.frames.Load()
	res.CPU.fill(last.CPU-first.CPU, window, l.r.calls, frames)
	if frames > 0 && last.Mallocs > 0 {
		res.CPU.Allocations = float64(last.Mallocs-first.Mallocs) / float64(frames)
	}
	if l.r.heap {
		res.noted = notes{between(first.Sites, last.Sites), frames, window}
	}
	for i, s := range samples[1:] {
		if d := s.at.Sub(samples[i].at); d > 900*time.Millisecond || len(samples) == 2 {
			res.CPU.best(s.CPU-samples[i].CPU, d, l.r.calls)
		}
	}
	all := l.past
	for _, f := range l.calls {
		all.add(f)
	}
	t := all.tally
	res.Traffic = Traffic{t.Sent, t.Echoed, t.Heard, t.Marks, t.Clears, t.Replies, t.Broken}
	if l.r.soak {
		res.Soak = soaked(samples, all.calls)
	}
	res.check(all, last.Talking, after.Ends)
	return res
}
