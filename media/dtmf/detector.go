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

// Detector hears keys in a stream of frames by the Goertzel algorithm. It
// allocates nothing. The zero Detector is ready to use.
type Detector struct {
	s1, s2 [8]float64 // states of the filters: rows, then columns
	power  float64    // of the block so far
	n      int        // samples of it

	now   byte // the key that is down, 0 if none is
	last  byte // of the last block
	count int  // of blocks in a row that were like it
}

// coefficients of the filters: 2 cos(w).
var coefficients = func() (k [8]float64) {
	for i := range 4 {
		k[i] = 2 * math.Cos(2*math.Pi*rows[i]/media.Rate)
		k[i+4] = 2 * math.Cos(2*math.Pi*columns[i]/media.Rate)
	}
	return k
}()

// Step hears 20 ms and returns the key that has begun, 0 if none has.
func (d *Detector) Step(f *media.Frame) (key byte) {
	for rest := f[:]; len(rest) > 0; {
		part := rest[:min(len(rest), blockSamples-d.n)]
		rest = rest[len(part):]
		d.filter(part)
		if d.n == blockSamples {
			if began := d.judge(d.block()); began != 0 {
				key = began
			}
			d.s1, d.s2, d.power, d.n = [8]float64{}, [8]float64{}, 0, 0
		}
	}
	return key
}

// filter takes some samples of a block, four filters at a time: so many fit in
// the registers, and none waits for another.
func (d *Detector) filter(samples []int16) {
	sum := int64(0)
	for _, s := range samples {
		sum += int64(s) * int64(s)
	}
	d.power += float64(sum)
	d.n += len(samples)
	for i := 0; i < len(coefficients); i += 4 {
		k := (*[4]float64)(coefficients[i:])
		s1, s2 := (*[4]float64)(d.s1[i:]), (*[4]float64)(d.s2[i:])
		k0, k1, k2, k3 := k[0], k[1], k[2], k[3]
		a0, a1, a2, a3 := s1[0], s1[1], s1[2], s1[3]
		b0, b1, b2, b3 := s2[0], s2[1], s2[2], s2[3]
		for _, s := range samples {
			x := float64(s)
			a0, b0 = (x-b0)+k0*a0, a0
			a1, b1 = (x-b1)+k1*a1, a1
			a2, b2 = (x-b2)+k2*a2, a2
			a3, b3 = (x-b3)+k3*a3, a3
		}
		*s1, *s2 = [4]float64{a0, a1, a2, a3}, [4]float64{b0, b1, b2, b3}
	}
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

// block is the key that the block sounds like, 0 for none.
func (d *Detector) block() byte {
	var p [8]float64
	for i, k := range coefficients {
		p[i] = d.s1[i]*d.s1[i] + d.s2[i]*d.s2[i] - k*d.s1[i]*d.s2[i]
	}
	row, rowAlone := loudest(p[:4])
	column, columnAlone := loudest(p[4:])
	low, high := p[row], p[4+column]
	// A sine of amplitude A has the power (A n/2)² in its filter.
	const floor = least * (fullScale * blockSamples / 2) * (fullScale * blockSamples / 2)
	switch {
	case low < floor, high < floor, !rowAlone, !columnAlone,
		high > low*twist, low > high*reverseTwist,
		low+high < pure*d.power*blockSamples/2:
		return 0
	}
	return Keys[4*row+column]
}

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
