package moonshine

import (
	"time"

	"github.com/hookswitch/hookswitch/media"
)

const (
	// lead is kept of what came before speech began: a detector is sure only
	// some time after the first sound.
	lead = 500 * time.Millisecond
	// longest is the most that the network can take at once.
	longest = 30 * time.Second
	// seam is the last part of a take that is full: it is cut at the most
	// quiet moment in there.
	seam = 3 * time.Second
)

func samples(d time.Duration) int { return int(d * media.Rate / time.Second) }

// take is the sound of one utterance, or of 30 s of a longer one. Its memory is
// of fixed size, and only what is used of it is ever touched.
type take struct {
	pcm []int16 // what there is; appending never moves it
}

func newTake() *take { return &take{pcm: make([]int16, 0, samples(longest))} }

func (t *take) full() bool { return len(t.pcm)+media.FrameSamples > cap(t.pcm) }

// cut is the place, in the last seconds, where a cut hurts least.
func (t *take) cut() int {
	const width = 5 * media.FrameSamples
	best, at := -1., len(t.pcm)
	for i := max(0, len(t.pcm)-samples(seam)); i+width <= len(t.pcm); i += media.FrameSamples {
		if r := rms(t.pcm[i : i+width]); best < 0 || r < best {
			best, at = r, i+width/2
		}
	}
	return at
}

// ring is the latest half second.
type ring struct {
	pcm  [int(lead / media.FrameDuration)]media.Frame
	next int
	n    int
}

func (r *ring) write(f *media.Frame) {
	r.pcm[r.next] = *f
	r.next = (r.next + 1) % len(r.pcm)
	r.n = min(r.n+1, len(r.pcm))
}

// drain moves what it holds, oldest first, into t.
func (r *ring) drain(t *take) {
	for i := range r.n {
		t.pcm = append(t.pcm, r.pcm[(r.next-r.n+i+len(r.pcm))%len(r.pcm)][:]...)
	}
	r.next, r.n = 0, 0
}
