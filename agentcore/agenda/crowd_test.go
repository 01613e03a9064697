package agenda_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
)

// Ten thousand are due in the same minute, of three workspaces: none is lost, the
// first rings within six seconds, the trunk is kept busy and never more than
// that, and nobody waits for another workspace's crowd to be through.
func TestTenThousandInTheSameMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rate, flying = 50, 25 // calls a second
		shares := map[string]int{"ws_1": 8000, "ws_2": 1500, "ws_3": 500}
		m := newMemory()
		x := newExchange(m, always(fate{lasts: 45 * time.Second, reason: "caller_hangup", person: true}))
		x.pace = time.Second / rate
		p := start(t, m, agenda.Config{Placer: x, Calls: x, InFlight: func() int { return flying }})
		defer p.end()

		due := time.Now().Add(time.Minute)
		booked := 0
		for workspace, n := range shares {
			for i := range n {
				e := errand(fmt.Sprintf("+1%s%09d", workspace[3:], i), due.Add(time.Duration(i%60)*time.Second/10))
				e.Workspace = workspace
				p.book(e)
				booked++
			}
		}
		time.Sleep(time.Until(due.Add(time.Duration(booked)*x.pace + 2*time.Minute)))

		byStatus := map[string]int{}
		for _, e := range m.all() {
			byStatus[e.Status]++
		}
		if byStatus[agenda.Done] != booked {
			t.Fatalf("of %d errands there are %v", booked, byStatus)
		}
		last := map[string]time.Time{}
		began, over := time.Time{}, time.Time{}
		for _, e := range m.all() {
			rings := x.rings(e.To)
			if len(rings) != 1 {
				t.Fatalf("a telephone rang %d times", len(rings))
			}
			at := rings[0].at
			if began.IsZero() || at.Before(began) {
				began = at
			}
			if at.After(over) {
				over = at
			}
			if at.After(last[e.Workspace]) {
				last[e.Workspace] = at
			}
		}
		if wait := began.Sub(due); wait < 0 || wait > 6*time.Second {
			t.Errorf("the first rang %v after its time", wait)
		}
		// Everybody's share of the trunk is a third until the small ones are through.
		if took := last["ws_3"].Sub(due); took > 3*500*x.pace+10*time.Second {
			t.Errorf("500 calls among 10,000 took %v", took)
		}
		if took := over.Sub(began); took > time.Duration(booked)*x.pace*11/10 {
			t.Errorf("10,000 calls at %d a second took %v", rate, took)
		}
		t.Logf("the first after %v, all within %v, the least workspace within %v", began.Sub(due), over.Sub(began), last["ws_3"].Sub(due))
	})
}

// Nothing is claimed that is not placed soon.
func TestNoMoreAreInFlightThanMayBe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		x := newExchange(m, always(person))
		x.slow = 10 * time.Second
		p := start(t, m, agenda.Config{Placer: x, Calls: x, InFlight: func() int { return 4 }})
		defer p.end()
		for i := range 20 {
			p.book(errand(fmt.Sprintf("+1212555%04d", i), time.Time{}))
		}
		for range 50 {
			time.Sleep(time.Second)
			n, err := m.CountErrands(t.Context(), "", agenda.Filter{Statuses: []string{agenda.Placing}})
			if err != nil || n > 4 {
				t.Fatalf("%d are being placed, %v, want at most 4", n, err)
			}
		}
		time.Sleep(2 * time.Minute)
		if n, _ := m.CountErrands(t.Context(), "", agenda.Filter{Statuses: []string{agenda.Done}}); n != 20 {
			t.Errorf("%d are done, want 20", n)
		}
	})
}

// Two clerks and one queue: each errand is placed once.
func TestTwoClerksShareTheWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		x := newExchange(m, first(busy))
		x.slow = 200 * time.Millisecond
		var all []*process
		for _, node := range []string{"one", "two"} {
			p := start(t, m, agenda.Config{Placer: x, Calls: x, Node: node, InFlight: func() int { return 3 }})
			defer p.end()
			all = append(all, p)
		}
		for i := range 100 {
			e := errand(fmt.Sprintf("+1212555%04d", i), time.Time{})
			e.Options.Retry = series(2, agenda.Gap{Hours: 1})
			all[i%2].book(e)
		}
		time.Sleep(3 * time.Hour)
		for _, e := range m.all() {
			m.is(t, e.ID, agenda.Done, "caller_hangup", 2)
			x.gaps(t, e.To, time.Hour)
		}
	})
}

