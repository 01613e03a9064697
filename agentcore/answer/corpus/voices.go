package corpus

import (
	"context"
	"fmt"
	"math"

	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/media"
)

// casts are the voices of each part, which share none: kal is kal16 at half the
// rate, one man.
var casts = [...][]string{
	Train: {"slt", "kal16", "kal"},
	Test:  {"rms", "awb"},
}

// paces make each voice several: a pace of 1.08 is a semitone and a third up.
var paces = []float64{.92, .96, 1, 1.04, 1.08}

// voice draws one of the part's.
func (d *dice) voice() Voice { return Voice{one(d, casts[d.part]), one(d, paces)} }

// longestSaid bounds what one step may say: 100 s.
const longestSaid = 100 * media.Rate

// speak is text as v says it, at full length and as loud as the voice is.
func (s *Studio) speak(ctx context.Context, v Voice, text string) ([]int16, error) {
	if v.Pace < .5 || v.Pace > 2 {
		return nil, fmt.Errorf("corpus: no voice has a pace of %v", v.Pace)
	}
	voice, err := s.Voices(v.Name)
	if err != nil {
		return nil, fmt.Errorf("corpus: voice %q: %w", v.Name, err)
	}
	var pcm []int16
	err = voice.Speak(ctx, text, tts.Frames(func(f *media.Frame) error {
		if len(pcm) > longestSaid {
			return fmt.Errorf("corpus: a step of more than %v", at(longestSaid))
		}
		pcm = append(pcm, f[:]...)
		return nil
	}))
	if err != nil {
		return nil, err
	}
	return pace(pcm, v.Pace), nil
}

// How a windowed sinc is kept: so many samples on each side, and so many places
// between two samples. The nearest place is good for 60 dB, more than µ-law holds.
const (
	sincHalf  = 12
	sincSteps = 1024
)

// pace plays pcm that much quicker and higher, by interpolation with a windowed
// sinc. Quicker ones are cut below the new Nyquist frequency by the same.
func pace(pcm []int16, by float64) []int16 {
	if by == 1 {
		return pcm
	}
	table := sincs(min(1, 1/by))
	out := make([]int16, int(float64(len(pcm))/by))
	for i := range out {
		x := float64(i) * by
		n := int(x)
		sum := 0.
		for k := max(0, n-sincHalf+1); k <= min(len(pcm)-1, n+sincHalf); k++ {
			sum += float64(pcm[k]) * table[int(math.Abs(x-float64(k))*sincSteps+.5)]
		}
		out[i] = clamp(sum)
	}
	return out
}

// sincs is one side of a low-pass filter's answer, under a Hann window.
func sincs(cut float64) []float64 {
	table := make([]float64, sincHalf*sincSteps+1)
	table[0] = cut
	for i := 1; i < len(table); i++ {
		y := math.Pi * float64(i) / sincSteps
		table[i] = math.Sin(cut*y) / y * (.5 + .5*math.Cos(y/sincHalf))
	}
	return table
}

func clamp(x float64) int16 {
	return int16(max(math.MinInt16, min(math.MaxInt16, math.Round(x))))
}
