package handset

import (
	"time"

	"github.com/hookswitch/hookswitch/media"
)

// voiced is the amplitude above which a sample belongs to a voice: -40 dBFS,
// above the noise that µ-law makes of silence, below any speech.
const voiced = 330

// Voiced returns the first and the last sample of f that belong to a voice; ok
// is false when there is none. A frame counts as voiced when at least an eighth
// of its samples are, so that a click does not.
func Voiced(f *media.Frame) (first, last int, ok bool) {
	n := 0
	for i, s := range f {
		if s > voiced || s < -voiced {
			if n == 0 {
				first = i
			}
			n, last = n+1, i
		}
	}
	return first, last, n >= media.FrameSamples/8
}

// VoicedSpan returns when the voice in frames begins and ends, from the start of
// the first frame. ok is false when nobody speaks.
func VoicedSpan(frames []media.Frame) (begin, end time.Duration, ok bool) {
	for i := range frames {
		first, last, is := Voiced(&frames[i])
		if !is {
			continue
		}
		if !ok {
			begin, ok = SampleTime(i, first), true
		}
		end = SampleTime(i, last+1)
	}
	return begin, end, ok
}

// SampleTime is when a sample of a frame begins, from the start of frame 0.
func SampleTime(frame, sample int) time.Duration {
	return time.Duration(frame)*media.FrameDuration + time.Duration(sample)*time.Second/media.Rate
}

// Loud makes d of noise that any energy gate takes for a voice.
func Loud(d time.Duration) []media.Frame {
	frames := make([]media.Frame, (d+media.FrameDuration-1)/media.FrameDuration)
	for i := range frames {
		Noise{For: d}.fill(time.Duration(i)*media.FrameDuration, &frames[i])
	}
	return frames
}
