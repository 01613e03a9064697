package dialplan_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dialplan"
	"github.com/hookswitch/hookswitch/telephony"
)

// records are what a store has of one workspace's calls.
type records struct {
	mu   sync.Mutex
	all  []telephony.Placed
	asks int
	err  error
}

func (r *records) history(_ context.Context, workspace string, since time.Time) ([]telephony.Placed, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asks++
	if workspace != "default" || r.err != nil {
		return nil, r.err
	}
	return slices.DeleteFunc(slices.Clone(r.all), func(p telephony.Placed) bool { return p.At.Before(since) }), nil
}

func (r *records) add(p telephony.Placed) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p.From = ours
	r.all = append(r.all, p)
}

// bench is a gate, what it was told, and what it refused.
type bench struct {
	*dialplan.Gate
	t       *testing.T
	policy  dialplan.Policy
	records records
	refused sync.Map // code -> *atomic.Int64
}

func open(t *testing.T, p dialplan.Policy) *bench {
	t.Helper()
	b := &bench{t: t, policy: p}
	return b.open(b.records.history)
}

// alone is open without records: the gate is told of every end.
func alone(t *testing.T, p dialplan.Policy) *bench {
	t.Helper()
	b := &bench{t: t, policy: p}
	return b.open(nil)
}

func (b *bench) open(history func(context.Context, string, time.Time) ([]telephony.Placed, error)) *bench {
	b.t.Helper()
	g, err := dialplan.NewGate(dialplan.Config{
		Policy:  func(context.Context, string) (dialplan.Policy, error) { return b.policy, nil },
		History: history,
		Refused: func(code dialplan.Code) {
			n, _ := b.refused.LoadOrStore(code, new(atomic.Int64))
			n.(*atomic.Int64).Add(1)
		},
	})
	if err != nil {
		b.t.Fatal(err)
	}
	b.Gate = g
	return b
}

func (b *bench) count(code dialplan.Code) int64 {
	if n, ok := b.refused.Load(code); ok {
		return n.(*atomic.Int64).Load()
	}
	return 0
}

// permit asks g for one call, or a transfer.
func permit(ctx context.Context, g *dialplan.Gate, workspace, from, to string, transfer bool) error {
	_, err := g.Permit(ctx, dialplan.Ask{Workspace: workspace, From: from, To: to, Transfer: transfer})
	return err
}

// call wants one call to to be answered with want.
func (b *bench) call(to string, want dialplan.Code) {
	b.t.Helper()
	if got := code(b.t, permit(b.t.Context(), b.Gate, "default", ours, to, false)); got != want {
		b.t.Fatalf("a call after %v is refused with %q, want %q", time.Since(began), got, want)
	}
}

var began = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // as bubbles begin

// Of 50 who ask at the same time, 10 get through.
func TestFiftyAtOnceGetTenThrough(t *testing.T) {
	for name, to := range map[string]func(i int) string{
		"of one block": func(i int) string { return fmt.Sprintf("+1212555%04d", i) },
		"of one hour":  func(i int) string { return fmt.Sprintf("+1212%03d0199", 555+i) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, want := dialplan.Policy{}, dialplan.PrefixBusy
				if name == "of one hour" {
					p.MaxPerHour, want = 10, dialplan.Hour
				}
				b := open(t, p)
				var through atomic.Int64
				var wg sync.WaitGroup
				for i := range 50 {
					wg.Go(func() {
						err := permit(t.Context(), b.Gate, "default", ours, to(i), false)
						switch code(t, err) {
						case "":
							through.Add(1)
						case want:
						default:
							t.Errorf("Permit() = %v, want %q", err, want)
						}
					})
				}
				wg.Wait()
				if through.Load() != 10 || b.count(want) != 40 {
					t.Errorf("%d got through, %d were counted as %s", through.Load(), b.count(want), want)
				}
			})
		})
	}
}

