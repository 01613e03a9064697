package live

import (
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/media"
)

const (
	keep  = 10 * time.Second // audio that waits for the network
	marks = 128              // signals that wait with it
)

// mark is a signal between two frames.
type mark struct {
	signal asr.Signal
	at     uint64    // frames that must go before it, from the first that was kept
	when   time.Time // it was given
	times  int       // Ended: how often
}

// backlog is what the call has said and the network has not yet: frames and
// signals in their order, both bounded. The memory is made at once, so that
// nothing is allocated while the call runs; of the frames' only as much is
// touched as ever waits.
type backlog struct {
	frames []media.Frame
	first  int // the oldest
	n      int
	taken  uint64 // frames that were taken out

	marks [marks]mark
	head  int // the oldest
	count int
}

func newBacklog() backlog { return backlog{frames: make([]media.Frame, keep/media.FrameDuration)} }

// write keeps a copy of f; false when there is no room.
func (b *backlog) write(f *media.Frame) bool {
	if b.n == len(b.frames) {
		return false
	}
	b.frames[(b.first+b.n)%len(b.frames)] = *f
	b.n++
	return true
}

// signal keeps sig; behind says that it waits for the frames before it. Without
// room only an end counts, which is owed a result: it
// joins the newest mark if that is one too, and else takes its place.
func (b *backlog) signal(sig asr.Signal, behind bool, now time.Time) {
	m := mark{signal: sig, when: now, times: 1}
	if behind {
		m.at = b.taken + uint64(b.n)
	}
	if b.count < marks {
		b.marks[(b.head+b.count)%marks] = m
		b.count++
		return
	}
	if sig != asr.Ended {
		return
	}
	last := &b.marks[(b.head+b.count-1)%marks]
	if last.signal == asr.Ended {
		m.times += last.times
	}
	*last = m
}

// next moves frames into dst, or else gives the signal that is due. Frames are
// moved once dst can be filled, or when a signal comes behind them.
func (b *backlog) next(dst []media.Frame) (n int, m mark, ok bool) {
	ready := min(len(dst), b.n)
	if b.count > 0 {
		m = b.marks[b.head]
		if m.at <= b.taken {
			b.head = (b.head + 1) % marks
			b.count--
			return 0, m, true
		}
		ready = min(ready, int(m.at-b.taken))
	} else if ready < len(dst) {
		return 0, mark{}, false
	}
	for i := range ready {
		dst[i] = b.frames[(b.first+i)%len(b.frames)]
	}
	b.first, b.n = (b.first+ready)%len(b.frames), b.n-ready
	b.taken += uint64(ready)
	if b.n == 0 {
		b.first = 0 // the same memory again, which is in the cache
	}
	return ready, mark{}, ready > 0
}

// empty reports whether nothing waits that is worth to be sent.
func (b *backlog) empty(lump int) bool { return b.count == 0 && b.n < lump }

// ends is how many Ended wait.
func (b *backlog) ends() (n int) {
	for i := range b.count {
		if m := b.marks[(b.head+i)%marks]; m.signal == asr.Ended {
			n += m.times
		}
	}
	return n
}
