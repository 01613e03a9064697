package agenda_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

const number = "+12125550123"

func TestAnErrandIsDoneAtItsTime(t *testing.T) {
	for claim, wait := range map[string]time.Duration{"at once": 0, "tomorrow": 24 * time.Hour, "in a past that the API let through": -time.Hour} {
		t.Run(claim, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				x := newExchange(m, always(person))
				p := start(t, m, agenda.Config{Placer: x, Calls: x})
				defer p.end()
				began := time.Now()
				e := p.book(errand(number, began.Add(wait)))
				if !strings.HasPrefix(e.ID, "call_") {
					t.Errorf("the errand is called %q, want the id of a call", e.ID)
				}
				time.Sleep(max(wait, 0) + 5*time.Second)
				m.is(t, e.ID, agenda.Live, "", 1)
				time.Sleep(2 * time.Minute)
				m.is(t, e.ID, agenda.Done, "caller_hangup", 1)
				rings := x.rings(number)
				if len(rings) != 1 || string(rings[0].call) != e.ID {
					t.Fatalf("rang for %+v, want once, for %s", rings, e.ID)
				}
				if late := rings[0].at.Sub(began.Add(max(wait, 0))); late < 0 || late > 2*time.Second {
					t.Errorf("rang %v after its time", late)
				}
			})
		})
	}
}

func TestAChatIsOpenedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		x := newExchange(m, always(person))
		p := start(t, m, agenda.Config{Placer: x, Calls: x})
		defer p.end()
		e := errand(number, time.Time{})
		e.Kind = agenda.Chat
		e = p.book(e)
		time.Sleep(time.Minute)
		m.is(t, e.ID, agenda.Done, "", 1)
		if !strings.HasPrefix(e.ID, "chat_") || x.chats[e.ID] != 1 {
			t.Errorf("the chats are %v, want %s once", x.chats, e.ID)
		}
	})
}

func TestAKeyThatComesAgainBooksNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		x := newExchange(m, always(person))
		p := start(t, m, agenda.Config{Placer: x, Calls: x})
		defer p.end()
		e := errand(number, time.Time{})
		e.IdemKey, e.IdemHash = "key", "hash"
		on := p.book(e)
		again, replayed, err := p.Book(t.Context(), e)
		if err != nil || !replayed || again.ID != on.ID {
			t.Errorf("booked again: %s, %t, %v, want %s", again.ID, replayed, err, on.ID)
		}
		e.IdemHash = "other"
		if _, _, err := p.Book(t.Context(), e); !errors.Is(err, agenda.ErrIdemMismatch) {
			t.Errorf("Book() = %v, want ErrIdemMismatch", err)
		}
	})
}

// says is a placer that answers what it is told, in order, and then places.
type says struct {
	mu sync.Mutex
	*exchange
	errs []error
}

func (s *says) Place(ctx context.Context, e agenda.Errand) error {
	s.mu.Lock()
	if len(s.errs) > 0 {
		err := s.errs[0]
		s.errs = s.errs[1:]
		s.mu.Unlock()
		if err == errPanic {
			panic("planted")
		}
		return err
	}
	s.mu.Unlock()
	return s.exchange.Place(ctx, e)
}

var errPanic = errors.New("panic")

