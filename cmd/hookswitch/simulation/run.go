package simulation

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/storage/sqlite"
	"github.com/hookswitch/hookswitch/telephony"
)

// Calls is how many calls a run has.
const Calls = 20

// Result is what came of a run.
type Result struct {
	Test   string // that runs it
	Seed   uint64
	Broken []string       // invariants that did not hold
	Seen   map[string]int // what happened, and how often
	Trace  string         // every operation and journal entry, with its virtual time
	Plan   []Fault        // all that was planned
	Bitten []Fault        // what of it happened, in order
	Ops    int
}

// Report tells of a run that failed, and how to see it again.
func (r Result) Report() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d: %d invariants broken\n", r.Seed, len(r.Broken))
	for _, v := range r.Broken {
		fmt.Fprintf(&b, "  %s\n", v)
	}
	fmt.Fprintf(&b, "faults that happened, of %d planned:\n", len(r.Plan))
	for _, f := range r.Bitten {
		fmt.Fprintf(&b, "  %s\n", f)
	}
	fmt.Fprintf(&b, "again: HOOKSWITCH_SIM_SEED=%d go test -run '^%s$' ./cmd/hookswitch/simulation\n", r.Seed, r.Test)
	fmt.Fprintf(&b, "       HOOKSWITCH_SIM_TRACE=FILE beside it writes the trace\n")
	return b.String()
}

// Run simulates all that happens with seed when plan goes wrong. It must be
// called in a bubble of testing/synctest, and leaves no goroutine behind.
func Run(ctx context.Context, seed uint64, plan []Fault) (Result, error) {
	return simulate(ctx, seed, plan, withCallers)
}

// RunHanding is [Run] with callers who ask for somebody else, and are handed on.
func RunHanding(ctx context.Context, seed uint64, plan []Fault) (Result, error) {
	return simulate(ctx, seed, plan, withOthers)
}

// mode is what a run has beside conversations; its text is the test that runs it.
type mode string

const (
	withCallers  mode = "TestSweep"
	withOthers   mode = "TestSweepHandingOn"
	withMachines mode = "TestSweepMachines"
)

func simulate(ctx context.Context, seed uint64, plan []Fault, what mode) (Result, error) {
	db, err := sqlite.Open(ctx, sqlite.Memory)
	if err != nil {
		return Result{}, err
	}
	w := newWorld(seed, Calls, plan)
	w.hands, w.machines, w.rows = what == withOthers, what == withMachines, db
	trunk := &carrier{w: w, rooms: map[string]*conference{}}
	desk, err := w.desk(db, trunk)
	if err != nil {
		return Result{}, err
	}
	trunk.desk, w.answers = desk, desk
	w.place(desk, trunk)
	w.settle(desk)
	w.finishing.Wait()
	if err := desk.Close(ctx); err != nil {
		w.violate(0, "desk empty", "%v", err)
	}
	w.check(ctx, db)
	if w.hands {
		w.checkHanding(ctx, db, trunk)
	}
	return Result{
		Test: string(what), Seed: seed, Broken: w.broken, Seen: w.seen, Trace: w.text(), Plan: plan, Bitten: w.bitten, Ops: w.count,
	}, db.Close()
}

func (w *world) desk(db dispatch.Calls, trunk telephony.Carrier) (*dispatch.Desk, error) {
	var mu sync.Mutex
	ids := 0
	cfg := dispatch.Config{
		Calls: records{Calls: db, w: w}, Talk: w.talk, Carrier: trunk, Secret: []byte("sixteen bytes and more"),
		Route: w.route, Prepare: w.prepare(db), Node: "sim",
		Resumes: 2, // so that they do run out
		NewID: func() telephony.CallID {
			mu.Lock()
			defer mu.Unlock()
			ids++
			return telephony.CallID(fmt.Sprintf("call-%02d", ids))
		},
		Watch: func(id telephony.CallID, e agentcore.Entry) {
			if _, ok := e.Event.(agentcore.Ended); ok {
				w.mu.Lock()
				w.ends[id]++
				w.mu.Unlock()
			}
		},
	}
	if w.hands {
		cfg.Transfers, cfg.Consult = transfers{db.(dispatch.Transfers), w}, w.consult
	}
	return dispatch.New(cfg)
}

// place lets the calls begin, each at its own time, and waits for the last to
// be over at the carrier.
func (w *world) place(desk *dispatch.Desk, trunk *carrier) {
	for number := 1; number <= Calls; number++ {
		chance := dice(w.seed, number, "begin")
		at := time.Duration(chance.IntN(int(20*time.Second))) | 1
		inbound := chance.IntN(4) > 0 && !w.machines
		trunk.wg.Go(func() {
			time.Sleep(at)
			if inbound {
				trunk.newPhone(number, true).calls()
				return
			}
			ctx := as(context.Background(), "dial")
			w.dispatch(ctx, desk, number)
		})
	}
	trunk.wg.Wait()
}

// settle waits until the desk knows of no call any more, as long as it may take
// to find out by itself.
func (w *world) settle(desk *dispatch.Desk) {
	for range 10 {
		time.Sleep(time.Minute + 3)
		if err := desk.Recover(as(context.Background(), "recover")); err == nil && len(desk.Live()) == 0 {
			return
		}
	}
	for _, live := range desk.Live() {
		w.violate(w.named(live.ID), "desk empty", "is live ten minutes after the last call")
	}
}
