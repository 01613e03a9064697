package tone_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/dtmf"
	"github.com/hookswitch/hookswitch/media/g711"
	"github.com/hookswitch/hookswitch/media/tone"
)

// heard is what a detector makes of s, and of a second of silence behind it.
func heard(s []int16) (all []tone.Tone) { return heardIn(tone.Frames(s)) }

func heardIn(frames []media.Frame) (all []tone.Tone) {
	var d tone.Detector
	for _, f := range append(slices.Clone(frames), make([]media.Frame, 50)...) {
		if t, ok := d.Step(&f); ok {
			all = append(all, t)
		}
	}
	return all
}

// overTheLine is s as it comes out of µ-law.
func overTheLine(s []int16) []int16 {
	for i, v := range s {
		s[i] = g711.DecodeSample(g711.EncodeSample(v))
	}
	return s
}

// behind is silence, and s behind it.
func behind(silence time.Duration, s []int16) []int16 { return append(tone.Silence(silence), s...) }

func kinds(tones []tone.Tone) (all []tone.Kind) {
	for _, t := range tones {
		all = append(all, t.Kind)
	}
	return all
}

// aBeep is what is wrong with all as one beep of hz from began to ended, or "".
func aBeep(all []tone.Tone, hz, level float64, began, ended, off time.Duration) string {
	if len(all) != 1 || all[0].Kind != tone.Beep {
		return fmt.Sprintf("heard %v", kinds(all))
	}
	b := all[0]
	switch {
	case math.Abs(b.Hz-hz) > 0.01*hz:
		return fmt.Sprintf("%.1f Hz", b.Hz)
	case math.Abs(b.Level-level) > 1:
		return fmt.Sprintf("%.1f dBFS", b.Level)
	case (b.Began - began).Abs() > off, (b.Ended - ended).Abs() > off:
		return fmt.Sprintf("from %v to %v, was from %v to %v", b.Began, b.Ended, began, ended)
	}
	return ""
}

var (
	pitches = []float64{350, 375, 400, 440, 480, 500, 620, 697, 770, 852, 941, 1000, 1004, 1100, 1209, 1336, 1400, 1477, 1633, 1800, 2000}
	lengths = []time.Duration{80 * ms, 100 * ms, 150 * ms, 200 * ms, 330 * ms, 400 * ms, 500 * ms, 750 * ms, 1000 * ms, 1500 * ms}
	lasting = lengths[3:] // a lost frame is a small part of them
	levels  = []float64{-3, -10, -20, -30, -40}
)

func TestEveryBeepOfTheGridIsHeard(t *testing.T) {
	for i, hz := range pitches {
		for j, length := range lengths {
			for k, level := range levels {
				from := 613*ms + time.Duration(i*7+j*11+k*13)*ms/3
				from -= from % (125 * time.Microsecond)
				s := overTheLine(behind(from, tone.Make(tone.Beep, hz, level, length)))
				if wrong := aBeep(heard(s), hz, level, from, from+length, 5*ms); wrong != "" {
					t.Errorf("%v Hz for %v at %v dBFS: %s", hz, length, level, wrong)
				}
			}
		}
	}
}

func TestBeepsAreHeardInNoise(t *testing.T) {
	missed, all := 0, 0
	for i, hz := range pitches {
		for j, length := range lengths {
			for k, level := range []float64{-10, -25, -40} {
				from := 613*ms + time.Duration(i*7+j*11+k*13)*ms/3
				s := append(behind(from, tone.Make(tone.Beep, hz, level, length)), tone.Silence(time.Second)...)
				tone.AddNoise(s, level-15, uint64(i*100+j*10+k))
				all++
				if wrong := aBeep(heard(overTheLine(s)), hz, level, from, from+length, 15*ms); wrong != "" {
					missed++
					t.Logf("%v Hz for %v at %v dBFS: %s", hz, length, level, wrong)
				}
			}
		}
	}
	if missed*100 > all {
		t.Errorf("%d of %d beeps in noise 15 dB below are missed", missed, all)
	}
}

// Keys within what a receiver has to take are told once each; twisted so far that
// they are no key any more, they are no beep either.
func TestNoKeyIsABeep(t *testing.T) {
	for i := range len(dtmf.Keys) {
		low, high := dtmf.Sines(dtmf.Keys[i])
		for _, length := range lengths {
			for _, twist := range []float64{-9, -3, 0, 2, 6, 9} {
				for _, noise := range []float64{-90, -38} {
					s := behind(503*ms, tone.Sum(tone.Sines(-20, length, low), tone.Sines(-20+twist, length, high), 0))
					tone.AddNoise(s, noise, uint64(i))
					got := kinds(heard(overTheLine(s)))
					if slices.Contains(got, tone.Beep) || twist >= -3 && twist <= 6 && !slices.Equal(got, []tone.Kind{tone.Key}) {
						t.Errorf("key %c for %v, twisted by %v dB, noise at %v dBFS: heard %v", dtmf.Keys[i], length, twist, noise, got)
					}
				}
			}
		}
	}
}

func BenchmarkDetector(b *testing.B) {
	voice := make([]int16, 8000)
	for i := range voice { // a voice of 140 Hz that opens and closes its mouth
		at := float64(i) / media.Rate
		for k := 1.0; k < 24; k++ {
			voice[i] += int16(3000 * math.Sin(2*math.Pi*k*140*at) / (1 + math.Pow((k*140-500-300*math.Sin(2*math.Pi*3*at))/150, 2)))
		}
	}
	tone.AddNoise(voice, -60, 1)
	for _, bb := range []struct {
		name string
		s    []int16
	}{
		{"Silence", tone.Silence(time.Second)},
		{"Speech", voice},
		{"Beep", tone.Make(tone.Beep, 1000, -20, time.Second)},
		{"Key", tone.Make(tone.Key, 0, -20, time.Second)},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			frames := tone.Frames(bb.s)
			var d tone.Detector
			for i := 0; b.Loop(); i++ {
				d.Step(&frames[i%len(frames)])
			}
		})
	}
}
