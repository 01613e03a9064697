package agenda_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

// How a process dies at a thing that it does outside itself.
const (
	before = "before" // it is not done
	within = "within" // of a call only the row is there: the carrier was not asked
	after  = "after"  // it is done, and nobody heard of it
)

var errDead = errors.New("this process is dead")

// mortal is what a process does outside itself, until it dies at one of it.
type mortal struct {
	agenda.Store
	x    *exchange
	at   int    // the operation at which it dies, from 1; 0: never
	how  string // before, within or after
	died func() // told once

	mu sync.Mutex
	n  int
	op string // at which it died; empty: it lives
}

// do is one operation. Of a dead process nothing is done.
func (m *mortal) do(op string, work func() error) error {
	return m.half(op, work, work)
}

// half is do, with what a process does that dies within it.
func (m *mortal) half(op string, work, half func() error) error {
	m.mu.Lock()
	if m.op != "" {
		m.mu.Unlock()
		return errDead
	}
	m.n++
	dies := m.n == m.at
	if dies {
		m.op = op
		defer m.died()
	}
	m.mu.Unlock()
	switch {
	case !dies:
		return work()
	case m.how == within:
		_ = half()
	case m.how == after:
		_ = work()
	}
	return errDead
}

func (m *mortal) CreateErrand(ctx context.Context, e agenda.Errand) (on agenda.Errand, created bool, err error) {
	err = m.do("create", func() error { on, created, err = m.Store.CreateErrand(ctx, e); return err })
	return on, created, err
}

func (m *mortal) Errand(ctx context.Context, workspace, id string) (on agenda.Errand, err error) {
	err = m.do("read", func() error { on, err = m.Store.Errand(ctx, workspace, id); return err })
	return on, err
}

func (m *mortal) ErrandOfCall(ctx context.Context, call telephony.CallID) (on agenda.Errand, err error) {
	err = m.do("errand of call", func() error { on, err = m.Store.ErrandOfCall(ctx, call); return err })
	return on, err
}

func (m *mortal) Errands(ctx context.Context, workspace string, f agenda.Filter, cursor string, limit int) (all []agenda.Errand, next string, err error) {
	err = m.do("list", func() error { all, next, err = m.Store.Errands(ctx, workspace, f, cursor, limit); return err })
	return all, next, err
}

func (m *mortal) Wake(ctx context.Context, id string, now time.Time) (wait time.Duration, err error) {
	err = m.do("wake", func() error { wait, err = m.Store.Wake(ctx, id, now); return err })
	return wait, err
}

// Claim counts when there is something to claim: of the others there is one a
// second.
func (m *mortal) Claim(ctx context.Context, node string, now time.Time, limit int, skip []string) (all []agenda.Errand, err error) {
	if n, _ := m.CountErrands(ctx, "", agenda.Filter{Statuses: []string{agenda.Ready}}); n == 0 {
		return nil, nil
	}
	err = m.do("claim", func() error { all, err = m.Store.Claim(ctx, node, now, limit, skip); return err })
	if err != nil {
		return nil, err
	}
	return all, nil
}

func (m *mortal) Claimed(ctx context.Context, node string, since time.Time) (all []agenda.Errand, err error) {
	if n, _ := m.CountErrands(ctx, "", agenda.Filter{Statuses: []string{agenda.Placing}}); n == 0 {
		return nil, nil
	}
	err = m.do("claimed", func() error { all, err = m.Store.Claimed(ctx, node, since); return err })
	if err != nil {
		return nil, err
	}
	return all, nil
}

func (m *mortal) Move(ctx context.Context, e agenda.Errand, now time.Time) (on agenda.Errand, err error) {
	err = m.do("move to "+e.Status, func() error { on, err = m.Store.Move(ctx, e, now); return err })
	return on, err
}

func (m *mortal) EndSeries(ctx context.Context, workspace, agent, to, except, code string, now time.Time) (n int, err error) {
	err = m.do("end series", func() error { n, err = m.Store.EndSeries(ctx, workspace, agent, to, except, code, now); return err })
	return n, err
}

// Call implements [agenda.Calls].
func (m *mortal) Call(ctx context.Context, id telephony.CallID) (r dispatch.Record, err error) {
	err = m.do("call", func() error { r, err = m.x.Call(ctx, id); return err })
	return r, err
}

// Place implements [agenda.Placer].
func (m *mortal) Place(ctx context.Context, e agenda.Errand) error {
	return m.half("place", func() error { return m.x.Place(ctx, e) }, func() error {
		if m.x.row(e) {
			m.x.abandon(e.Call)
		}
		return nil
	})
}

// mortally starts a process that dies at an operation.
func mortally(t *testing.T, x *exchange, node string, at int, how string) (*process, *mortal) {
	m := &mortal{Store: x.store, x: x, at: at, how: how}
	var p *process
	ready := make(chan struct{})
	m.died = func() { <-ready; p.stop() }
	p = start(t, x.store, agenda.Config{Store: m, Placer: m, Calls: m, Node: node})
	close(ready)
	return p, m
}

