package whisper

import (
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/media"
)

const (
	// room is how much sound waits for the stream's goroutine. It is there at
	// once when all is well; a failover writes seconds in one go.
	room = int(10 * time.Second / media.FrameDuration)
	// reserve is for signals alone, which matter more than frames.
	reserve = 64
	// wakeAfter is how much sound is worth waking anyone: 0.5 s.
	wakeAfter = int(500 * time.Millisecond / media.FrameDuration)
)

// heard is a frame of the caller's or, when signal is not 0, what the voice
// detector said at that point.
type heard struct {
	signal asr.Signal
	lost   bool // frames before it were dropped
	frame  media.Frame
}

// ear is the side of a stream that the call's goroutine sees: a queue of fixed
// memory between that one and the stream's own.
type ear struct {
	wake chan struct{}

	mu      sync.Mutex
	queue   [room + reserve]heard
	first   int
	n       int
	frames  int // written since the last wake
	lost    bool
	surplus int // times Ended that had no room
	deaf    bool
}

// write adds a frame; false means that it was dropped.
func (e *ear) write(f *media.Frame) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.deaf {
		return false
	}
	if e.n >= room {
		e.lost = true
		return false
	}
	slot := e.slot()
	slot.signal, slot.frame = 0, *f
	if e.frames++; e.frames >= wakeAfter {
		e.call()
	}
	return true
}

// signal adds a signal. Of those that have no room, only how often it was Ended
// is kept.
func (e *ear) signal(s asr.Signal) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.deaf:
		return
	case e.n < len(e.queue) && e.surplus == 0:
		e.slot().signal = s
	case s == asr.Ended:
		e.surplus++
	}
	e.call()
}

// slot is the next free place.
func (e *ear) slot() *heard {
	h := &e.queue[(e.first+e.n)%len(e.queue)]
	e.n++
	h.lost, e.lost = e.lost, false
	return h
}

func (e *ear) call() {
	e.frames = 0
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// take moves the oldest of what was heard into dst. Once all is taken, surplus
// is how many more times Ended was said, of which the rest is lost.
func (e *ear) take(dst []heard) (n, surplus int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for n < len(dst) && e.n > 0 {
		dst[n] = e.queue[e.first]
		e.first = (e.first + 1) % len(e.queue)
		e.n--
		n++
	}
	if e.n == 0 {
		e.first = 0 // so that a call touches no more memory than it needs
		surplus, e.surplus = e.surplus, 0
	}
	return n, surplus
}

// close makes the ear deaf: what is written now goes nowhere.
func (e *ear) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.deaf = true
}
