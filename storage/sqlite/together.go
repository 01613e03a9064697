package sqlite

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/hookswitch/hookswitch/storage"
)

// mostTogether bounds a transaction of several.
const mostTogether = 32

// together lets those who want to write while another does go into one
// transaction: its begin and its commit cost as much as what is in it. If one of
// them fails, nothing of it happened, and each goes alone.
type together struct {
	alone func(ctx context.Context, do func(storage.Tx) error) error // one transaction

	mu   sync.Mutex
	busy bool    // somebody writes
	line []*wish // those who wait; first come, first served
}

// wish is somebody's wish to write.
type wish struct {
	ctx   context.Context
	do    func(storage.Tx) error
	apart bool         // it was in a transaction that failed. The line's
	state atomic.Int32 // inLine, taken, gone
	told  chan error   // nil: it is done; errYourTurn; errApart: it is in line once more
	with  []*wish      // its turn: those who go with it
}

// States of a wish. Only one that is in line can be given up.
const (
	inLine = iota
	taken
	gone
)

var (
	errYourTurn = errors.New("sqlite: it is your turn")
	errApart    = errors.New("sqlite: one of several failed")
)

// write runs do in a transaction, maybe with others, and returns its error.
func (g *together) write(ctx context.Context, do func(storage.Tx) error) error {
	w := &wish{ctx: ctx, do: do, told: make(chan error, 2)} // errApart, and its turn
	if g.enter(w) {
		runtime.Gosched() // whoever is about to write comes along
		g.gather(w)
		w.told <- errYourTurn
	}
	enough := ctx.Done()
	for {
		select {
		case told := <-w.told:
			switch told {
			case nil:
				return nil
			case errApart:
				enough = ctx.Done()
			case errYourTurn:
				if done, err := g.lead(w); done {
					return err
				}
			}
		case <-enough:
			if w.state.CompareAndSwap(inLine, gone) {
				return errors.Join(ctx.Err(), context.Cause(ctx))
			}
			enough = nil // it is being written, or about to be: that takes no time
		}
	}
}

// enter reports whether w may write now. Else it is in line.
func (g *together) enter(w *wish) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.busy {
		g.busy = true
		w.state.Store(taken)
		return true
	}
	g.line = append(g.line, w)
	return false
}

// lead writes w, whose turn it is, and those who go with it, and passes the turn on,
// also when w panics. It reports false when w is in line once more.
func (g *together) lead(w *wish) (done bool, err error) {
	defer g.next()
	if len(w.with) == 0 {
		return true, g.alone(w.ctx, w.do)
	}
	all, begun := []*wish{w}, false
	err = g.alone(w.ctx, func(t storage.Tx) error {
		begun = true
		if !succeeds(w.do, t) {
			return errApart
		}
		for _, other := range w.with {
			if !other.state.CompareAndSwap(inLine, taken) {
				continue
			}
			if all = append(all, other); !succeeds(other.do, t) {
				return errApart
			}
		}
		return nil
	})
	switch {
	case err == nil:
		for _, other := range all[1:] {
			other.told <- nil
		}
		return true, nil
	case !begun: // it waited in vain for the database
		g.back(w.with)
		return true, err
	}
	for _, one := range all {
		one.apart = true
		one.state.Store(inLine)
		one.told <- errApart
	}
	g.back(slices.Concat(all, slices.DeleteFunc(w.with, func(other *wish) bool { return slices.Contains(all, other) })))
	return false, nil
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

// back puts some at the head of the line.
func (g *together) back(some []*wish) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.line = slices.Concat(some, g.line)
}

// next gives the turn to the head of the line.
func (g *together) next() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for len(g.line) > 0 {
		w := g.line[0]
		g.line = slices.Delete(g.line, 0, 1)
		if w.state.CompareAndSwap(inLine, taken) {
			g.join(w)
			w.told <- errYourTurn
			return
		}
	}
	g.busy = false
}

// gather lets those who are in line go with w, whose turn it is.
func (g *together) gather(w *wish) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.join(w)
}

// join is gather; mu is held.
func (g *together) join(w *wish) {
	n := 0
	for n < min(len(g.line), mostTogether-1) && !w.apart && !g.line[n].apart {
		n++
	}
	w.with = slices.Clone(g.line[:n])
	g.line = slices.Delete(g.line, 0, n)
}
