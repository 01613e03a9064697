package wav_test

import (
	"math"
	"slices"
	"testing"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/wav"
)

func TestFramesKeepTheirTimesAtEveryRate(t *testing.T) {
	for _, rate := range []int{8000, 16000, 24000, 48000} {
		// Left: silence but for a tone from 0.50 to 0.58 s. Right: a constant.
		left := make([]int16, rate)
		copy(left[rate/2:], tone(rate*8/100, rate, 1000, 20000))
		both := make([]int16, 0, 2*rate)
		for _, s := range left {
			both = append(both, s, 1000)
		}
		a := wav.Audio{Format: wav.Format{Encoding: wav.PCM16, Rate: rate, Channels: 2}, Samples: both}
		frames, err := a.Frames(0)
		if err != nil || len(frames) != 50 {
			t.Fatalf("%d Hz: %d frames, error %v; want 50", rate, len(frames), err)
		}
		for i, f := range frames {
			want := 0.0
			if i >= 25 && i < 29 {
				want = 20000 / math.Sqrt2
			}
			if got := rms(&f); math.Abs(got-want) > 1000 {
				t.Errorf("%d Hz: frame %d has level %.0f, want %.0f", rate, i, got, want)
			}
		}
		if frames, err = a.Frames(1); err != nil || frames[25][80] < 998 || frames[25][80] > 1002 {
			t.Errorf("%d Hz: the right channel's middle is %d, error %v; want 1000", rate, frames[25][80], err)
		}
	}
}

func rms(f *media.Frame) float64 {
	sum := 0.0
	for _, s := range f {
		sum += float64(s) * float64(s)
	}
	return math.Sqrt(sum / float64(len(f)))
}

func TestLastFrameIsFilledWithSilence(t *testing.T) {
	a := wav.Audio{Format: wav.Format{Encoding: wav.PCM16, Rate: 8000, Channels: 1}, Samples: slices.Repeat([]int16{7}, 161)}
	frames, err := a.Frames(0)
	if err != nil || len(frames) != 2 || frames[1][0] != 7 || frames[1][1] != 0 {
		t.Errorf("161 samples became %d frames, the second beginning %v; error %v", len(frames), frames[1][:2], err)
	}
}

func TestFramesOfWhatIsNotThere(t *testing.T) {
	a := wav.Audio{Format: wav.Format{Encoding: wav.PCM16, Rate: 8000, Channels: 1}}
	if frames, err := a.Frames(0); err != nil || len(frames) != 0 {
		t.Errorf("no samples became %d frames, error %v", len(frames), err)
	}
	for _, i := range []int{-1, 1} {
		if _, err := a.Frames(i); err == nil {
			t.Errorf("Frames(%d) of a mono file gave no error", i)
		}
		if got := a.Channel(i); got != nil {
			t.Errorf("Channel(%d) of a mono file = %v", i, got)
		}
	}
	a.Rate = 11025
	if _, err := a.Frames(0); err == nil {
		t.Error("Frames at 11 kHz gave no error")
	}
	if _, err := (wav.Audio{}).Frames(0); err == nil {
		t.Error("Frames of the zero Audio gave no error")
	}
}