func TestWhatThePlacerSays(t *testing.T) {
	refused := &agenda.Refusal{Code: "no_call_list", Why: "Nobody may call them."}
	later := func(at time.Duration) error {
		return &agenda.Later{At: time.Now().Add(at), Code: "quiet_hours", Why: "It is night there."}
	}
	for _, tt := range []struct {
		claim    string
		errs     func() []error
		retry    *agenda.Retry
		status   string
		code     string
		attempts int
		rings    int
		after    time.Duration // when the telephone rings first
	}{
		{"a refusal ends it", func() []error { return []error{refused} }, series(3, agenda.Gap{Hours: 1}), agenda.Refused, "no_call_list", 1, 0, 0},
		{"later does not count", func() []error { return []error{later(3 * time.Hour), later(5 * time.Hour)} }, nil, agenda.Done, "caller_hangup", 1, 1, 5 * time.Hour},
		{"later, at a time that is past", func() []error { return []error{later(-time.Hour)} }, nil, agenda.Done, "caller_hangup", 1, 1, time.Second},
		{"an error without callbacks", func() []error { return []error{errors.New("no")} }, nil, agenda.Failed, agenda.CodeFailed, 1, 0, 0},
		{"an error counts", func() []error { return []error{errors.New("no")} }, series(1, agenda.Gap{Hours: 2}), agenda.Done, "caller_hangup", 2, 1, 2 * time.Hour},
		{"a panic is an error", func() []error { return []error{errPanic} }, nil, agenda.Failed, agenda.CodeFailed, 1, 0, 0},
		{"it claims to have placed it", func() []error { return []error{nil} }, nil, agenda.Failed, agenda.CodeFailed, 1, 0, 0},
	} {
		t.Run(tt.claim, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				s := &says{exchange: newExchange(m, always(person)), errs: tt.errs()}
				p := start(t, m, agenda.Config{Placer: s, Calls: s})
				defer p.end()
				began := time.Now()
				e := errand(number, time.Time{})
				e.Options.Retry = tt.retry
				e = p.book(e)
				time.Sleep(8 * time.Hour)
				m.is(t, e.ID, tt.status, tt.code, tt.attempts)
				rings := s.rings(number)
				if len(rings) != tt.rings {
					t.Fatalf("rang %d times, want %d", len(rings), tt.rings)
				}
				if tt.rings > 0 {
					if late := rings[0].at.Sub(began) - tt.after; late < 0 || late > 3*time.Second {
						t.Errorf("rang %v after its time", late)
					}
				}
			})
		})
	}
}

// A placer that failed, although there is a row of the call: the row's end
// counts, and it alone.
func TestAnAttemptCountsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		x := newExchange(m, first(broken))
		p := start(t, m, agenda.Config{Placer: liar{x}, Calls: x})
		defer p.end()
		e := errand(number, time.Time{})
		e.Options.Retry = series(5, agenda.Gap{Hours: 1})
		e = p.book(e)
		time.Sleep(8 * time.Hour)
		m.is(t, e.ID, agenda.Done, "caller_hangup", 2)
		if n := len(x.rings(number)); n != 2 {
			t.Errorf("rang %d times, want 2", n)
		}
	})
}

// liar places, and says that it has not.
type liar struct{ *exchange }

func (l liar) Place(ctx context.Context, e agenda.Errand) error {
	_ = l.exchange.Place(ctx, e)
	return errors.New("the carrier refused it")
}

func TestAWorkspaceThatIsFullRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		x := newExchange(m, always(fate{lasts: 10 * time.Minute, reason: telephony.CallerHangup, person: true}))
		f := &full{exchange: x, most: map[string]int{"ws_1": 1}}
		p := start(t, m, agenda.Config{Placer: f, Calls: x, InFlight: func() int { return 1 }})
		defer p.end()
		var ids []string
		for _, to := range []string{"+12125550101", "+12125550102", "+12125550103"} {
			ids = append(ids, p.book(errand(to, time.Time{})).ID)
			time.Sleep(time.Millisecond)
		}
		other := errand("+12125550104", time.Time{})
		other.Workspace = "ws_2"
		ids = append(ids, p.book(other).ID)
		time.Sleep(5 * time.Minute)
		m.is(t, ids[0], agenda.Live, "", 1)
		m.is(t, ids[1], agenda.Ready, "workspace_full", 0)
		m.is(t, ids[2], agenda.Ready, "", 0)
		m.is(t, ids[3], agenda.Live, "", 1)
		f.mu.Lock()
		asked := f.asked
		f.mu.Unlock()
		if asked > 10+4 {
			t.Errorf("the placer was asked %d times in five minutes, want once in 30 s", asked)
		}
		time.Sleep(40 * time.Minute)
		for _, id := range ids {
			m.is(t, id, agenda.Done, "caller_hangup", 1)
		}
		if a, b := x.rings("+12125550102")[0].at, x.rings("+12125550103")[0].at; !a.Before(b) {
			t.Error("who was put off lost their place")
		}
	})
}

