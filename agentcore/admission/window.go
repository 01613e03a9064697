package admission

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// Shape of a [Window].
const (
	slots     = 20 // of a window
	finest    = 6  // shorter than 2^6 µs is no time
	octaves   = 21 // up to 2^27 µs, 134 s
	buckets   = octaves*perOctave + 1
	perOctave = 8 // so a bucket is at most an eighth wide
)

// Window is how long things took of late: a histogram of twenty slots, of which
// [Window.Turn] drops the oldest. It is of fixed size. Observe takes a few
// nanoseconds and no memory; all methods may be called from any goroutine. What
// is observed while a slot is dropped may be lost with it. The zero Window is
// empty.
type Window struct {
	now   atomic.Uint32
	slots [slots][buckets]atomic.Uint32
}

// Observe adds one.
func (w *Window) Observe(took time.Duration) {
	w.slots[w.now.Load()%slots][bucket(took)].Add(1)
}

// Turn begins a new slot. One calls it at a steady pace: every 250 ms makes a
// window of five seconds.
func (w *Window) Turn() {
	next := (w.now.Load() + 1) % slots
	for i := range w.slots[next] {
		w.slots[next][i].Store(0)
	}
	w.now.Store(next)
}

// Quantile is the time below which a share q of what was observed took, and how
// many those were. Without any it is 0.
func (w *Window) Quantile(q float64) (took time.Duration, n int) {
	var sum [buckets]uint64
	var all uint64
	for s := range w.slots {
		for i := range w.slots[s] {
			c := uint64(w.slots[s][i].Load())
			sum[i] += c
			all += c
		}
	}
	if all == 0 {
		return 0, 0
	}
	rank, seen := q*float64(all), 0.
	for i, c := range sum {
		if c > 0 && seen+float64(c) >= rank {
			if i == 0 {
				return 0, int(all)
			}
			low, high := edge(i), edge(i+1)
			within := min(1, max(0, (rank-seen)/float64(c)))
			return low + time.Duration(float64(high-low)*within), int(all)
		}
		seen += float64(c)
	}
	return edge(buckets), int(all)
}

// bucket is where a time is counted: eight for each power of two of microseconds.
func bucket(took time.Duration) int {
	us := uint64(max(0, took) / time.Microsecond)
	if us < 1<<finest {
		return 0
	}
	octave := bits.Len64(us) - 1
	i := 1 + (octave-finest)*perOctave + int(us>>(octave-3)&(perOctave-1))
	return min(i, buckets-1)
}

// edge is where bucket i begins.
func edge(i int) time.Duration {
	if i <= 0 {
		return 0
	}
	octave, part := finest+(i-1)/perOctave, (i-1)%perOctave
	return time.Duration((perOctave+part)<<octave/perOctave) * time.Microsecond
}
