package dispatch_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

// Whole lives of calls with accidents of all kinds: records that fail before or
// after the fact, lines that break or stall, webhooks that come twice, a process
// that dies. Whatever happens: each call ends once, its journal is whole, and no
// goroutine is left.
func TestChaos(t *testing.T) {
	first, seeds := uint64(0), uint64(40/share(5))
	one, err := strconv.ParseUint(os.Getenv("HOOKSWITCH_SIM_SEED"), 10, 64)
	if err == nil {
		first, seeds = one, 1
	}
	var happened [chaosKinds]atomic.Int64
	for seed := first; seed < first+seeds; seed++ {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { chaos(t, seed, &happened) })
		})
	}
	for kind := range happened {
		if err != nil && happened[kind].Load() == 0 && !testing.Short() {
			t.Errorf("accident %d never happened: the sweep proves nothing about it", kind)
		}
	}
}

const (
	recordFailed = iota
	answerLost
	died
	resumed
	replayed
	stalled
	apologised
	chaosKinds
)

// dice is a source of chance that many may share.
type dice struct {
	mu sync.Mutex
	r  *rand.Rand
}

func (d *dice) n(n int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.r.IntN(n)
}

func (d *dice) wait(most time.Duration) { time.Sleep(time.Duration(d.n(int(most)))) }

func chaos(t *testing.T, seed uint64, happened *[chaosKinds]atomic.Int64) {
	d := &dice{r: rand.New(rand.NewPCG(seed, 1))}
	o := newOffice(t, nil)
	calm := o.records
	calm.chance = func() (before, after bool) { return false, false }
	stormy := func() *records { // what a process reaches until it dies
		r := &records{Calls: calm, lag: time.Duration(1 + d.n(3_000_000))}
		r.chance = func() (before, after bool) {
			before, after = d.n(25) == 0, d.n(25) == 0
			if before {
				happened[recordFailed].Add(1)
			} else if after {
				happened[answerLost].Add(1)
			}
			return before, after
		}
		return r
	}
	var desk atomic.Pointer[dispatch.Desk]
	var dead []*dispatch.Desk
	start := func() *records {
		r := stormy()
		o.cfg.Calls = r
		fresh, err := dispatch.New(o.cfg)
		if err != nil {
			t.Fatal(err)
		}
		desk.Store(fresh)
		return r
	}
	reach := start()

	var callers sync.WaitGroup
	for i := range 5 {
		callers.Go(func() { caller(t, d, o, &desk, fmt.Sprint("CA", i), happened) })
	}
	callers.Go(func() {
		for range d.n(3) {
			d.wait(8 * time.Second)
			reach.down.Store(true) // the process is dead: it reaches nothing more
			dead = append(dead, desk.Load())
			happened[died].Add(1)
			reach = start()
			_ = desk.Load().Recover(t.Context())
		}
	})
	callers.Wait()
	time.Sleep(10 * time.Minute) // nothing comes any more: everything must settle by itself

	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for _, old := range dead {
		_ = old.Close(gone)
	}
	o.Desk = desk.Load()
	if err := o.Recover(t.Context()); err != nil {
		t.Error(err)
	}
	if live := o.Live(); len(live) != 0 {
		time.Sleep(10 * time.Minute)
		if live = o.Live(); len(live) != 0 {
			t.Errorf("%+v live long after everything", live)
		}
	}
	happened[resumed].Add(int64(o.counted("resumed")))
	o.shut()
	for _, id := range []string{"CA0", "CA1", "CA2", "CA3", "CA4", "CAout1", "CAout2", "CAout3", "CAout4", "CAout5"} {
		if r, err := calm.CallByCarrier(t.Context(), id); err == nil {
			o.check(r.ID, nil)
		}
	}
}

// caller lives through a call as a carrier would: its webhooks come until they
// are answered, its stream is opened when it is told to.
func caller(t *testing.T, d *dice, o *office, desk *atomic.Pointer[dispatch.Desk], id string, happened *[chaosKinds]atomic.Int64) {
	d.wait(5 * time.Second)
	in := telephony.Incoming{Carrier: id, State: telephony.Ringing}
	if d.n(4) == 0 {
		on, _, err := desk.Load().Dispatch(t.Context(), wish)
		if err != nil {
			return
		}
		id = o.trunk.idOf(on.Call)
		in = telephony.Incoming{Carrier: id, Call: on.Call, State: telephony.InProgress}
	}
	step, err := ask(func() (telephony.Step, error) { return desk.Load().Ring(t.Context(), in) })
	for range 40 {
		switch {
		case err != nil, step.Kind == telephony.StepHangup, step.Kind == telephony.StepRefuse, step.Kind == telephony.StepApologise:
			if err == nil && step.Kind == telephony.StepApologise {
				happened[apologised].Add(1)
			}
			o.trunk.set(id, telephony.Completed)
			if d.n(2) == 0 {
				_ = desk.Load().Report(t.Context(), telephony.Progress{Carrier: id, State: telephony.Completed, Sequence: 5})
			}
			return
		case step.Kind == telephony.StepWait:
			time.Sleep(time.Second)
		case step.Kind == telephony.StepConnect:
			if onStream(t, d, o, desk.Load(), step.Token, id, happened) {
				o.trunk.set(id, telephony.Completed)
				_ = desk.Load().Report(t.Context(), telephony.Progress{Carrier: id, State: telephony.Completed, Sequence: 5})
				return
			}
		}
		step, err = ask(func() (telephony.Step, error) { return desk.Load().Next(t.Context(), telephony.Question{Carrier: id}) })
	}
	o.trunk.set(id, telephony.Completed)
}

// ask repeats a webhook that failed, as carriers do.
func ask(webhook func() (telephony.Step, error)) (step telephony.Step, err error) {
	for range 3 {
		if step, err = webhook(); err == nil {
			return step, nil
		}
		time.Sleep(time.Second)
	}
	return step, err
}

// onStream opens a stream and lets something happen to it. It reports whether
// the caller hung up.
func onStream(t *testing.T, d *dice, o *office, desk *dispatch.Desk, token, id string, happened *[chaosKinds]atomic.Int64) (hungUp bool) {
	call, err := desk.Admit(t.Context(), token, telephony.Ref{ID: id})
	if err != nil {
		return false
	}
	l := newLeg()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = desk.Talk(t.Context(), call, l)
		_ = l.Hangup(t.Context())
	}()
	defer func() { l.lose(); <-done }()
	d.wait(3 * time.Second)
	switch d.n(6) {
	case 0:
		hungUp = true
	case 3: // somebody's agent says goodbye
		select {
		case o.goodbye <- struct{}{}:
		default:
		}
	case 1: // a replay, while it talks
		if _, err := desk.Next(t.Context(), telephony.Question{Carrier: id}); err != nil {
			happened[replayed].Add(1)
		}
	case 2:
		l.mute.Store(true)
		happened[stalled].Add(1)
		_, _ = desk.Next(t.Context(), telephony.Question{Carrier: id})
	}
	return hungUp
}
