package vad

import (
	"math"

	"github.com/hookswitch/hookswitch/media"
)

// Energy is a [Detector] that knows only how loud a frame is compared with the
// line's noise. It takes any loud sound for speech (a cough, a beep, music), and
// is there for builds and machines that cannot run a model. The zero Energy is
// ready.
type Energy struct{ noise floor }

const (
	even       = 9   // dB above the noise at which speech is as likely as not
	slope      = 1.5 // dB by which the odds change e-fold
	silentDBFS = -58 // nothing below this is speech, however quiet the line
)

// Speech implements [Detector].
func (e *Energy) Speech(f *media.Frame) float32 {
	level := Level(f)
	above := level - e.noise.add(level)
	if level < silentDBFS {
		return 0
	}
	return float32(1 / (1 + math.Exp(float64(even-above)/slope)))
}

// Close implements [Detector]. There is nothing to free.
func (e *Energy) Close() error { return nil }
