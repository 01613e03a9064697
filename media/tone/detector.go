package tone

import (
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/dtmf"
)

// Detector hears tones in a stream of frames. It allocates nothing. The zero
// Detector is ready to use; one goroutine uses it.
//
// Each frame by itself is, or is not, a piece of one sine: frames that were lost,
// or said twice, spoil no others. A burst of such frames is judged when it is
// over, two or three frames behind its edge, by what stands in meaning.go. Pairs
// of sines are looked for apart (pair.go), and keys.
type Detector struct {
	frames int64                 // heard so far
	before [2 * quarters]float64 // energy of the frames before, the newest first
	newest sound                 // what the last one holds
	burst  burst
	memory memory
	around around
	pair   couple
	keys   dtmf.Detector
	deaf   bool // keys is new

	waiting [4]Tone // to be told
	n       int     // of them
}

// Step hears 20 ms and returns a tone, if there is one to tell of. What else is
// to be told waits for the next frame.
func (d *Detector) Step(f *media.Frame) (Tone, bool) {
	now := placeOf(d.frames)
	d.frames++
	s := &d.newest
	*s = listen(f)
	if t, ok := d.pair.hear(f, s, now); ok {
		d.tell(t)
	}
	d.hearKeys(f, s, now)
	d.follow(s, now)
	if s.hz == 0 && d.burst.frames == 0 {
		d.around.hear(s.power)
	}
	if t, ok := d.memory.late(now, &d.burst); ok {
		d.tell(t)
	}
	d.remember(s)
	return d.next()
}

// Sounding reports whether the frame heard last belonged to a tone: to one sine,
// or to two of the network. It is nobody's voice, or hardly ever.
func (d *Detector) Sounding() bool { return d.newest.hz != 0 || d.pair.sounds() }

// Sums are those of the samples of the frame heard last, and of their squares: who
// needs its level, too, need not go through it again.
func (d *Detector) Sums() (samples, squares int64) { return d.newest.sum, d.newest.squares }

func (d *Detector) remember(s *sound) {
	copy(d.before[quarters:], d.before[:quarters])
	for i, p := range s.parts {
		d.before[quarters-1-i] = p
	}
}

// hearKeys looks for keys where they may be, for that takes as long as all the rest.
func (d *Detector) hearKeys(f *media.Frame, s *sound, now time.Duration) {
	if s.quiet() || s.hz != 0 || s.slope < leastKeySlope || s.slope > mostKeySlope {
		if !d.deaf {
			d.keys, d.deaf = dtmf.Detector{}, true
		}
		return
	}
	d.deaf = false
	if key := d.keys.Step(f); key != 0 {
		_, high := dtmf.Sines(key)
		d.burst.keyed = true
		d.tell(Tone{Kind: Key, Hz: high, Level: decibels(s.power / 2), Began: now})
	}
}

// follow takes the frame at now into the burst that goes on.
func (d *Detector) follow(s *sound, now time.Duration) {
	b := &d.burst
	switch {
	case s.hz == 0 && b.frames == 0:
		return
	case b.frames > 0 && (s.hz == 0 || b.like(s) && !b.fits(s)):
		if b.miss(s, d.before[0], now) {
			d.over()
		}
		return
	case b.frames > 0 && b.fits(s):
		b.goOn(s, now)
	default:
		if b.frames > 0 {
			b.followed = true
			d.over()
		}
		*b = begin(s, &d.before, now)
		b.spoken = d.around.voices()
	}
	b.keyed = b.keyed || d.pair.sounds()
	if kind := b.steady(); kind != 0 && !b.told {
		b.told = true
		t := b.tone(kind)
		t.Ended = 0
		d.tell(t)
	}
}

// over judges the burst, which has ended.
func (d *Detector) over() {
	if t, ok := d.memory.judge(&d.burst); ok {
		d.tell(t)
	}
	d.burst = burst{}
}

// tell keeps t until Step can return it. It never keeps many: a frame ends one
// burst at most.
func (d *Detector) tell(t Tone) {
	if d.n < len(d.waiting) {
		d.waiting[d.n] = t
		d.n++
	}
}

func (d *Detector) next() (t Tone, ok bool) {
	if d.n == 0 {
		return Tone{}, false
	}
	t = d.waiting[0]
	d.n--
	copy(d.waiting[:], d.waiting[1:])
	return t, true
}
