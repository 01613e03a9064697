package vad_test

import (
	"math"
	"testing"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/vad"
)

func TestLevelIsInDecibelOfFullScale(t *testing.T) {
	var square, offset, bit media.Frame
	for i := range square {
		square[i] = math.MaxInt16
		if i%2 == 1 {
			square[i] = math.MinInt16
		}
		offset[i] = 20000
		bit[i] = int16(i % 2)
	}
	sine := tone(1, 400, -20).frames()[0]
	for _, c := range []struct {
		name  string
		frame *media.Frame
		want  float32
	}{
		{"full-scale square wave", &square, 0},
		{"sine of -20 dBFS", &sine, -20},
		{"silence", new(media.Frame), vad.Quietest},
		{"offset without sound", &offset, vad.Quietest},
		{"last half bit", &bit, vad.Quietest},
	} {
		if got := vad.Level(c.frame); math.Abs(float64(got-c.want)) > 0.1 {
			t.Errorf("Level(%s) = %.2f, want %v", c.name, got, c.want)
		}
	}
}

// share returns how many of the frames d takes for speech, from 0 to 1.
func share(d vad.Detector, frames []media.Frame) float64 {
	n := 0
	for i := range frames {
		if d.Speech(&frames[i]) >= 0.5 {
			n++
		}
	}
	return float64(n) / float64(len(frames))
}

func TestEnergyHearsSpeechAboveTheNoise(t *testing.T) {
	for _, c := range []struct {
		name          string
		speech, noise float64
	}{
		{"loud on a quiet line", -20, -70},
		{"quiet on a quiet line", -40, -60},
		{"loud on a noisy line", -18, -40},
	} {
		t.Run(c.name, func(t *testing.T) {
			frames := babble(5, c.speech).over(noise(15, c.noise), 5).frames()
			var d vad.Energy
			share(&d, frames[:150]) // 3 s to get to know the line
			if got := share(&d, frames[150:250]); got > 0.02 {
				t.Errorf("%.0f%% of the noise before is taken for speech", got*100)
			}
			// The gaps between syllables are a quarter of the time.
			if got := share(&d, frames[250:500]); got < 0.6 {
				t.Errorf("%.0f%% of the speech is taken for speech", got*100)
			}
			if got := share(&d, frames[500:]); got > 0.02 {
				t.Errorf("%.0f%% of the noise after is taken for speech", got*100)
			}
		})
	}
}

func TestEnergyHearsTheFirstWordOfTheCall(t *testing.T) {
	frames := babble(2, -30).over(noise(3, -60), 0).frames()
	if got := share(new(vad.Energy), frames[:100]); got < 0.6 {
		t.Errorf("%.0f%% of the speech is taken for speech", got*100)
	}
}

func TestEnergyGetsUsedToANoisierLine(t *testing.T) {
	frames := append(noise(5, -65).frames(), noise(12, -40).frames()...)
	var d vad.Energy
	share(&d, frames[:500]) // 5 s, then 5 s of the louder noise
	if got := share(&d, frames[500:]); got > 0 {
		t.Errorf("after 5 s, %.0f%% of the noise is still taken for speech", got*100)
	}
}

func TestEnergyIsNotFooledByAMomentOfDigitalSilence(t *testing.T) {
	frames := noise(10, -62).frames()
	frames[300] = media.Frame{}
	if got := share(new(vad.Energy), frames); got > 0 {
		t.Errorf("%.1f%% of faint noise is taken for speech", got*100)
	}
}

func TestEnergyOfAnythingIsAProbability(t *testing.T) {
	var d vad.Energy
	var loudest media.Frame
	for i := range loudest {
		loudest[i] = math.MinInt16 * int16(i&1)
	}
	for _, f := range []*media.Frame{new(media.Frame), &loudest, new(media.Frame), &loudest} {
		if p := d.Speech(f); !(p >= 0 && p <= 1) {
			t.Errorf("Speech() = %v", p)
		}
	}
	if err := d.Close(); err != nil {
		t.Errorf("Close() = %v", err)
	}
}
