package corpus

import (
	"math"
	"math/rand/v2"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/g711"
)

// carry sends sound over the line: noise, gain, clipping, µ-law, lost frames. What
// comes out is a whole number of frames.
func (l Line) carry(sound []float64, d *rand.Rand) []int16 {
	frames := (len(sound) + media.FrameSamples - 1) / media.FrameSamples
	sound = append(sound, make([]float64, frames*media.FrameSamples-len(sound))...)
	l.addNoise(sound, d)
	gain := math.Pow(10, l.Gain/20)
	out := make([]int16, len(sound))
	for i, x := range sound {
		out[i] = g711.DecodeSample(g711.EncodeSample(clamp(x * gain)))
	}
	l.lose(out, d)
	return out
}

// lose spoils frames. The first is never lost, so that there is one to repeat.
func (l Line) lose(out []int16, d *rand.Rand) {
	for i := media.FrameSamples; i < len(out); i += media.FrameSamples {
		if d.Float64() >= l.Lost {
			continue
		}
		frame := out[i : i+media.FrameSamples]
		if l.Concealed {
			copy(frame, out[i-media.FrameSamples:i])
			continue
		}
		clear(frame)
	}
}

func (l Line) addNoise(sound []float64, d *rand.Rand) {
	if l.Noise == "" {
		return
	}
	noise := l.Noise.make(len(sound), d)
	p := power(noise)
	if p == 0 {
		return
	}
	gain := amplitude(l.NoiseAt) / math.Sqrt(p)
	for i, n := range noise {
		if l.Noise == Comfort && sound[i] != 0 {
			continue
		}
		sound[i] += n * gain
	}
}

// make is n samples of noise, of no particular level.
func (k Noise) make(n int, d *rand.Rand) []float64 {
	switch k {
	case Pink:
		return pink(n, d)
	case Babble:
		return babble(n, d)
	}
	out := make([]float64, n)
	for i := range out {
		out[i] = d.NormFloat64()
	}
	return out
}

// pink is noise of 3 dB less an octave: Kellet's sum of three poles.
func pink(n int, d *rand.Rand) []float64 {
	out := make([]float64, n)
	var a, b, c float64
	for i := range out {
		w := d.NormFloat64()
		a = .99765*a + w*.0990460
		b = .96300*b + w*.2965164
		c = .57000*c + w*1.0526913
		out[i] = a + b + c + w*.1848
	}
	return out
}

// talkers is how many there are in babble.
const talkers = 5

// babble is the sound of a room: for each talker noise through two resonances
// where vowels have theirs, swelling three to six times a second.
func babble(n int, d *rand.Rand) []float64 {
	out := make([]float64, n)
	for range talkers {
		low, high := newResonance(300+400*d.Float64(), 120), newResonance(900+1300*d.Float64(), 200)
		rate := 3 + 3*d.Float64()
		swell, phase := 0., 2*math.Pi*d.Float64()
		for i := range out {
			if i%(media.Rate/8) == 0 {
				swell = d.Float64() // of this syllable
			}
			w := d.NormFloat64()
			envelope := swell * (1 + math.Sin(2*math.Pi*rate*float64(i)/media.Rate+phase))
			out[i] += envelope * (low.next(w) + .5*high.next(w))
		}
	}
	return out
}

// resonance is a filter of two poles.
type resonance struct{ a, b, gain, last, before float64 }

func newResonance(hz, width float64) *resonance {
	r := math.Exp(-math.Pi * width / media.Rate)
	return &resonance{a: 2 * r * math.Cos(2*math.Pi*hz/media.Rate), b: -r * r, gain: 1 - r}
}

func (r *resonance) next(x float64) float64 {
	y := r.gain*x + r.a*r.last + r.b*r.before
	r.last, r.before = y, r.last
	return y
}
