package pace

import (
	"slices"
	"time"
)

// waiter is a call that waits for its turn.
type waiter struct {
	account, workspace string
	first              bool // goes before those of its workspace that are not
	since              time.Time
	turn               chan error // told once, of the turn by nil; it has room, so telling never blocks
}

// trunk is who waits for one account of the carrier's. The zero trunk has nobody
// waiting.
type trunk struct {
	timer *time.Timer // runs until its next turn
	lines []*line     // of the workspaces that wait; the first is next. None is empty
}

// line is who waits of one workspace, the next one first.
type line struct {
	workspace string
	waiters   []*waiter
}

// add puts w at the end of its workspace's line, and a workspace that did not
// wait yet behind the others.
func (t *trunk) add(w *waiter) {
	i := t.find(w.workspace)
	if i < 0 {
		t.lines = append(t.lines, &line{w.workspace, []*waiter{w}})
		return
	}
	l := t.lines[i]
	at := len(l.waiters)
	if w.first {
		if others := slices.IndexFunc(l.waiters, func(o *waiter) bool { return !o.first }); others >= 0 {
			at = others
		}
	}
	l.waiters = slices.Insert(l.waiters, at, w)
}

// take takes the one out whose turn it is; its workspace goes behind the others.
// It returns nil if nobody waits.
func (t *trunk) take() *waiter {
	if len(t.lines) == 0 {
		return nil
	}
	l := t.lines[0]
	w := l.waiters[0]
	l.waiters = slices.Delete(l.waiters, 0, 1)
	t.lines = slices.Delete(t.lines, 0, 1)
	if len(l.waiters) > 0 {
		t.lines = append(t.lines, l)
	}
	return w
}

// remove takes w out, wherever it stands, and reports whether it was there.
func (t *trunk) remove(w *waiter) bool {
	i := t.find(w.workspace)
	if i < 0 {
		return false
	}
	l := t.lines[i]
	at := slices.Index(l.waiters, w)
	if at < 0 {
		return false
	}
	l.waiters = slices.Delete(l.waiters, at, at+1)
	if len(l.waiters) == 0 {
		t.lines = slices.Delete(t.lines, i, i+1)
	}
	return true
}

// find returns where the line of a workspace is, -1 if it does not wait.
func (t *trunk) find(workspace string) int {
	return slices.IndexFunc(t.lines, func(l *line) bool { return l.workspace == workspace })
}