// A workspace that may call nobody for an hour may be let before: then it does not
// wait for the end of the hour.
func TestAWorkspaceIsAskedForAgainBeforeItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		x := newExchange(m, always(person))
		began := time.Now()
		hour := &until{exchange: x, at: began.Add(5 * time.Minute), says: began.Add(time.Hour)}
		p := start(t, m, agenda.Config{Placer: hour, Calls: x})
		defer p.end()
		id := p.book(errand(number, time.Time{})).ID
		time.Sleep(4 * time.Minute)
		m.is(t, id, agenda.Ready, "hour", 0)
		time.Sleep(4 * time.Minute)
		m.is(t, id, agenda.Done, "caller_hangup", 1)
		if n := hour.asked.Load(); n > 7 {
			t.Errorf("the placer was asked %d times, want once a minute", n)
		}
	})
}

// until places nothing before at, and says that it will take longer.
type until struct {
	*exchange
	at, says time.Time
	asked    atomic.Int64
}

func (u *until) Place(ctx context.Context, e agenda.Errand) error {
	u.asked.Add(1)
	if time.Now().Before(u.at) {
		return &agenda.Later{At: u.says, Code: "hour", Why: "Many calls were placed.", All: true}
	}
	return u.exchange.Place(ctx, e)
}

// full lets so many calls of a workspace go on at once.
type full struct {
	*exchange
	most  map[string]int
	asked int
}

func (f *full) Place(ctx context.Context, e agenda.Errand) error {
	f.mu.Lock()
	f.asked++
	n := 0
	for _, r := range f.calls {
		if r.Workspace == e.Workspace && !r.Over() {
			n++
		}
	}
	f.mu.Unlock()
	if most := f.most[e.Workspace]; most > 0 && n >= most {
		return &agenda.Later{At: time.Now().Add(30 * time.Second), Code: "workspace_full", Why: "Many calls go on.", All: true}
	}
	return f.exchange.Place(ctx, e)
}

func TestAStoppingProcessLeavesWhatItDidNotBegin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		x := newExchange(m, always(person))
		p := start(t, m, agenda.Config{Placer: hesitant{}, Calls: x})
		e := p.book(errand(number, time.Time{}))
		time.Sleep(10 * time.Second)
		m.is(t, e.ID, agenda.Placing, "", 1)
		p.end()
		m.is(t, e.ID, agenda.Ready, "", 0)

		next := start(t, m, agenda.Config{Placer: x, Calls: x, Node: "two"})
		defer next.end()
		time.Sleep(5 * time.Second)
		m.is(t, e.ID, agenda.Live, "", 1)
	})
}

// hesitant never gets round to it.
type hesitant struct{}

func (hesitant) Place(ctx context.Context, _ agenda.Errand) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestAClerkNamesWhatIsMissing(t *testing.T) {
	x := newExchange(newMemory(), nil)
	for want, cfg := range map[string]agenda.Config{
		"Config.Store":  {Placer: x, Calls: x, Node: "one"},
		"Config.Placer": {Store: newMemory(), Calls: x, Node: "one"},
		"Config.Calls":  {Store: newMemory(), Placer: x, Node: "one"},
		"Config.Node":   {Store: newMemory(), Placer: x, Calls: x},
	} {
		if _, err := agenda.New(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New() = %v, want a word of %s", err, want)
		}
	}
}

func TestAJobOfNothingIsDone(t *testing.T) {
	m := newMemory()
	x := newExchange(m, nil)
	c, err := agenda.New(agenda.Config{Store: m, Placer: x, Calls: x, Node: "one"})
	if err != nil {
		t.Fatal(err)
	}
	for name, do := range map[string]func(context.Context, string) (time.Duration, error){"Due": c.Due, "BatchDue": c.BatchDue, "Over": c.Over} {
		if again, err := do(t.Context(), "call_gone"); again != 0 || err != nil {
			t.Errorf("%s() = %v, %v, want nothing to do", name, again, err)
		}
	}
	x.calls["call_on"] = dispatch.Record{ID: "call_on"}
	if again, err := c.Over(t.Context(), "call_on"); again <= 0 || err != nil {
		t.Errorf("Over() of a call that goes on = %v, %v, want to be asked again", again, err)
	}
}
