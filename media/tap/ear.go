package tap

import (
	"context"
	"io"
	"sync/atomic"

	"github.com/hookswitch/hookswitch/media"
)

// Held is how many frames an ear holds for who is slow: a second and a half.
const Held = 75

// both is 20 ms of both sides.
type both struct{ caller, agent media.Frame }

// Ear is one listener's: a ring that the tap fills and the listener empties,
// without a lock. A frame that comes when the ring is full is lost, and those
// that wait are kept: only the reader may move what is read, so that the tap
// never has to wait for them.
type Ear struct {
	of     *Tap
	wake   chan struct{} // has room for one
	asleep atomic.Bool   // the reader waits, or is about to
	closed atomic.Bool
	in     atomic.Uint64 // frames put so far
	out    atomic.Uint64 // frames taken so far
	lost   atomic.Int64
	ring   [Held]both
}

// put copies a frame into the ring. Of the tap's goroutine alone.
func (e *Ear) put(caller, agent *media.Frame) {
	in := e.in.Load()
	if in-e.out.Load() == Held {
		e.lost.Add(1)
		return
	}
	b := &e.ring[in%Held]
	b.caller, b.agent = *caller, *agent
	e.in.Store(in + 1)
	if e.asleep.Load() {
		e.rouse()
	}
}

// take copies the oldest frame out of the ring, if there is one. Of the reader's
// goroutine alone.
func (e *Ear) take(caller, agent *media.Frame) bool {
	out := e.out.Load()
	if out == e.in.Load() {
		return false
	}
	b := &e.ring[out%Held]
	*caller, *agent = b.caller, b.agent
	e.out.Store(out + 1)
	return true
}

func (e *Ear) rouse() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// Next waits for the next 20 ms. It fails with [io.EOF] when the tap or the ear
// is closed and all was read, or with ctx's cause. One goroutine at a time calls
// it.
func (e *Ear) Next(ctx context.Context, caller, agent *media.Frame) error {
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		closed := e.closed.Load() // before the ring: what came before the end is read
		if e.take(caller, agent) {
			return nil
		}
		if closed {
			return io.EOF
		}
		e.asleep.Store(true) // before the ring is looked at again: who fills it now knows of us
		if e.in.Load() == e.out.Load() && !e.closed.Load() {
			select {
			case <-e.wake:
			case <-ctx.Done():
			}
		}
		e.asleep.Store(false)
	}
}

// Lost is how many frames came while the ring was full.
func (e *Ear) Lost() int64 { return e.lost.Load() }

// Close ends the listening. It may be called more than once, and from anywhere.
func (e *Ear) Close() {
	e.of.leave(e)
	e.shut()
}

// shut lets the reader know that nothing more comes.
func (e *Ear) shut() {
	e.closed.Store(true)
	e.rouse()
}
