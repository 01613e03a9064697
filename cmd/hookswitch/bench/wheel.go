package bench

import (
	"runtime"
	"sync/atomic"
	"time"

	"github.com/hookswitch/hookswitch/media"
)

// wheel turns once in 20 ms and passes each call at its own moment, or so many of
// them at one moment. One thread does it for all: a ticker for each call is later
// and dearer.
type wheel struct {
	burst int
	slots []atomic.Pointer[farEnd]
	stop  atomic.Bool
	late  *histogram // how late the wheel itself was
	done  chan struct{}
}

func newWheel(calls, burst int) *wheel {
	return &wheel{burst: max(1, burst), slots: make([]atomic.Pointer[farEnd], calls), late: &histogram{}, done: make(chan struct{})}
}

// soon is what is not worth sleeping for.
const soon = 100 * time.Microsecond

// run turns until it is stopped. A wheel that was held up catches up.
func (w *wheel) run(m *meter) {
	defer close(w.done)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	began := time.Now()
	step := media.FrameDuration / time.Duration(len(w.slots))
	for turn := time.Duration(0); ; turn += media.FrameDuration {
		for i := range w.slots {
			due := began.Add(turn + time.Duration(i/w.burst*w.burst)*step)
			now := time.Now()
			for wait := due.Sub(now); wait > soon; wait = due.Sub(now) {
				sleep(wait)
				now = time.Now()
			}
			if w.stop.Load() {
				return
			}
			if call := w.slots[i].Load(); call != nil {
				if m.counts(now) {
					w.late.add(now.Sub(due))
				}
				call.tick(now)
			}
		}
	}
}

func (w *wheel) end() {
	w.stop.Store(true)
	<-w.done
}

// meter gathers what is measured, of what falls into the window.
type meter struct {
	from, to atomic.Int64 // Unix ns; nothing counts before they are set

	late   histogram // of frames; see farEnd
	answer histogram // from the end of the endpoint's wait to the first sample of an answer
	cut    histogram // from the first sample said into an answer to the clear
	frames atomic.Int64
}

func (m *meter) begin() { m.to.Store(1 << 62); m.from.Store(time.Now().UnixNano()) }
func (m *meter) end()   { m.to.Store(time.Now().UnixNano()) }
func (m *meter) counts(t time.Time) bool {
	ns, from := t.UnixNano(), m.from.Load()
	return from != 0 && ns >= from && ns < m.to.Load()
}