// crashed is the errand of these tests: two callbacks after an hour each, of
// which the second reaches somebody.
func crashed() agenda.Errand {
	e := errand(number, time.Now().Add(time.Minute))
	e.Options.Retry = series(5, agenda.Gap{Hours: 1})
	e.IdemKey, e.IdemHash = "key", "hash"
	return e
}

// check tells whether all is as if nobody had died.
func (x *exchange) check(t *testing.T, claim string, began time.Time) {
	t.Helper()
	all, _, err := x.store.Errands(t.Context(), "ws_1", agenda.Filter{}, "", 10)
	if err != nil || len(all) != 1 {
		t.Fatalf("%s: there are %d errands, %v, want one", claim, len(all), err)
	}
	if e := all[0]; e.Status != agenda.Done || e.Code != "caller_hangup" || e.Attempt-e.Options.Lost != 3 {
		t.Errorf("%s: the errand is %s (%q) after %d attempts of which %d were lost", claim, e.Status, e.Code, e.Attempt, e.Options.Lost)
	}
	rings := x.rings(number)
	if len(rings) != 3 {
		t.Fatalf("%s: the telephone rang %d times, want 3", claim, len(rings))
	}
	due := began.Add(time.Minute)
	for i, r := range rings {
		if late := r.at.Sub(due); late < 0 || late > time.Minute {
			t.Errorf("%s: ring %d came %v after its time", claim, i+1, late)
		}
		due = r.over.Add(time.Hour)
	}
}

// share is how far the runs of a sweep are apart.
func share(most int) int {
	if testing.Short() {
		return most
	}
	return 1
}

// A process dies before and after each thing that it does outside itself, one run
// for each, and another takes its place: under the same name, as after a restart,
// or another one. Nothing is lost, nobody is called twice, nothing is late.
func TestAProcessMayDieAnywhere(t *testing.T) {
	for _, second := range []string{"one", "two"} {
		t.Run("and "+second+" goes on", func(t *testing.T) {
			died := map[string]int{}
			for _, how := range []string{before, within, after} {
				for at := 1; ; at += share(3) {
					op := ""
					synctest.Test(t, func(t *testing.T) { op = dieOnce(t, at, how, second) })
					if op == "" {
						break
					}
					died[op]++
				}
			}
			t.Logf("died at %v", died)
			for _, op := range []string{"create", "wake", "claim", "place", "call", "move to live", "move to scheduled", "errand of call", "end series", "move to done"} {
				if died[op] < 2 && !testing.Short() {
					t.Errorf("died %d times at %q: the test proves nothing about it", died[op], op)
				}
			}
		})
	}
}

func dieOnce(t *testing.T, at int, how, second string) (op string) {
	x := newExchange(newMemory(), first(nobody, mailbox))
	x.slow = 300 * time.Millisecond
	began := time.Now()
	p, m := mortally(t, x, "one", at, how)
	_, _, err := p.Book(t.Context(), crashed())
	end := began.Add(3 * time.Hour)
	for m.alive() && time.Now().Before(end) {
		time.Sleep(time.Second)
	}
	p.end()
	if m.alive() {
		x.check(t, "nobody died", began)
		return ""
	}
	time.Sleep(time.Second)
	next := start(t, x.store, agenda.Config{Placer: x, Calls: x, Node: second})
	defer next.end()
	claim := fmt.Sprintf("died %s operation %d, %q", how, at, m.op)
	if err != nil { // whoever booked asks again
		e := crashed()
		e.Asked = began.Add(time.Minute)
		if _, _, err := next.Book(t.Context(), e); err != nil {
			t.Errorf("%s: Book() = %v", claim, err)
		}
	}
	time.Sleep(time.Until(end))
	x.check(t, claim, began)
	return m.op
}

func (m *mortal) alive() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.op == ""
}

// Every process dies after so many operations, and another follows: all the same
// the series comes to its end. A job of six operations has to fit in.
func TestProcessesMayDieOneAfterTheOther(t *testing.T) {
	for every := 7; every <= 13; every += share(3) {
		for _, how := range []string{before, within, after} {
			synctest.Test(t, func(t *testing.T) {
				x := newExchange(newMemory(), first(nobody, mailbox))
				began := time.Now()
				ops, deaths := map[string]int{}, 0
				first, booked := true, crashed()
				for time.Since(began) < 4*time.Hour {
					p, m := mortally(t, x, fmt.Sprint("node ", deaths%3), every, how)
					if first {
						if _, _, err := p.Book(t.Context(), booked); err != nil {
							t.Fatal(err)
						}
						first = false
					}
					for m.alive() && time.Since(began) < 4*time.Hour {
						time.Sleep(time.Second)
					}
					p.end()
					ops[m.op]++
					deaths++
					time.Sleep(time.Second)
				}
				if deaths < 3 {
					t.Errorf("%d deaths: the test proves nothing", deaths)
				}
				x.check(t, fmt.Sprintf("died %s every %d operations, %v", how, every, slices.Sorted(maps.Keys(ops))), began)
			})
		}
	}
}
