package pace

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/hookswitch/hookswitch/telephony"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// carrier notes which calls it was asked to place, and when.
type carrier struct {
	mu    sync.Mutex
	begin time.Time
	dials []dialled
	other []string
}

type dialled struct {
	at   time.Duration // since the carrier was made
	call telephony.CallID
}

func (c *carrier) Dial(_ context.Context, o telephony.Outgoing) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dials = append(c.dials, dialled{time.Since(c.begin), o.Call})
	return "CA-" + string(o.Call), nil
}

func (c *carrier) Hangup(_ context.Context, r telephony.Ref) error {
	c.other = append(c.other, "hangup "+r.ID)
	return nil
}

func (c *carrier) State(_ context.Context, r telephony.Ref) (telephony.Standing, error) {
	c.other = append(c.other, "state "+r.ID)
	return telephony.Standing{State: telephony.Ringing}, nil
}

func (c *carrier) Find(_ context.Context, account string, _, _ telephony.Number, _ time.Time) ([]string, error) {
	c.other = append(c.other, "find "+account)
	return nil, nil
}

func (c *carrier) Recall(_ context.Context, r telephony.Ref) error {
	c.other = append(c.other, "recall "+r.ID)
	return nil
}

// calls is the order in which they were placed.
func (c *carrier) calls() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []string
	for _, d := range c.dials {
		all = append(all, string(d.call))
	}
	return strings.Join(all, " ")
}

// queue is the observer of a test.
type queue struct {
	mu        sync.Mutex
	now, most int
	waits     []time.Duration
}

func (q *queue) DialsWaiting(n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.now, q.most = n, max(q.most, n)
}

func (q *queue) DialWaited(d time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waits = append(q.waits, d)
}

// seen is how many wait, how many did at most, and how long those did whose turn
// came.
func (q *queue) seen() (now, most int, waits []time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.now, q.most, slices.Clone(q.waits)
}

// rig is a paced carrier in a bubble, and the Dials that wait for it.
type rig struct {
	t    *testing.T
	p    *Carrier
	c    *carrier
	q    *queue
	wg   sync.WaitGroup
	mu   sync.Mutex
	errs map[telephony.CallID]error
}

func newRig(t *testing.T, change ...func(*Config)) *rig {
	r := &rig{t: t, c: &carrier{begin: time.Now()}, q: &queue{}, errs: map[telephony.CallID]error{}}
	c := Config{Carrier: r.c, Observer: r.q}
	for _, f := range change {
		f(&c)
	}
	p, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	r.p = p
	t.Cleanup(func() { p.Close() })
	return r
}

// dial places n calls of a workspace, named ws1, ws2 and so on, one behind the
// other, and goes on.
func (r *rig) dial(ctx context.Context, workspace, account string, from, to int) {
	for i := from; i <= to; i++ {
		call := telephony.CallID(fmt.Sprint(workspace, i))
		r.wg.Go(func() {
			id, err := r.p.Dial(ctx, telephony.Outgoing{Call: call, Workspace: workspace, Account: account})
			if err == nil && id != "CA-"+string(call) {
				r.t.Errorf("Dial() of %s = %q", call, id)
			}
			r.mu.Lock()
			defer r.mu.Unlock()
			r.errs[call] = err
		})
		synctest.Wait()
	}
}

// answer is what a Dial returned, if it did.
func (r *rig) answer(call telephony.CallID) (err error, done bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	err, done = r.errs[call]
	return err, done
}

func TestCallsArePlacedAtTheRateOfTheirTrunk(t *testing.T) {
	for _, tt := range []struct {
		name  string
		rate  float64
		every time.Duration
	}{
		{"one a second if nothing is said", 0, time.Second},
		{"one a second if nonsense is said", -5, time.Second},
		{"and if it is no number", math.NaN(), time.Second},
		{"four a second", 4, time.Second / 4},
		{"one in ten seconds", 0.1, 10 * time.Second},
		{"next to never", 1e-300, 24 * time.Hour},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, func(c *Config) { c.Rate = tt.rate })
				r.dial(t.Context(), "a", "", 1, 5)
				r.wg.Wait()
				for i, d := range r.c.dials {
					if want := time.Duration(i) * tt.every; d.at != want {
						t.Errorf("call %d was placed after %v, want %v", i, d.at, want)
					}
				}
				// Idle for long: no burst is saved up.
				time.Sleep(100 * tt.every)
				r.c.begin, r.c.dials = time.Now(), nil
				r.dial(t.Context(), "a", "", 6, 7)
				r.wg.Wait()
				if got := r.c.dials; len(got) != 2 || got[0].at != 0 || got[1].at != tt.every {
					t.Errorf("after a rest: %v, want one at once and one %v later", got, tt.every)
				}
			})
		})
	}
}

func TestTrunksDoNotWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(c *Config) {
			c.Own = "AC1"
			c.Rates = func(account string) float64 { return map[string]float64{"AC2": 10}[account] }
		})
		r.dial(t.Context(), "a", "", 1, 1)
		r.dial(t.Context(), "b", "AC1", 1, 1) // the same trunk
		r.dial(t.Context(), "c", "AC2", 1, 3)
		r.dial(t.Context(), "d", "AC3", 1, 1)
		r.wg.Wait()
		want := []dialled{{0, "a1"}, {0, "c1"}, {0, "d1"}, {time.Second / 10, "c2"}, {time.Second / 5, "c3"}, {time.Second, "b1"}}
		if !slices.Equal(r.c.dials, want) {
			t.Errorf("placed %v, want %v", r.c.dials, want)
		}
	})
}

func TestWorkspacesTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.dial(t.Context(), "a", "", 1, 100)
		time.Sleep(2500 * time.Millisecond) // a1, a2, a3
		r.dial(t.Context(), "b", "", 1, 2)
		r.dial(t.Context(), "c", "", 1, 1)
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if got, want := r.c.calls(), "a1 a2 a3 a4 b1 c1 a5 b2 a6"; got != want {
			t.Errorf("placed %s, want %s", got, want)
		}
		if got := r.c.dials[4]; got.at != 4*time.Second {
			t.Errorf("b1 was placed at %v; it came after 2.5 s, and one slot may be before it", got.at)
		}
		r.p.Close()
		r.wg.Wait()
	})
}

// A workspace that comes back with each call does not overtake those who wait.
func TestComingBackIsNotOvertaking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.dial(t.Context(), "a", "", 1, 1)
		r.dial(t.Context(), "b", "", 1, 1)
		r.dial(t.Context(), "c", "", 1, 1)
		time.Sleep(1500 * time.Millisecond) // a1, b1
		r.dial(t.Context(), "b", "", 2, 2)
		r.wg.Wait()
		if got, want := r.c.calls(), "a1 b1 c1 b2"; got != want {
			t.Errorf("placed %s, want %s", got, want)
		}
	})
}

func TestAWaitingCallerGoesFirstInTheirWorkspace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(c *Config) {
			c.First = func(o telephony.Outgoing) bool { return slices.Contains([]string{"a4", "a5"}, string(o.Call)) }
			c.MaxWaitingPerWorkspace = 2
		})
		r.dial(t.Context(), "a", "", 1, 5)
		r.dial(t.Context(), "b", "", 1, 1)
		r.wg.Wait()
		if got, want := r.c.calls(), "a1 a4 b1 a5 a2 a3"; got != want {
			t.Errorf("placed %s, want %s", got, want)
		}
	})
}

func TestWhoGivesUpGivesUpTheirPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		why := errors.New("the caller hung up")
		ctx, cancel := context.WithCancelCause(t.Context())
		r.dial(t.Context(), "a", "", 1, 1)
		r.dial(ctx, "a", "", 2, 3)
		r.dial(ctx, "b", "", 1, 1)
		r.dial(t.Context(), "a", "", 4, 4)
		cancel(why)
		synctest.Wait()
		for _, call := range []telephony.CallID{"a2", "a3", "b1"} {
			if err, _ := r.answer(call); !errors.Is(err, why) {
				t.Errorf("Dial() of %s = %v, want its cause", call, err)
			}
		}
		if now, most, _ := r.q.seen(); r.p.Waiting() != 1 || now != 1 || most != 4 {
			t.Errorf("%d wait, the observer saw %d, %d at most; want 1, 1, 4", r.p.Waiting(), now, most)
		}
		r.wg.Wait()
		if want := []dialled{{0, "a1"}, {time.Second, "a4"}}; !slices.Equal(r.c.dials, want) {
			t.Errorf("placed %v, want %v", r.c.dials, want)
		}
		if _, _, got := r.q.seen(); !slices.Equal(got, []time.Duration{0, time.Second}) {
			t.Errorf("waited %v, want 0 and 1 s", got)
		}
		if _, err := r.p.Dial(ctx, telephony.Outgoing{Call: "late"}); !errors.Is(err, why) || len(r.c.dials) != 2 {
			t.Errorf("Dial() by somebody who is gone = %v", err)
		}
	})
}

func TestTheQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(c *Config) { c.MaxWaiting, c.MaxWaitingPerWorkspace = 3, 2 })
		r.dial(t.Context(), "a", "", 1, 4)    // one placed, two wait, one too many
		r.dial(t.Context(), "a", "AC2", 5, 6) // on another trunk: one placed, one too many
		r.dial(t.Context(), "b", "", 1, 2)    // one waits, one too many for all
		for call, want := range map[telephony.CallID]error{"a4": ErrWorkspaceFull, "a6": ErrWorkspaceFull, "b2": ErrFull} {
			if err, done := r.answer(call); !done || !errors.Is(err, want) {
				t.Errorf("Dial() of %s = %v, %v; want %v at once", call, err, done, want)
			}
		}
		time.Sleep(time.Second)
		synctest.Wait()
		r.dial(t.Context(), "b", "", 3, 3) // there is room again
		r.wg.Wait()
		if r.errs["b3"] != nil || len(r.c.dials) != 6 {
			t.Errorf("later: %v, %d placed", r.errs["b3"], len(r.c.dials))
		}
	})
}

func TestAClosedOnePlacesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.dial(t.Context(), "a", "", 1, 3)
		r.dial(t.Context(), "b", "AC2", 1, 2)
		r.p.Close()
		r.wg.Wait() // they do not wait for their turn
		r.dial(t.Context(), "c", "", 1, 1)
		for call, want := range map[telephony.CallID]error{"a1": nil, "b1": nil, "a2": ErrClosed, "a3": ErrClosed, "b2": ErrClosed, "c1": ErrClosed} {
			if !errors.Is(r.errs[call], want) {
				t.Errorf("Dial() of %s = %v, want %v", call, r.errs[call], want)
			}
		}
		if now, _, _ := r.q.seen(); r.p.Waiting() != 0 || now != 0 || time.Since(r.c.begin) != 0 {
			t.Errorf("%d wait, the observer saw %d, it took %v", r.p.Waiting(), now, time.Since(r.c.begin))
		}
		r.p.Close() // twice is once
	})
}

// What was used once is not kept for ever: accounts and workspaces come and go.
func TestAnIdleOneKeepsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		for i := range 50 {
			r.dial(t.Context(), fmt.Sprint("w", i), fmt.Sprint("AC", i), 1, 2)
		}
		r.wg.Wait()
		time.Sleep(time.Second)
		synctest.Wait()
		if len(r.p.trunks) != 0 || len(r.p.of) != 0 || r.p.waiting != 0 {
			t.Errorf("kept %d trunks, %d workspaces, %d calls", len(r.p.trunks), len(r.p.of), r.p.waiting)
		}
	})
}

func TestTheRestGoesThroughAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.dial(t.Context(), "a", "", 1, 2)
		ctx, ref := t.Context(), telephony.Ref{ID: "CA1"}
		is, err := r.p.State(ctx, ref)
		_, failed := r.p.Find(ctx, "AC2", "", "", time.Time{})
		if err := errors.Join(err, failed, r.p.Hangup(ctx, ref), r.p.Recall(ctx, ref)); err != nil || is.State != telephony.Ringing {
			t.Errorf("%+v, %v", is, err)
		}
		if want := []string{"state CA1", "find AC2", "hangup CA1", "recall CA1"}; !slices.Equal(r.c.other, want) || time.Since(r.c.begin) != 0 {
			t.Errorf("asked %v after %v", r.c.other, time.Since(r.c.begin))
		}
		r.wg.Wait()
	})
}

// Many at once, some of whom give up: everybody hears of it once, and the rate
// holds. For the race detector.
func TestAHundredAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(c *Config) { c.Rate = 10 })
		for i := range 100 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(1+i%7)*time.Second)
			defer cancel()
			r.wg.Go(func() {
				_, err := r.p.Dial(ctx, telephony.Outgoing{Call: telephony.CallID(fmt.Sprint(i)), Workspace: fmt.Sprint(i % 9)})
				r.mu.Lock()
				defer r.mu.Unlock()
				r.errs[telephony.CallID(fmt.Sprint(i))] = err
			})
		}
		r.wg.Wait()
		failed := 0
		for _, err := range r.errs {
			if err != nil {
				failed++
			}
		}
		if len(r.errs) != 100 || failed+len(r.c.dials) != 100 || r.p.Waiting() != 0 {
			t.Errorf("%d answers, %d failed, %d placed, %d wait", len(r.errs), failed, len(r.c.dials), r.p.Waiting())
		}
		for i := 1; i < len(r.c.dials); i++ {
			if gap := r.c.dials[i].at - r.c.dials[i-1].at; gap < time.Second/10 {
				t.Errorf("calls %d and %d are %v apart", i-1, i, gap)
			}
		}
	})
}

func TestACarrierIsRequired(t *testing.T) {
	if _, err := New(Config{}); err == nil || !strings.Contains(err.Error(), "Carrier") {
		t.Errorf("New() without a carrier = %v", err)
	}
}