// Two that take one another for dead: what the one claimed the other takes, and
// both place it.
func TestTwoClerksThatThinkTheOtherDead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		x := newExchange(m, first(busy))
		f := &frozen{exchange: x, until: time.Now().Add(40 * time.Second)}
		one := start(t, m, agenda.Config{Placer: f, Calls: x, Node: "one"})
		defer one.end()
		e := errand(number, time.Time{})
		e.Options.Retry = series(2, agenda.Gap{Hours: 1})
		e = one.book(e)
		time.Sleep(time.Second)
		m.is(t, e.ID, agenda.Placing, "", 1)
		m.mute("one", time.Now().Add(-time.Minute))
		two := start(t, m, agenda.Config{Placer: f, Calls: x, Node: "two"})
		defer two.end()
		time.Sleep(3 * time.Hour)
		m.is(t, e.ID, agenda.Done, "caller_hangup", 2)
		x.gaps(t, number, time.Hour)
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.asked < 3 {
			t.Errorf("the placers were asked %d times: nobody took the other for dead", f.asked)
		}
	})
}

// mute makes a node silent as of then, whatever it says.
func (m *memory) mute(node string, as time.Time) {
	defer m.lock()()
	m.muted = map[string]time.Time{node: as}
}

// frozen is a placer that stands still until then, and goes on.
type frozen struct {
	*exchange
	until time.Time
	asked int
}

func (f *frozen) Place(ctx context.Context, e agenda.Errand) error {
	f.mu.Lock()
	f.asked++
	f.mu.Unlock()
	time.Sleep(time.Until(f.until))
	return f.exchange.Place(ctx, e)
}

// The clock is set back an hour when all are ready, and as the jobs come.
func TestTheClockIsSetBackAnHour(t *testing.T) {
	for claim, when := range map[string]time.Duration{
		"before they are due": 59*time.Minute + 58*time.Second, "while they are placed": time.Hour + 2*time.Second, "while they ring": time.Hour + 20*time.Second, "as the callback comes": 2*time.Hour + 25*time.Second,
	} {
		t.Run(claim, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				x := newExchange(m, first(nobody))
				x.pace = 200 * time.Millisecond
				s := &setBack{Store: m, at: time.Now().Add(when)}
				p := start(t, m, agenda.Config{Store: s, Placer: x, Calls: x, InFlight: func() int { return 2 }})
				defer p.end()
				due := time.Now().Add(time.Hour)
				for i := range 20 {
					e := errand(fmt.Sprintf("+1212555%04d", i), due)
					e.Options.Retry = series(2, agenda.Gap{Hours: 1})
					p.book(e)
				}
				time.Sleep(5 * time.Hour)
				for _, e := range m.all() {
					m.is(t, e.ID, agenda.Done, "caller_hangup", 2)
					if n := len(x.rings(e.To)); n != 2 {
						t.Errorf("rang %d times, want 2", n)
					}
				}
			})
		})
	}
}

// setBack is a store that is told another time from a moment on.
type setBack struct {
	agenda.Store
	at time.Time
}

func (s *setBack) now(now time.Time) time.Time {
	if now.Before(s.at) {
		return now
	}
	return now.Add(-time.Hour)
}

func (s *setBack) Wake(ctx context.Context, id string, now time.Time) (time.Duration, error) {
	return s.Store.Wake(ctx, id, s.now(now))
}

func (s *setBack) Claim(ctx context.Context, node string, now time.Time, limit int, skip []string) ([]agenda.Errand, error) {
	return s.Store.Claim(ctx, node, s.now(now), limit, skip)
}

func (s *setBack) Claimed(ctx context.Context, node string, since time.Time) ([]agenda.Errand, error) {
	return s.Store.Claimed(ctx, node, s.now(since))
}

func (s *setBack) Move(ctx context.Context, e agenda.Errand, now time.Time) (agenda.Errand, error) {
	return s.Store.Move(ctx, e, s.now(now))
}
