package agenda_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
)

func TestAnErrandIsCancelledWhereverItIs(t *testing.T) {
	for _, tt := range []struct {
		claim    string
		when     time.Duration
		found    string // the status that it has then
		is       string // and has when it was cancelled
		over     string // in the end
		code     string
		attempts int
		rings    int
	}{
		{"scheduled", time.Second, agenda.Scheduled, agenda.Cancelled, agenda.Cancelled, agenda.CodeCancelled, 0, 0},
		{"ready", 70 * time.Second, agenda.Ready, agenda.Cancelled, agenda.Cancelled, agenda.CodeCancelled, 0, 0},
		{"placing", 105 * time.Second, agenda.Placing, agenda.Placing, agenda.Cancelled, agenda.CodeCancelled, 1, 1},
		{"live", 130 * time.Second, agenda.Live, agenda.Live, agenda.Cancelled, agenda.CodeCancelled, 1, 1},
		{"waiting for a callback", 30 * time.Minute, agenda.Scheduled, agenda.Cancelled, agenda.Cancelled, agenda.CodeCancelled, 1, 1},
		{"in the call that reaches them", 63*time.Minute + 20*time.Second, agenda.Live, agenda.Live, agenda.Done, "caller_hangup", 2, 2},
	} {
		t.Run(tt.claim, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				x := newExchange(m, first(nobody, person))
				x.slow = 20 * time.Second
				began := time.Now()
				p := start(t, m, agenda.Config{Placer: x, Calls: x, InFlight: func() int {
					if time.Since(began) < 100*time.Second {
						return 0
					}
					return 1
				}})
				defer p.end()
				e := errand(number, began.Add(time.Minute))
				e.Options.Retry = series(4, agenda.Gap{Hours: 1})
				e = p.book(e)
				time.Sleep(tt.when)
				if on, _ := m.Errand(t.Context(), "", e.ID); on.Status != tt.found {
					t.Fatalf("it is %s, want %s", on.Status, tt.found)
				}
				for range 2 { // again is the same
					if on, err := p.Cancel(t.Context(), "ws_1", e.ID); err != nil || on.Status != tt.is || on.Code != agenda.CodeCancelled {
						t.Errorf("Cancel() = %s (%q), %v, want %s", on.Status, on.Code, err, tt.is)
					}
				}
				time.Sleep(5 * time.Hour)
				m.is(t, e.ID, tt.over, tt.code, tt.attempts)
				if n := len(x.rings(number)); n != tt.rings {
					t.Errorf("rang %d times, want %d", n, tt.rings)
				}
			})
		})
	}
}

// slow is a placer that takes ten seconds to say no.
type slow struct{ err error }

func (s slow) Place(context.Context, agenda.Errand) error {
	time.Sleep(10 * time.Second)
	return s.err
}

func TestWhatIsOverIsNotCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		x := newExchange(m, always(person))
		p := start(t, m, agenda.Config{Placer: x, Calls: x})
		defer p.end()
		e := p.book(errand(number, time.Time{}))
		time.Sleep(5 * time.Minute)
		if on, err := p.Cancel(t.Context(), "ws_1", e.ID); !errors.Is(err, agenda.ErrOver) || on.Status != agenda.Done {
			t.Errorf("Cancel() = %s, %v, want ErrOver", on.Status, err)
		}
		if _, err := p.Cancel(t.Context(), "ws_2", e.ID); !errors.Is(err, agenda.ErrNotFound) {
			t.Errorf("Cancel() from another workspace = %v, want ErrNotFound", err)
		}
	})
}

// The placer says later, or fails, while somebody cancels.
func TestACancelledErrandIsNotPutOff(t *testing.T) {
	for claim, says := range map[string]error{
		"later":  &agenda.Later{At: time.Now().Add(100 * 365 * 24 * time.Hour), Code: "quiet_hours"},
		"failed": errors.New("no"),
	} {
		t.Run(claim, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				x := newExchange(m, always(person))
				s := slow{says}
				p := start(t, m, agenda.Config{Placer: s, Calls: x})
				defer p.end()
				e := errand(number, time.Time{})
				e.Options.Retry = series(2, agenda.Gap{Hours: 1})
				e = p.book(e)
				time.Sleep(5 * time.Second)
				if _, err := p.Cancel(t.Context(), "ws_1", e.ID); err != nil {
					t.Fatal(err)
				}
				time.Sleep(10 * time.Second)
				if on, _ := m.Errand(t.Context(), "", e.ID); on.Status != agenda.Cancelled {
					t.Errorf("it is %s (%q), want cancelled", on.Status, on.Code)
				}
			})
		})
	}
}