// Half an hour after a short test call come dozens at once, as thieves do.
func TestATestCallThenABurstAbroad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := alone(t, dialplan.Policy{Regions: []string{"US", "GB"}})
		b.call("+442079460000", "")
		b.Done("default", "+442079460000", 4*time.Second)
		time.Sleep(30 * time.Minute)
		through := 0
		for i := range 36 {
			if permit(t.Context(), b.Gate, "default", ours, fmt.Sprintf("+4420794601%02d", i), false) == nil {
				through++
			}
		}
		if through != 2 || b.count(dialplan.ForeignBurst) != 34 {
			t.Errorf("%d more got through, %d were refused as a burst; want 2 and 34", through, b.count(dialplan.ForeignBurst))
		}
		b.call("+442079460000", "") // known
		time.Sleep(31 * time.Minute)
		b.call("+442079460999", "") // the first is more than an hour ago
		b.call("+442079460998", dialplan.ForeignBurst)
	})
}

// A model, or two machines that call each other back, dial one number again and
// again.
func TestARedialLoopEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := alone(t, dialplan.Policy{})
		through := 0
		for range 24 * 60 {
			if permit(t.Context(), b.Gate, "default", ours, "+12125550199", false) == nil {
				through++
				b.Done("default", "+12125550199", time.Second)
			}
			time.Sleep(time.Minute)
		}
		if through != 20 || b.count(dialplan.NumberHour)+b.count(dialplan.NumberDay) != 24*60-20 {
			t.Errorf("%d of a day's calls got through, want 20", through)
		}
		b.call("+12125550199", "") // the first ones are more than a day ago
	})
}

func TestMinutesOfOneNumber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := alone(t, dialplan.Policy{})
		b.call("+12125550199", "")
		b.Done("default", "+12125550199", 59*time.Minute)
		b.call("+12125550199", "")
		b.Done("default", "+12125550199", time.Minute)
		b.call("+12125550199", dialplan.Minutes)
		b.call("+12125550198", "")
	})
}

// The agent's own list sends callers to one desk all day.
func TestADeskOfTheRegionTakesEveryTransfer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := alone(t, dialplan.Policy{MaxPerHour: 40, Regions: []string{"US", "GB"}})
		for i := range 41 {
			want := dialplan.Code("")
			if i == 40 {
				want = dialplan.Hour
			}
			if got := code(t, permit(t.Context(), b.Gate, "default", ours, "+12125550199", true)); got != want {
				t.Fatalf("transfer %d: %q, want %q", i, got, want)
			}
		}
		time.Sleep(time.Hour)
		b.call("+12125550199", "") // they count against no call
		for i := range 7 {         // abroad, a transfer is a call like others
			want := dialplan.Code("")
			if i == 6 {
				want = dialplan.NumberHour
			}
			if got := code(t, permit(t.Context(), b.Gate, "default", ours, "+442079460000", true)); got != want {
				t.Fatalf("transfer abroad %d: %q, want %q", i, got, want)
			}
		}
	})
}

func TestWhatIsReleasedWasNeverCalled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(t, dialplan.Policy{MaxPerHour: 1})
		b.call("+12125550199", "")
		b.call("+12125550198", dialplan.Hour)
		b.Release("default", "+12125550199")
		b.call("+12125550198", "")
		b.Release("default", "+12125550197") // nobody
		b.Release("ws_nobody", "+12125550198")
		b.Done("ws_nobody", "+12125550198", 0)
		b.call("+12125550197", dialplan.Hour)
	})
}

// A process that starts, or another node, knows from the records what was
// called before.
func TestTheRecordsCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(t, dialplan.Policy{})
		for i := range 6 {
			at := time.Now().Add(-time.Duration(50-i) * time.Minute)
			b.records.add(telephony.Placed{To: "+12125550199", At: at, Answered: at, Ended: at.Add(time.Minute)})
		}
		at := time.Now().Add(-2 * time.Hour)
		b.records.add(telephony.Placed{To: "+12125550777", At: at, Answered: at}) // and goes on
		b.call("+12125550199", dialplan.NumberHour)
		b.call("+12125550777", dialplan.Minutes)
		time.Sleep(11 * time.Minute)
		b.call("+12125550199", "") // the first is more than an hour ago
		for i := range 10 {
			b.records.add(telephony.Placed{To: telephony.Number(fmt.Sprintf("+1646555%04d", i)), At: time.Now()})
		}
		time.Sleep(11 * time.Second)
		b.call("+16465559999", dialplan.PrefixBusy)
	})
}

// What the gate permitted and what the records then say of it are one call.
func TestACallCountsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(t, dialplan.Policy{})
		for range 6 {
			b.call("+12125550199", "")
			time.Sleep(5 * time.Millisecond)
			b.records.add(telephony.Placed{To: "+12125550199", At: time.Now().Truncate(time.Microsecond), Ended: time.Now()})
			time.Sleep(12 * time.Second)
		}
		b.call("+12125550199", dialplan.NumberHour)
	})
}

