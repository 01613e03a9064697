package handset

import (
	"math/rand/v2"
	"time"

	"github.com/hookswitch/hookswitch/media"
)

// Noise is one thing that a [Noisy] caller does.
type Noise struct {
	At     time.Duration // since the call was answered
	For    time.Duration // length of the loud audio; zero for none
	Digit  byte          // a key pressed at At; 0 for none
	Hangup bool          // the receiver goes down at At+For
}

// NoiseLevel is the amplitude of a [Noisy] caller's samples: a square wave of
// 4 kHz, loud enough for any energy gate.
const NoiseLevel = 8000

// Noisy is a caller who follows a timetable whatever the agent does, and whose
// speech is loud noise: enough for tests in virtual time, which need no voice.
func Noisy(script ...Noise) Handset {
	return Func(func(now time.Duration, _, say *media.Frame) (touch Touch) {
		for _, n := range script {
			if starts(now, n.At) && n.Digit != 0 {
				touch.Digit = n.Digit
			}
			if n.Hangup && starts(now, n.At+n.For) {
				touch.Hangup = true
			}
			n.fill(now, say)
		}
		return touch
	})
}

// starts reports whether at lies within the 20 ms that begin at now.
func starts(now, at time.Duration) bool { return at >= now && at < now+media.FrameDuration }

// comfortLevel is the amplitude of a [Comfort]'s samples: -54 dBFS at most.
const comfortLevel = 64

// Comfort makes d of the hiss that a line makes of silence (RFC 3389): white, so
// quiet that no ear here takes it for a voice, and the same each time.
func Comfort(d time.Duration) []media.Frame {
	chance := rand.New(rand.NewPCG(0, 0))
	frames := Silence(d)
	for i := range frames {
		for j := range frames[i] {
			frames[i][j] = int16(chance.IntN(2*comfortLevel+1) - comfortLevel)
		}
	}
	return frames
}

// fill writes the part of the noise that falls into the tick of now, exact to
// the sample.
func (n Noise) fill(now time.Duration, say *media.Frame) {
	from, to := samples(n.At-now), samples(n.At+n.For-now)
	for i := max(from, 0); i < min(to, media.FrameSamples); i++ {
		say[i] = NoiseLevel * int16(i%2*2-1)
	}
}

// samples is how many samples last d.
func samples(d time.Duration) int { return int(d * media.Rate / time.Second) }
