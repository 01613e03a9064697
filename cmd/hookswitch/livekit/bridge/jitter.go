package bridge

import (
	"github.com/hookswitch/hookswitch/media"
)

// The jitter buffer holds a voice back for as long as its network needs: 60 ms at
// first, 20 ms more each time that sound came too late, up to 200 ms, and 20 ms
// less after ten seconds without. What is more than that is left out where it is
// quiet, or at once when it is 100 ms more. All of it is counted in samples at
// 8 kHz, and the time is that of the calls of pull.
const (
	leastHeld = 3 * media.FrameSamples
	mostHeld  = 10 * media.FrameSamples
	slack     = 3 * media.FrameSamples          // more than the target that is let be
	tooMuch   = mostHeld + 5*media.FrameSamples // is thrown away down to the target
	calmTime  = 10 * media.Rate                 // without a late packet until the target is lowered
	quiet     = 200                             // no sample of a frame that may be left out is louder: -44 dBFS
	mostFades = 5                               // frames made up for lost ones, in a row
	lateFades = 2                               // frames made up for those that may still come
	slots     = 64                              // packets that are kept. A power of two
	maxLength = 1276                            // bytes of a packet: Opus has no longer frame (RFC 6716, 3.2.1)
)

// packet is one that waits for its turn.
type packet struct {
	full   bool
	seq    uint16
	ts     uint32
	sound  int // samples
	length int
	data   [maxLength]byte
}

// jitter brings the packets of one track in order and in time, and fills in for
// those that are lost: what was last said, fading. It belongs to one goroutine at
// a time.
type jitter struct {
	d     decoder
	scale uint32 // ticks of the track's clock in a sample
	ring  *[slots]packet

	began  bool   // a packet came
	played bool   // one was decoded
	next   uint16 // sequence number that is played next
	due    uint32 // timestamp that follows what was played
	count  int    // packets in the ring
	held   int    // samples in the ring
	target int

	dry    bool // we wait until enough is there
	waited int  // for how long
	fades  int  // frames made up since the last real one
	length int  // samples of the last packet
	calm   int  // since a packet came late

	out    [maxSound + media.FrameSamples]int16 // decoded, not yet given out
	filled int
	last   media.Frame // given out last
}

func newJitter(d decoder, clock int) jitter {
	return jitter{d: d, scale: uint32(max(clock/media.Rate, 1)), ring: new([slots]packet), target: leastHeld, dry: true, length: media.FrameSamples}
}

// push takes one packet in, whatever the order. It copies.
func (j *jitter) push(seq uint16, ts uint32, data []byte) {
	if len(data) > maxLength {
		return
	}
	if !j.began {
		j.began, j.next = true, seq
	}
	ahead := int(int16(seq - j.next))
	switch {
	case ahead >= slots || ahead <= -slots: // another stream
		j.forget()
		j.next = seq
	case ahead < 0 && !j.played: // the first two came in the wrong order
		j.next = seq
	case ahead < 0:
		j.late()
		return
	case ahead == 0 && j.played && ts == j.due && (j.fades > 0 || j.dry):
		// It goes on where the last one ended: nobody was silent, it is the network.
		j.late()
	}
	p := &j.ring[seq%slots]
	if p.full {
		return // a second copy
	}
	p.full, p.seq, p.ts, p.sound = true, seq, ts, j.d.length(data)
	p.length = copy(p.data[:], data)
	j.count++
	j.held += p.sound
	if j.held > tooMuch {
		for j.held > j.target {
			j.skip()
		}
	}
}

// pull fills f with the next 20 ms; false when there are none.
func (j *jitter) pull(f *media.Frame) bool {
	if j.calm += media.FrameSamples; j.calm >= calmTime {
		j.calm, j.target = 0, max(j.target-media.FrameSamples, leastHeld)
	}
	if !j.frame(f) {
		return false
	}
	if j.held > j.target+slack && still(f) {
		j.frame(f)
	}
	j.last = *f
	return true
}

// frame takes 20 ms from what is decoded, and has more decoded as needed.
func (j *jitter) frame(f *media.Frame) bool {
	for j.filled < media.FrameSamples && j.fill() {
	}
	if j.filled == 0 {
		return false
	}
	n := copy(f[:], j.out[:j.filled])
	clear(f[n:])
	j.filled = copy(j.out[:], j.out[n:j.filled])
	return true
}

// fill decodes the next packet, or makes something up; false: there is nothing.
func (j *jitter) fill() bool {
	if j.dry {
		if j.count == 0 {
			return false
		}
		if j.waited += media.FrameSamples; j.held < j.target && j.waited < j.target {
			return false
		}
		j.dry, j.waited, j.fades = false, 0, 0
		j.find()
	}
	switch p := &j.ring[j.next%slots]; {
	case p.full:
		j.take(p)
	case j.count == 0 && j.fades >= lateFades:
		j.dry = true
		return false
	case j.count == 0: // it may be late
		j.fade(media.FrameSamples)
	case j.fades >= mostFades:
		j.find()
	default: // later ones are there: it is lost
		j.fade(j.length)
		j.next++
	}
	return true
}

// take decodes p, whose turn it is. What can't be decoded counts as lost.
func (j *jitter) take(p *packet) {
	n, err := j.d.decode(j.out[j.filled:j.filled+maxSound], p.data[:p.length])
	j.played, j.due = true, p.ts+uint32(p.sound)*j.scale
	j.drop(p)
	j.next++
	switch {
	case err == nil && n > 0:
		j.filled += n
		j.fades, j.length = 0, n
	case p.sound > 0:
		j.fade(j.length)
	}
}

// fade makes up n samples, or as many as there is room for: the last frame again,
// each time at half its level.
func (j *jitter) fade(n int) {
	j.fades++
	shift := min(j.fades, 15)
	for n = min(n, maxSound); n > 0; n-- {
		j.out[j.filled] = j.last[j.filled%media.FrameSamples] >> shift
		j.filled++
	}
}

// find goes on with the oldest packet that is there.
func (j *jitter) find() {
	for j.count > 0 && !j.ring[j.next%slots].full {
		j.next++
	}
}

// skip throws the oldest packet away.
func (j *jitter) skip() {
	j.find()
	j.drop(&j.ring[j.next%slots])
	j.next++
}

func (j *jitter) drop(p *packet) {
	p.full = false
	j.count--
	j.held -= p.sound
}

func (j *jitter) forget() {
	for i := range j.ring {
		j.ring[i].full = false
	}
	j.count, j.held, j.waited, j.dry, j.played = 0, 0, 0, true, false
}

// late has sound held back for longer.
func (j *jitter) late() {
	j.calm, j.target = 0, min(j.target+media.FrameSamples, mostHeld)
}

// still tells whether a frame may be left out.
func still(f *media.Frame) bool {
	for _, s := range f {
		if s > quiet || s < -quiet {
			return false
		}
	}
	return true
}
