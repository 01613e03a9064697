package vad_test

import (
	"math"
	"math/rand/v2"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/g711"
)

// sound is made of a second or more of samples at 8 kHz.
type sound []float64

// noise is white noise of the given RMS level.
func noise(seconds, dbfs float64) sound {
	rng := rand.New(rand.NewPCG(7, uint64(seconds*1000)))
	s := make(sound, int(seconds*media.Rate))
	for i := range s {
		s[i] = rng.NormFloat64()
	}
	return s.scaled(dbfs)
}

// babble is like speech: syllables four a second, voiced by the harmonics of a
// gliding pitch under two formants, every third one beginning with a hiss, with
// a gap of 60 ms between them. Its RMS level, gaps and all, is as given.
func babble(seconds, dbfs float64) sound {
	rng := rand.New(rand.NewPCG(3, 4))
	s := make(sound, int(seconds*media.Rate))
	phase := 0.0
	for i := range s {
		at := float64(i) / media.Rate
		place := math.Mod(at, 0.25)
		if place > 0.19 {
			continue
		}
		swell := math.Sin(math.Pi * place / 0.19)
		if int(at/0.25)%3 == 2 && place < 0.07 {
			s[i] = 0.2 * swell * rng.NormFloat64()
			continue
		}
		phase += 2 * math.Pi * (130 + 20*math.Sin(at*2)) / media.Rate
		for k := 1.0; k < 25; k++ {
			hz := k * 130
			formants := 1/(1+math.Pow((hz-500)/150, 2)) + 0.5/(1+math.Pow((hz-1500)/200, 2))
			s[i] += swell * formants * math.Sin(k*phase)
		}
	}
	return s.scaled(dbfs)
}

func tone(seconds, hz, dbfs float64) sound {
	s := make(sound, int(seconds*media.Rate))
	for i := range s {
		s[i] = math.Sin(2 * math.Pi * hz * float64(i) / media.Rate)
	}
	return s.scaled(dbfs)
}

func (s sound) scaled(dbfs float64) sound {
	sum := 0.0
	for _, x := range s {
		sum += x * x
	}
	gain := 32768 * math.Pow(10, dbfs/20) / math.Sqrt(sum/float64(len(s)))
	for i := range s {
		s[i] *= gain
	}
	return s
}

// over adds s to a longer background, from the given second on.
func (s sound) over(background sound, seconds float64) sound {
	out := append(sound(nil), background...)
	for i, x := range s {
		out[int(seconds*media.Rate)+i] += x
	}
	return out
}

// frames is the sound as it comes over the line, in µ-law.
func (s sound) frames() []media.Frame {
	out := make([]media.Frame, len(s)/media.FrameSamples)
	for i := range out {
		for j := range out[i] {
			x := math.Round(s[i*media.FrameSamples+j])
			sample := int16(max(math.MinInt16, min(math.MaxInt16, x)))
			out[i][j] = g711.DecodeSample(g711.EncodeSample(sample))
		}
	}
	return out
}
