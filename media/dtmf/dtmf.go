// Package dtmf makes and hears the tones of a telephone's keys: two sines at a
// time, one of four low and one of four high frequencies (ITU-T Q.23).
package dtmf

import (
	"fmt"
	"math"
	"time"

	"github.com/hookswitch/hookswitch/media"
)

// Keys are those that have a tone.
const Keys = "123A456B789C*0#D"

// Pause stands for [PauseTime] of silence in a text of keys.
const Pause = 'w'

// How long things last, in whole frames. Q.24 wants a receiver to take tones and
// gaps from 40 ms on; twice and more of that survives a bad line.
const (
	ToneTime  = 100 * time.Millisecond
	GapTime   = 100 * time.Millisecond // behind each tone
	PauseTime = 500 * time.Millisecond
)

// The rows and columns of Q.23, in Hz. Key n of [Keys] is in row n/4, column n%4.
var (
	rows    = [4]float64{697, 770, 852, 941}
	columns = [4]float64{1209, 1336, 1477, 1633}
)

// Sines are the two frequencies of a key, in Hz; 0 of what is none.
func Sines(key byte) (low, high float64) {
	at := index[key]
	if at < 0 {
		return 0, 0
	}
	return rows[at/4], columns[at%4]
}

// Levels of the two sines in dBm0. The high one is 2 dB up, as ETSI ES 201 235-2
// has it, for lines lose more there. Together they peak at 55 % of what µ-law
// holds: nothing is clipped.
const (
	lowLevel  = -9.0
	highLevel = -7.0
)

// fullScale is the peak of a sine of +3.17 dBm0, which is all that µ-law holds
// (ITU-T G.711), as a linear sample.
const fullScale = 32124

// amplitude is the peak of a sine of a level in dBm0.
func amplitude(level float64) float64 { return fullScale * math.Pow(10, (level-3.17)/20) }

// rampSamples is how long a tone swells and fades, so that it doesn't click: 2 ms.
const rampSamples = 2 * media.Rate / 1000

// index is the place of each byte in [Keys], -1 of others.
var index = func() (at [256]int8) {
	for i := range at {
		at[i] = -1
	}
	for i := range Keys {
		at[Keys[i]] = int8(i)
	}
	return at
}()

// Check reports the first thing in keys that is neither a key nor a [Pause]. It
// doesn't repeat keys, for they may be secret.
func Check(keys string) error {
	for i := range len(keys) {
		if keys[i] != Pause && index[keys[i]] < 0 {
			return fmt.Errorf("dtmf: character %d is no key", i+1)
		}
	}
	return nil
}

// sine is a sine wave made by recurrence: y[n] = 2 cos(w) y[n-1] - y[n-2].
type sine struct{ k, last, before float64 }

func newSine(hz, level float64) sine {
	w := 2 * math.Pi * hz / media.Rate
	return sine{k: 2 * math.Cos(w), before: -amplitude(level) * math.Sin(w)} // y[0] is 0
}

func (s *sine) next() float64 {
	y := s.last
	s.last, s.before = s.k*s.last-s.before, s.last
	return y
}
