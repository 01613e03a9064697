package tone

import (
	"math"
	"time"

	"github.com/hookswitch/hookswitch/media"
)

const (
	slow       = 4    // samples of the line for one of those in which pairs are looked for
	windowSize = 3    // frames in which they are: 60 ms tell sines apart that are 17 Hz apart
	pairShare  = 0.75 // of all energy is in the two: noise 10 dB down, and a sine that is 1 % off
	weakShare  = 0.15 // of it in the weaker one
	pairMisses = 3    // windows or silent frames in a row that end a pair; one or two may be lost
	taps       = 8    // of the low-pass: moving averages of 4 and of 5 samples. What would fold back on lows, from 1380 Hz on, is 24 dB down
	tapsSum    = 20.0 // of their weights
	slowRate   = media.Rate / slow
)

// lows are the sines of call progress tones, in Hz (ITU-T E.180).
var lows = [...]float64{350, 400, 440, 450, 480, 620}

// pairs are two of lows each, what they mean, and after how many windows it is
// said. A tone of 250 ms has three whole ones.
var pairs = [...]struct {
	low, high int
	kind      Kind
	windows   int
}{
	{2, 4, Ringback, 4}, // North America
	{1, 3, Ringback, 4}, // Britain
	{4, 5, Busy, 3},     // North America
	{0, 2, Dial, 10},    // North America; long enough to be no melody
}

// slowCoefficients are 2 cos(w) at the slow rate, and what a mean square is
// divided by for what the low-pass takes of it.
var slowCoefficients, slowLoss = func() (k, loss [len(lows)]float64) {
	for i, hz := range lows {
		k[i] = 2 * math.Cos(2*math.Pi*hz/slowRate)
		w := math.Pi * hz / media.Rate
		gain := math.Sin(4*w) / (4 * math.Sin(w)) * math.Sin(5*w) / (5 * math.Sin(w))
		loss[i] = gain * gain
	}
	return k, loss
}()

// couple hears two sines at a time.
type couple struct {
	tail   [taps - slow]int16 // of the frame before
	s1, s2 [len(lows)]float64
	power  float64 // mean square of the window so far
	frames int     // of it

	at     int // which of pairs goes on, plus 1
	began  time.Duration
	count  int // windows of it
	misses int
	told   bool
}

// sounds reports whether two sines have been heard just now.
func (c *couple) sounds() bool { return c.at != 0 }

// hear takes the next frame, which begins at now. It reports what begins to be sure.
func (c *couple) hear(f *media.Frame, s *sound, now time.Duration) (Tone, bool) {
	if s.quiet() || s.hz != 0 || s.slope < leastPairSlope {
		if c.frames != 0 || c.at != 0 {
			c.restart()
			c.miss()
		}
		copy(c.tail[:], f[len(f)-len(c.tail):])
		return Tone{}, false
	}
	c.filter(f)
	c.power += s.power / windowSize
	if c.frames++; c.frames < windowSize {
		return Tone{}, false
	}
	at, power := c.window()
	c.restart()
	if at == 0 || c.at != 0 && at != c.at {
		c.miss()
		return Tone{}, false
	}
	if c.at == 0 {
		*c = couple{tail: c.tail, at: at, began: now + media.FrameDuration - placeOf(windowSize)}
	}
	c.misses = 0
	c.count++
	p := pairs[at-1]
	if c.told || c.count < p.windows {
		return Tone{}, false
	}
	c.told = true
	return Tone{Kind: p.kind, Hz: lows[p.low], Level: decibels(power / 2), Began: c.began}, true
}

func (c *couple) miss() {
	if c.misses++; c.misses >= pairMisses {
		c.at, c.count, c.misses, c.told = 0, 0, 0, false
	}
}

// restart begins another window.
func (c *couple) restart() {
	c.s1, c.s2, c.power, c.frames = [len(lows)]float64{}, [len(lows)]float64{}, 0, 0
}

// filter takes a frame at the slow rate into Goertzel's filters.
func (c *couple) filter(f *media.Frame) {
	var line [taps - slow + media.FrameSamples]int16
	copy(line[copy(line[:], c.tail[:]):], f[:])
	copy(c.tail[:], f[len(f)-len(c.tail):])
	var x [media.FrameSamples / slow]float64
	for i := range x {
		l := (*[taps]int16)(line[i*slow : i*slow+taps])
		x[i] = float64(int32(l[0])+int32(l[7])+2*(int32(l[1])+int32(l[6]))+3*(int32(l[2])+int32(l[5]))+4*(int32(l[3])+int32(l[4]))) * (1 / tapsSum)
	}
	for i := 0; i <= len(lows)-3; i += 3 { // three at a time: one waits while the others are reckoned
		k, l, m := slowCoefficients[i], slowCoefficients[i+1], slowCoefficients[i+2]
		a1, b1, c1 := c.s1[i], c.s1[i+1], c.s1[i+2]
		a2, b2, c2 := c.s2[i], c.s2[i+1], c.s2[i+2]
		for _, v := range x {
			a1, a2 = (v-a2)+k*a1, a1
			b1, b2 = (v-b2)+l*b1, b1
			c1, c2 = (v-c2)+m*c1, c1
		}
		c.s1[i], c.s1[i+1], c.s1[i+2] = a1, b1, c1
		c.s2[i], c.s2[i+1], c.s2[i+2] = a2, b2, c2
	}
}

// window is which of pairs, plus 1, the window holds, and how strong both are.
func (c *couple) window() (at int, power float64) {
	const n = float64(windowSize * media.FrameSamples / slow)
	var p [len(lows)]float64
	for i, k := range slowCoefficients {
		p[i] = (c.s1[i]*c.s1[i] + c.s2[i]*c.s2[i] - k*c.s1[i]*c.s2[i]) * 2 / (n * n) / slowLoss[i]
	}
	for i, pair := range pairs {
		a, b := p[pair.low], p[pair.high]
		if min(a, b) > weakShare*c.power && a+b > pairShare*c.power && a+b > power {
			at, power = i+1, a+b
		}
	}
	return at, power
}
