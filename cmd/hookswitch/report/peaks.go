package report

import (
	"fmt"

	"github.com/hookswitch/hookswitch/media/wav"
)

// peaks are the loudest samples of each 20 ms of both sides, 0 to 1 of the
// loudest of the side.
type peaks struct{ caller, agent []float64 }

const peakMS = 20

// newPeaks reads a recording. No recording has no peaks.
func newPeaks(file []byte) (peaks, error) {
	if len(file) == 0 {
		return peaks{}, nil
	}
	a, err := wav.Parse(file)
	if err != nil {
		return peaks{}, err
	}
	if a.Channels != 2 || a.Rate < 1000/peakMS {
		return peaks{}, fmt.Errorf("%d channels of %d Hz, not two of a call", a.Channels, a.Rate)
	}
	each := a.Rate * peakMS / 1000
	return peaks{sides(a.Samples, 0, each), sides(a.Samples, 1, each)}, nil
}

// sides finds the peaks of one channel of stereo samples.
func sides(samples []int16, channel, each int) []float64 {
	out := make([]float64, 0, len(samples)/2/each+1)
	loudest := 1024.0 // what is softer than this is drawn soft
	for i := channel; i < len(samples); i += 2 * each {
		peak := 0
		for j := i; j < min(i+2*each, len(samples)); j += 2 {
			peak = max(peak, int(samples[j]), -int(samples[j]))
		}
		out = append(out, float64(peak))
		loudest = max(loudest, float64(peak))
	}
	for i := range out {
		out[i] /= loudest
	}
	return out
}

func (p peaks) lasted() int64 { return int64(len(p.caller)) * peakMS }

// between is the loudest of side from ms to ms.
func between(side []float64, from, to int64) float64 {
	loudest := 0.0
	for i := max(from/peakMS, 0); i < int64(len(side)) && i*peakMS < to; i++ {
		loudest = max(loudest, side[i])
	}
	return loudest
}
