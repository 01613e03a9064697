package tone

import (
	"math"
	"time"

	"github.com/hookswitch/hookswitch/media"
)

// What makes a frame the piece of one sine.
const (
	softest = -48.0 // dBFS of a sine. Softer, it is as lost as in a line's own noise

	lowest, highest = 300.0, 2200.0 // Hz, of what is looked at: a little more than any tone that is told

	uneven     = 0.1  // of a period, by which periods may differ: noise 15 dB down moves a crossing so far
	unevenness = 1.0  // and this many samples, for where a crossing lies between two is a guess
	pure       = 0.92 // of the energy is in the sine: noise 11 dB down, or a harmonic. A key's louder sine has 0.86
	clippedOff = 0.78 // of the energy of a clipped sine is in its fundamental, at least; a square wave has 0.81
	thirds     = 0.125
	apart      = 150.0 // Hz between sines that a frame tells apart
	fifths     = 0.05  // of the fundamental's energy: what a square wave has in these harmonics, 1/9 and 1/25, and some

	// The slope of two sines: of a key, 4 dB twisted this way or 8 that, and of two of
	// the network, with noise 13 dB down. Most of speech is not between.
	leastKeySlope, mostKeySlope = 0.28, 0.8
	leastPairSlope              = 0.83

	faint, strong = 0.6, 1.5 // of the mean energy that each quarter of the frame has: two sines beat, and speech swells
)

const (
	quarters = 4
	quarter  = media.FrameDuration / quarters
	floor    = 0.5 * fullScale * fullScale * 1.5848931924611107e-05 // softest, as the mean square of a sine
)

// sound is what a frame holds.
type sound struct {
	sum, squares int64             // of all samples
	parts        [quarters]float64 // mean square of each 5 ms
	power        float64           // and of all
	slope        float64           // correlation of neighbouring samples: the cosine of a sine's step, between those of several
	hz           float64           // of the one sine that it is a piece of; 0 if it holds anything else
}

// listen measures f.
func listen(f *media.Frame) (s sound) {
	const n = float64(media.FrameSamples)
	next := s.add(f)
	s.power = float64(s.squares) / n
	if s.quiet() {
		return s
	}
	s.slope = float64(next) / (s.power * (n - 1))
	if !s.even() {
		return s
	}
	if hz := pitch(f, s.power); hz != 0 && single(f, hz, s.power) {
		s.hz = hz
	}
	return s
}

// add goes through f once for all sums that are needed. It returns that of the
// products of neighbouring samples.
func (s *sound) add(f *media.Frame) (next int64) {
	const n = media.FrameSamples / quarters
	before := int64(0)
	for i := range s.parts {
		part := (*[n]int16)(f[i*n:])
		squares := int64(0)
		for k := 0; k <= n-4; k += 4 { // four at a time: half the time of one
			a, b, c, d := int64(part[k]), int64(part[k+1]), int64(part[k+2]), int64(part[k+3])
			s.sum += a + b + c + d
			squares += a*a + b*b + c*c + d*d
			next += before*a + a*b + b*c + c*d
			before = d
		}
		s.parts[i] = float64(squares) / float64(n)
		s.squares += squares
	}
	return next
}

func (s *sound) quiet() bool { return s.power < floor }

// even reports whether the frame is equally loud all through.
func (s *sound) even() bool {
	for _, p := range s.parts {
		if p < faint*s.power || p > strong*s.power {
			return false
		}
	}
	return true
}

// pitch is the frequency at which f crosses zero upwards, 0 if it does so now
// sooner and now later. A crossing counts once the wave was well below zero.
func pitch(f *media.Frame, power float64) float64 {
	deep := int16(-0.42 * math.Sqrt(power)) // 0.3 of a sine's peak
	var first, last, shortest, longest float64
	n := -1 // periods
	below := false
	for i := 1; i < len(f); i++ {
		v := f[i]
		if v < 0 {
			below = below || v < deep
			continue
		}
		if !below {
			continue
		}
		below = false
		before := float64(f[i-1])
		at := float64(i) - float64(v)/(float64(v)-before)
		if n++; n == 0 {
			first, last, shortest = at, at, math.Inf(1)
			continue
		}
		shortest, longest = min(shortest, at-last), max(longest, at-last)
		if longest-shortest > unevenness+uneven*longest {
			return 0 // the mean is no longer: nothing that comes would help
		}
		last = at
	}
	const least = lowest * float64(media.FrameSamples) / media.Rate // periods in a frame
	if float64(n) < least-2 {
		return 0
	}
	period := (last - first) / float64(n)
	if longest-shortest > unevenness+uneven*period {
		return 0
	}
	if hz := media.Rate / period; hz >= lowest && hz <= highest {
		return hz
	}
	return 0
}

// single reports whether a sine of hz is all that f holds, but for some noise and
// for the odd harmonics of one that was clipped.
func single(f *media.Frame, hz, power float64) bool {
	energy := explained(f, hz) / power
	if energy >= pure || energy < clippedOff {
		return energy >= pure
	}
	rest := energy
	for _, h := range [...]struct{ times, share float64 }{{3, thirds}, {5, fifths}} {
		// What is clipped after it was sampled has its harmonics folded back.
		at := math.Abs(math.Mod(h.times*hz+media.Rate/2, media.Rate) - media.Rate/2)
		if at > apart && math.Abs(at-hz) > apart {
			rest += min(h.share*energy, explained(f, at)/power)
		}
	}
	return rest >= pure
}

// explained is the mean square of the sine of hz that fits f best, by Goertzel's
// algorithm and then least squares: a frame is rarely a whole number of periods.
func explained(f *media.Frame, hz float64) float64 {
	const n = float64(media.FrameSamples)
	w := 2 * math.Pi * hz / media.Rate
	sin, cos := math.Sincos(w)
	re, im := spectrum(f, w, sin, cos)
	across := math.Sin(w*n) / sin
	turnSin, turnCos := math.Sincos(w * (n - 1))
	cc, ss, cs := (n+across*turnCos)/2, (n-across*turnCos)/2, across*turnSin/2
	return (re*re*ss - 2*re*im*cs + im*im*cc) / (cc*ss - cs*cs) / n
}

// spectrum is the sum of f[last-m] e^jwm over all of f. Each quarter has a filter
// of its own, so that none waits for another.
func spectrum(f *media.Frame, w, sin, cos float64) (re, im float64) {
	const n = media.FrameSamples / quarters
	k := 2 * cos
	var a1, a2, b1, b2, c1, c2, d1, d2 float64
	for i, v := range (*[n]int16)(f[:]) {
		a1, a2 = (float64(v)-a2)+k*a1, a1
		b1, b2 = (float64(f[n+i])-b2)+k*b1, b1
		c1, c2 = (float64(f[2*n+i])-c2)+k*c1, c1
		d1, d2 = (float64(f[3*n+i])-d2)+k*d1, d1
	}
	turnSin, turnCos := math.Sincos(w * float64(n))
	for _, q := range [quarters][2]float64{{a1, a2}, {b1, b2}, {c1, c2}, {d1, d2}} {
		re, im = re*turnCos-im*turnSin+q[0]-q[1]*cos, re*turnSin+im*turnCos+q[1]*sin
	}
	return re, im
}

// decibels is the level in dBFS of a sine with that mean square.
func decibels(power float64) float64 {
	return 10 * math.Log10(max(1, power)*2/(fullScale*fullScale))
}

// placeOf is a place in the sound, from a number of frames.
func placeOf(frames int64) time.Duration { return time.Duration(frames) * media.FrameDuration }
