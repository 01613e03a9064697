package sqlite

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/storage"
)

// Bounds of a transaction of several.
const (
	mostTogether = 32
	togetherWait = 5 * time.Second // whoever has less patience waits for it all the same
)

// together lets those who want to write while another does go into one
// transaction: its begin and its commit cost as much as what is in it. If one of
// them fails, nothing of it happened, and each goes alone.
type together struct {
	alone func(ctx context.Context, do func(storage.Tx) error) error // one transaction

	mu      sync.Mutex
	busy    bool    // somebody writes
	waiting []*wish // first come, first served
}

// wish is somebody's wish to write.
type wish struct {
	ctx   context.Context
	do    func(storage.Tx) error
	apart bool       // it was in a transaction that failed
	turn  chan error // nil: it is done; errYourTurn: its owner writes, for those in with, too
	with  []*wish    // it first
}

var (
	errYourTurn = errors.New("sqlite: go on yourself")
	errApart    = errors.New("sqlite: one of several failed")
)

// write runs do in a transaction, maybe with others, and returns its error.
func (g *together) write(ctx context.Context, do func(storage.Tx) error) error {
	w := &wish{ctx: ctx, do: do, turn: make(chan error, 2)} // that it failed with others, and its turn
	if g.enter(w) {
		runtime.Gosched() // whoever is about to write comes along
		g.gather(w)
		return g.after(w, errYourTurn)
	}
	select {
	case err := <-w.turn:
		return g.after(w, err)
	case <-ctx.Done():
		if g.withdraw(w) {
			return context.Cause(ctx)
		}
		return g.after(w, <-w.turn)
	}
}

// enter reports whether w may write now. Else it waits for its turn.
func (g *together) enter(w *wish) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.busy {
		g.busy = true
		return true
	}
	g.waiting = append(g.waiting, w)
	return false
}

// withdraw reports whether w was waiting, and waits no more.
func (g *together) withdraw(w *wish) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.Index(g.waiting, w)
	if i >= 0 {
		g.waiting = slices.Delete(g.waiting, i, i+1)
	}
	return i >= 0
}

// after goes on when w was told something.
func (g *together) after(w *wish, told error) error {
	switch {
	case told == nil:
		return nil
	case len(w.with) == 1:
		return g.goAlone(w)
	}
	if g.goTogether(w.with) {
		return nil
	}
	return g.after(w, <-w.turn) // apart, and first in line
}

// goAlone writes w, and passes the turn on, also when its do panics.
func (g *together) goAlone(w *wish) error {
	defer g.next()
	return g.alone(w.ctx, w.do)
}

// goTogether writes all in one transaction, tells the others, and passes the turn
// on. It reports false when that failed: then all wait for a turn of their own.
func (g *together) goTogether(all []*wish) bool {
	defer g.next()
	others := all[1:]
	apart := others // unless we return: then there is nobody to go on for the first
	defer func() { g.part(apart) }()
	ctx, stop := context.WithTimeout(all[0].ctx, togetherWait)
	defer stop()
	err := g.alone(ctx, func(t storage.Tx) error {
		for _, w := range all {
			if w.ctx.Err() != nil || !succeeds(w.do, t) {
				return errApart
			}
		}
		return nil
	})
	if err != nil {
		apart = all
		return false
	}
	apart = nil
	for _, w := range others {
		w.turn <- nil
	}
	return true
}

// succeeds runs do. What panics does so once more, alone, where its owner sees it.
func succeeds(do func(storage.Tx) error, t storage.Tx) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	return do(t) == nil
}

// part puts all in front of those who wait, each for itself.
func (g *together) part(all []*wish) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, w := range all {
		w.apart = true
	}
	g.waiting = slices.Concat(all, g.waiting)
}

// next gives the turn to whoever waits longest.
func (g *together) next() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.waiting) == 0 {
		g.busy = false
		return
	}
	first := g.waiting[0]
	g.waiting = slices.Delete(g.waiting, 0, 1)
	g.join(first)
	first.turn <- errYourTurn
}

// gather lets those who wait go with w, whose turn it is.
func (g *together) gather(w *wish) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.join(w)
}

// join is gather; mu is held.
func (g *together) join(w *wish) {
	n := 0
	for n < min(len(g.waiting), mostTogether-1) && !w.apart && !g.waiting[n].apart {
		n++
	}
	w.with = append([]*wish{w}, g.waiting[:n]...)
	g.waiting = slices.Delete(g.waiting, 0, n)
}
