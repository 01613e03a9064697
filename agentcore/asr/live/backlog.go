package live

import (
	"slices"
	"sync"
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

// perSecond is frames.
const perSecond = int(time.Second / media.FrameDuration)

// second is one of sound, 16 KB.
type second [perSecond]media.Frame

// seconds are shared by all calls: while the network keeps up, each needs one.
var seconds = sync.Pool{New: func() any { return new(second) }}

// atFirst is how many seconds of memory a stream begins with, since nobody gets
// it more before it is connected; then it keeps one in use and one to spare.
const atFirst = 4

// backlog is what the call has said and the network has not yet: frames and
// signals in their order, both bounded. Its memory is there before it is needed,
// so that nothing is allocated while the call runs, unless the network is gone
// for longer than the usual dial takes.
type backlog struct {
	seconds []*second
	spare   []*second
	first   int // the oldest frame, in the first of seconds
	n       int
	taken   uint64 // frames that were taken out

	marks [marks]mark
	head  int // the oldest
	count int
}

func newBacklog() backlog {
	most := int(keep/time.Second) + 1 // and the one that is half read
	b := backlog{seconds: make([]*second, 0, most), spare: make([]*second, 0, most)}
	b.stock(atFirst)
	return b
}

// stock gets memory for so many seconds ahead.
func (b *backlog) stock(ahead int) {
	for len(b.spare) < ahead {
		b.spare = append(b.spare, seconds.Get().(*second))
	}
}

// write keeps a copy of f; false when there is no room.
func (b *backlog) write(f *media.Frame) bool {
	if b.n == int(keep/media.FrameDuration) {
		return false
	}
	if b.first+b.n == len(b.seconds)*perSecond {
		b.stock(1)
		b.seconds = append(b.seconds, b.spared())
	}
	*b.frame(b.n) = *f
	b.n++
	return true
}

// frame is the nth that waits.
func (b *backlog) frame(n int) *media.Frame {
	n += b.first
	return &b.seconds[n/perSecond][n%perSecond]
}

// drop forgets the oldest n frames.
func (b *backlog) drop(n int) {
	b.first, b.n, b.taken = b.first+n, b.n-n, b.taken+uint64(n)
	for len(b.seconds) > 1 && (b.first >= perSecond || b.n == 0) {
		b.spare = append(b.spare, b.seconds[0])
		b.seconds = slices.Delete(b.seconds, 0, 1)
		b.first -= perSecond
	}
	if b.n == 0 {
		b.first = 0 // the same memory again, which is in the cache
	}
	for len(b.spare) > 1 {
		seconds.Put(b.spared())
	}
	b.stock(1)
}

// spared takes one of spare, which forgets it.
func (b *backlog) spared() *second {
	last := len(b.spare) - 1
	s := b.spare[last]
	b.spare = slices.Delete(b.spare, last, last+1)
	return s
}

// free gives all memory back. Nothing may be written any more.
func (b *backlog) free() {
	b.spare = append(b.spare, b.seconds...)
	for b.seconds, b.n = nil, 0; len(b.spare) > 0; {
		seconds.Put(b.spared())
	}
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
	if ready == 0 {
		return 0, mark{}, false
	}
	for i := range ready {
		dst[i] = *b.frame(i)
	}
	b.drop(ready)
	return ready, mark{}, true
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
