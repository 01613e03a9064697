package simulation

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/storage/sqlite"
)

// Phones is how many telephones a run of [RunLater] calls. They have the numbers
// from 1; what is nobody's in particular has 0.
const Phones = 14

const (
	nodes   = 3
	bookFor = 10 * time.Minute // within which everything is asked for

	// lasts is a run: two callbacks, each an hour after what was before it, an hour
	// until a batch is given up whose loader died, and time to come to rest.
	lasts = bookFor + 2*time.Hour + 45*time.Minute
)

// later is a run in which calls are asked for that are placed later, again, and
// many at once, by processes that die and stand still. Conversations are short
// and without sound: the other runs have those.
type later struct {
	*world
	db    *storage.DB
	store agenda.Store // db's, past every port
	jobs  *queue
	net   *network
	wants []*want
	files []*file

	wg      sync.WaitGroup // whoever is outside the processes
	slots   sync.WaitGroup
	closing chan struct{}

	// These are guarded by world.mu.
	up      []*node // by slot; nil: there is none at the moment
	beats   map[string]time.Time
	kept    map[string]time.Time // those of beats that the database has
	named   int                  // ids drawn
	changes int                  // operations that were done
	quiet   map[string]int       // how many there were when a look found nothing

	meets *meeting // nil: the calls of this run have no rooms
}

// RunLater simulates what is to be done later, with seed, when plan goes wrong;
// see [Run].
func RunLater(ctx context.Context, seed uint64, plan []Fault) (Result, error) {
	l, err := newLater(ctx, seed, plan)
	if err != nil {
		return Result{}, err
	}
	if err := l.db.CreateWorkspace(ctx, roster.Workspace{ID: second, Name: "Second", Created: time.Now()}); err != nil {
		return Result{}, err
	}
	l.simulate(l.plans, lasts, func() { l.checkLater(ctx) })
	return l.result("TestSweepLater", plan), l.db.Close()
}

// newLater returns a world without processes, in which nothing is planned yet.
func newLater(ctx context.Context, seed uint64, plan []Fault) (*later, error) {
	db, err := sqlite.Open(ctx, sqlite.Memory)
	if err != nil {
		return nil, err
	}
	l := &later{
		world: newWorld(seed, Phones, plan), db: db, store: db.Agenda(), closing: make(chan struct{}),
		up: make([]*node, nodes), beats: map[string]time.Time{}, kept: map[string]time.Time{}, quiet: map[string]int{},
	}
	l.jobs, l.net = &queue{l: l}, &network{l: l, rung: map[int]int{}}
	return l, nil
}

// simulate has the processes run, and what is planned happen; it checks what came
// of it when a run has lasted for as long as it does.
func (l *later) simulate(plans func(), lasts time.Duration, check func()) {
	for slot := range nodes {
		l.slots.Go(func() { l.keepUp(slot) })
	}
	plans()
	time.Sleep(time.Until(l.began.Add(lasts)))
	l.wg.Wait()
	check()
	close(l.closing)
	l.slots.Wait()
	l.wg.Wait()
}

func (l *later) result(test string, plan []Fault) Result {
	return Result{Test: test, Seed: l.seed, Broken: l.broken, Seen: l.seen, Trace: l.text(), Plan: plan, Bitten: l.bitten, Ops: l.count}
}

// The workspaces, and how many calls each may have at once.
const (
	home   = "default"
	second = "second"
)

var places = map[string]int{home: 3, second: 2}

// newID names an errand, a batch or a call.
func (l *later) newID(kind string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.named++
	return fmt.Sprintf("%s_%03d", kind, l.named)
}

// nothing reports whether a look for what, which comes often, can be spared: since
// one found nothing, nothing was done. Most of the hours of a run are that.
func (l *later) nothing(what string, look func() (int, error)) bool {
	l.mu.Lock()
	before := l.changes
	spared := l.quiet[what] == before+1
	l.mu.Unlock()
	if spared {
		return true
	}
	if n, err := look(); err != nil || n > 0 {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.quiet[what] = before + 1
	return true
}

// changed notes that something was done.
func (l *later) changed() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.changes++
}

// counting is the [agenda.Counter] of every clerk.
type counting struct{ l *later }

func (c counting) ErrandBegun(string, time.Duration) {}
func (c counting) ErrandLater(code string)           { c.l.saw("put off: " + code) }
func (c counting) ErrandLost()                       { c.l.saw("attempt made again") }
func (c counting) ErrandOver(_, status, code string) { c.l.saw("errand " + status) }