// A record stands for one call only, however often it is read.
func TestARecordCountsForOneCallOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(t, dialplan.Policy{MaxPerNumberHour: 3})
		b.call("+12125550199", "")
		b.records.add(telephony.Placed{To: "+12125550199", At: time.Now(), Ended: time.Now()})
		time.Sleep(500 * time.Millisecond)
		b.call("+12125550199", "") // its record is late
		for range 2 {
			time.Sleep(11 * time.Second)
			b.call("+12125550198", "") // the records are read
		}
		b.call("+12125550199", "")
		b.call("+12125550199", dialplan.NumberHour)
	})
}

// What was permitted and is not on record half a minute later was never placed.
func TestAReservationThatCameToNothingGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(t, dialplan.Policy{MaxPerHour: 1})
		b.call("+12125550199", "")
		time.Sleep(29 * time.Second)
		b.call("+12125550198", dialplan.Hour)
		time.Sleep(3 * time.Second)
		b.call("+12125550198", "")
	})
}

// A call that ended is seen to have ended before another one is refused.
func TestARefusalLooksAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(t, dialplan.Policy{MaxConcurrentPrefix: 1})
		b.call("+12125550199", "")
		time.Sleep(2 * time.Second)
		b.records.add(telephony.Placed{To: "+12125550199", At: began, Ended: time.Now()})
		b.records.mu.Lock()
		b.records.all[0].At = time.Now().Add(-2 * time.Second)
		b.records.mu.Unlock()
		b.call("+12125550198", "")
	})
}

func TestWhoeverCantTellPermitsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(t, dialplan.Policy{})
		b.records.err = errors.New("no database")
		var r *dialplan.Refusal
		if err := permit(t.Context(), b.Gate, "default", ours, "+12125550199", false); !errors.Is(err, b.records.err) || errors.As(err, &r) {
			t.Errorf("Permit() = %v, want the store's error", err)
		}
		b.records.err = nil
		b.call("+12125550199", "")
		b.records.err = errors.New("no database") // what is known goes on counting
		time.Sleep(time.Minute)
		for range 5 {
			b.call("+12125550199", "")
		}
		b.call("+12125550199", dialplan.NumberHour)
	})
}

// Refused numbers are counted by code, and ask nobody.
func TestWhatIsRefusedForItselfAsksNoStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(t, dialplan.Policy{})
		for range 3 {
			b.call("+19005550100", dialplan.PremiumRate)
		}
		b.call("911", dialplan.Emergency)
		if b.count(dialplan.PremiumRate) != 3 || b.count(dialplan.Emergency) != 1 || b.records.asks != 0 {
			t.Errorf("counted %d and %d, asked %d times", b.count(dialplan.PremiumRate), b.count(dialplan.Emergency), b.records.asks)
		}
	})
}

// A thousand workspaces and one more: who called least lately is read anew.
func TestWorkspacesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(t, dialplan.Policy{})
		for i := range 1_001 {
			if err := permit(t.Context(), b.Gate, fmt.Sprint("ws_", i), ours, "+12125550199", false); err != nil {
				t.Fatal(err)
			}
		}
		before := b.records.asks
		for _, workspace := range []string{"ws_1000", "ws_0"} {
			if err := permit(t.Context(), b.Gate, workspace, ours, "+12125550199", false); err != nil {
				t.Fatal(err)
			}
		}
		if b.records.asks != before+1 {
			t.Errorf("read %d times, want once, for the first", b.records.asks-before)
		}
	})
}

// Nobody waits for a store for longer than they want.
func TestWaitingForATurnEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := make(chan struct{})
		g, err := dialplan.NewGate(dialplan.Config{
			Policy: func(context.Context, string) (dialplan.Policy, error) { return dialplan.Policy{}, nil },
			History: func(context.Context, string, time.Time) ([]telephony.Placed, error) {
				<-slow
				return nil, nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := permit(t.Context(), g, "default", ours, "+12125550199", false); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		if err := permit(ctx, g, "default", ours, "+12125550198", false); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Permit() = %v, want its context's end", err)
		}
		close(slow)
		wg.Wait()
	})
}
