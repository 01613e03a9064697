package dtmf

import (
	"math"

	"github.com/hookswitch/hookswitch/media"
)

// Thresholds of the detector, as powers. Q.24 leaves them to whoever receives:
// these are the ones that public switches live with.
const (
	blockSamples = 102  // 12.75 ms: two of them are in any tone of 40 ms
	least        = 2e-5 // of a full-scale sine's power: -44 dBm0 each
	twist        = 6.3  // high over low: 8 dB
	reverseTwist = 2.5  // low over high: 4 dB
	apart        = 6.3  // over every other of its group: 8 dB
	pure         = 0.84 // of a block's power is in the two; speech has it all over the place
	hits         = 2    // blocks in a row that begin a key
	misses       = 2    // blocks in a row that end it
)

// Detector hears keys in a stream of frames: every block of samples is compared
// with the eight sines. It allocates nothing. The zero Detector is ready to use.
type Detector struct {
	samples [blockSamples]int16 // of the block so far
	n       int                 // how many

	now   byte // the key that is down, 0 if none is
	last  byte // of the last block
	count int  // of blocks in a row that were like it
}

// waves are four sines over the later half of a block, counted from its middle: of
// each sample there first the cosines, then the sines.
type waves [blockSamples / 2][8]float32

var rowWaves, columnWaves = wavesOf(rows), wavesOf(columns)

func wavesOf(hz [4]float64) (w waves) {
	for i := range w {
		for k := range hz {
			sin, cos := math.Sincos(2 * math.Pi * hz[k] / media.Rate * (float64(i) + 0.5))
			w[i][k], w[i][4+k] = float32(cos), float32(sin)
		}
	}
	return w
}

// Step hears 20 ms and returns the key that has begun, 0 if none has.
func (d *Detector) Step(f *media.Frame) (key byte) {
	for rest := f[:]; len(rest) > 0; {
		n := copy(d.samples[d.n:], rest)
		rest = rest[n:]
		if d.n += n; d.n < blockSamples {
			break
		}
		d.n = 0
		if began := d.judge(d.block()); began != 0 {
			key = began
		}
	}
	return key
}

// judge takes what a block sounded like, and returns a key that it makes sure of.
func (d *Detector) judge(heard byte) (began byte) {
	if heard != d.last {
		d.last, d.count = heard, 0
	}
	d.count++
	switch {
	case heard == d.now:
	case heard == 0 && d.count >= misses:
		d.now = 0
	case heard != 0 && d.count >= hits:
		d.now = heard
		return heard
	}
	return 0
}

// block is the key that the block sounds like, 0 for none. Most sounds are none by
// their rows, and their columns are not looked at.
func (d *Detector) block() byte {
	// A sine of amplitude A has the power (A n/2)² here.
	const floor = least * (fullScale * blockSamples / 2) * (fullScale * blockSamples / 2)
	h := fold(&d.samples)
	p := h.powers(&rowWaves)
	row, alone := loudest(p[:])
	low := p[row]
	if !alone || low < floor || low*(1+twist) < pure*h.power*blockSamples/2 {
		return 0
	}
	p = h.powers(&columnWaves)
	column, alone := loudest(p[:])
	high := p[column]
	switch {
	case !alone, high < floor, high > low*twist, low > high*reverseTwist,
		low+high < pure*h.power*blockSamples/2:
		return 0
	}
	return Keys[4*row+column]
}

// halves are a block about its middle: what is alike on both sides goes with
// cosines only, and the rest with sines.
type halves struct {
	even, odd [blockSamples / 2]float32
	power     float64 // sum of the block's squares
}

func fold(block *[blockSamples]int16) (h halves) {
	const n = blockSamples / 2
	squares := int64(0)
	for i := range h.even {
		a, b := int32(block[n+i]), int32(block[n-1-i])
		h.even[i], h.odd[i] = float32(a+b), float32(a-b)
		squares += int64(a)*int64(a) + int64(b)*int64(b)
	}
	h.power = float64(squares)
	return h
}

// powers are the squares of what the block has of each wave. Four at a time fit in
// the registers, and none waits for another.
func (h *halves) powers(w *waves) (p [4]float64) {
	var c0, c1, c2, c3, s0, s1, s2, s3 float32
	for i := range w {
		v, even, odd := &w[i], h.even[i], h.odd[i]
		c0 += even * v[0]
		c1 += even * v[1]
		c2 += even * v[2]
		c3 += even * v[3]
		s0 += odd * v[4]
		s1 += odd * v[5]
		s2 += odd * v[6]
		s3 += odd * v[7]
	}
	return [4]float64{square(c0, s0), square(c1, s1), square(c2, s2), square(c3, s3)}
}

func square(re, im float32) float64 { return float64(re)*float64(re) + float64(im)*float64(im) }

// loudest is the place of the greatest of four powers, and whether it stands out.
func loudest(p []float64) (at int, alone bool) {
	for i := range p {
		if p[i] > p[at] {
			at = i
		}
	}
	for i := range p {
		if i != at && p[i]*apart > p[at] {
			return at, false
		}
	}
	return at, true
}
