package bench

import (
	"encoding/base64"
	"math/rand/v2"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/g711"
)

// speech is n frames that an energy detector takes for a voice: bursts of noise
// with gaps, like syllables. It is always the same for a seed.
func speech(n int, seed uint64) []media.Frame {
	rng := rand.New(rand.NewPCG(seed, 1))
	frames := make([]media.Frame, n)
	for i := range frames {
		loud := 3000.0
		if i%12 >= 10 { // 40 ms between syllables
			loud = 15
		}
		for j := range frames[i] {
			frames[i][j] = int16(loud * rng.NormFloat64())
		}
	}
	return frames
}

// line is one frame as it travels.
type line struct {
	ulaw [media.FrameSamples]byte
	text []byte // base64 of it
}

// lineOf encodes f twice: µ-law has two zeros, and only one of them comes back
// from a gateway that works on samples.
func lineOf(f *media.Frame) line {
	var l line
	var heard media.Frame
	g711.Decode(&heard, g711.Encode(l.ulaw[:0], f)) // 160 bytes are a frame: no error
	g711.Encode(l.ulaw[:0], &heard)
	l.text = base64.StdEncoding.AppendEncode(nil, l.ulaw[:])
	return l
}

// A caller repeats itself every eight seconds: a question, the agent's answer,
// and every fourth time something said into that answer.
const (
	cycle     = 400 // frames
	talkFrom  = 0
	talkTo    = 58 // 1.16 s, to the end of a syllable
	bargeFrom = 150
	bargeTo   = 175 // 0.5 s
	bargeIn   = 4   // one cycle of so many
)

// caller is what the far end says.
type caller struct {
	voice   []line
	silence []line
}

func newCaller() *caller {
	c := &caller{}
	for _, f := range speech(cycle, 1) {
		c.voice = append(c.voice, lineOf(&f))
	}
	rng := rand.New(rand.NewPCG(1, 9))
	for range 50 { // a quiet line: noise of the last bits
		var f media.Frame
		for j := range f {
			f[j] = int16(8 * rng.NormFloat64())
		}
		c.silence = append(c.silence, lineOf(&f))
	}
	return c
}

// line returns what is said in frame k.
func (c *caller) line(k int) *line {
	if speaks(k) {
		return &c.voice[k%cycle]
	}
	return &c.silence[k%len(c.silence)]
}

// speaks reports whether frame k has voice.
func speaks(k int) bool {
	at := k % cycle
	return at >= talkFrom && at < talkTo || barges(k)
}

// barges reports whether frame k is said into the agent's answer.
func barges(k int) bool {
	at := k % cycle
	return k/cycle%bargeIn == bargeIn-1 && at >= bargeFrom && at < bargeTo
}
