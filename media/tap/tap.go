// Package tap lets others listen to a call: both sides, frame by frame, without
// the call noticing. Who does not read in time loses frames, never the call.
package tap

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/hookswitch/hookswitch/media"
)

// Tap is where both sides of a call pass by. The zero Tap is ready.
type Tap struct {
	ears atomic.Pointer[[]*Ear] // never changed, only replaced; nil: nobody listens

	mu     sync.Mutex
	closed bool
}

// Record gives 20 ms of both sides to whoever listens. It copies, never blocks,
// and costs next to nothing when nobody does. One goroutine at a time calls it.
func (t *Tap) Record(caller, agent *media.Frame) {
	ears := t.ears.Load()
	if ears == nil {
		return
	}
	for _, e := range *ears {
		e.put(caller, agent)
	}
}

// Listen begins to listen. The ear holds a second and a half of sound for who is
// slow. One of a closed tap is at its end.
func (t *Tap) Listen() *Ear {
	e := &Ear{of: t, wake: make(chan struct{}, 1)}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		e.shut()
		return e
	}
	t.change(func(ears []*Ear) []*Ear { return append(ears, e) })
	return e
}

// Close ends all ears, and whatever listens from now on.
func (t *Tap) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	t.change(func(ears []*Ear) []*Ear {
		for _, e := range ears {
			e.shut()
		}
		return nil
	})
}

// leave takes e away from those who listen.
func (t *Tap) leave(e *Ear) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.change(func(ears []*Ear) []*Ear {
		return slices.DeleteFunc(ears, func(other *Ear) bool { return other == e })
	})
}

// change replaces the list of who listens by what becomes of a copy of it; t.mu
// is held. An empty list is none: that is what makes a tap without ears cheap.
func (t *Tap) change(to func(ears []*Ear) []*Ear) {
	var now []*Ear
	if ears := t.ears.Load(); ears != nil {
		now = slices.Clone(*ears)
	}
	if now = to(now); len(now) == 0 {
		t.ears.Store(nil)
		return
	}
	t.ears.Store(&now)
}
