package handset

import (
	"math"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/media"
)

// ToneLevel is the amplitude of each sine of a [Tone]: -15 dBFS, so that the two
// of a key stay well below the limit.
const ToneLevel = 5800

// Tone makes d of the sum of sines of the given frequencies, in Hz. It ends
// exactly at d; the rest of the last frame is silence.
func Tone(d time.Duration, hz ...float64) []media.Frame {
	n := samples(d)
	frames := make([]media.Frame, (n+media.FrameSamples-1)/media.FrameSamples)
	for i := range n {
		var sum float64
		for _, f := range hz {
			sum += math.Sin(2 * math.Pi * f * float64(i) / media.Rate)
		}
		frames[i/media.FrameSamples][i%media.FrameSamples] = clip(int32(sum * ToneLevel))
	}
	return frames
}

// clip is v, or the nearest that a sample can be.
func clip(v int32) int16 { return int16(min(max(v, math.MinInt16), math.MaxInt16)) }

// Mix adds f to sum, sample by sample; what is too loud is cut off.
func Mix(sum, f *media.Frame) {
	for i := range sum {
		sum[i] = clip(int32(sum[i]) + int32(f[i]))
	}
}

// The frequencies of a keypad's rows and columns, in Hz (ITU-T Q.23).
var (
	rows    = [4]float64{697, 770, 852, 941}
	columns = [4]float64{1209, 1336, 1477, 1633}
)

// keypad is the keys, row by row.
const keypad = "123A456B789C*0#D"

// Times of keys that are sent one after the other.
const (
	KeyTone = 100 * time.Millisecond // a key sounds
	KeyGap  = 100 * time.Millisecond // silence until the next one
)

// KeyTones is the sound of a keypad's keys (ITU-T Q.23), one after the other; w
// is half a second of silence and W a whole one. Other characters make none.
func KeyTones(keys string) []media.Frame {
	var out []media.Frame
	for _, k := range keys {
		switch i := strings.IndexRune(keypad, k); {
		case k == 'w':
			out = append(out, Silence(500*time.Millisecond)...)
		case k == 'W':
			out = append(out, Silence(time.Second)...)
		case i >= 0:
			out = append(out, Tone(KeyTone, rows[i/4], columns[i%4])...)
			out = append(out, Silence(KeyGap)...)
		}
	}
	return out
}

// Silence is d of it.
func Silence(d time.Duration) []media.Frame { return make([]media.Frame, d/media.FrameDuration) }

// Level is the amplitude of the sine of hz in f, by Goertzel's algorithm. The
// frame is short: frequencies nearer than 50 Hz are not told apart.
func Level(f *media.Frame, hz float64) float64 {
	w := 2 * math.Pi * hz / media.Rate
	c := 2 * math.Cos(w)
	var a, b float64
	for _, s := range f {
		a, b = float64(s)+c*a-b, a
	}
	power := a*a + b*b - c*a*b
	return 2 * math.Sqrt(max(power, 0)) / float64(media.FrameSamples)
}

// KeyEar hears keys in sound. The zero KeyEar is ready.
type KeyEar struct {
	run  byte // the key of the last frame; 0 for none
	told bool // it was reported
}

// Hear takes 20 ms, and returns a key once, in the second frame that it sounds
// in; else 0.
func (e *KeyEar) Hear(f *media.Frame) byte {
	key := keyIn(f)
	if key != e.run {
		e.run, e.told = key, false
		return 0
	}
	if key == 0 || e.told {
		return 0
	}
	e.told = true
	return key
}

const (
	minKeyLevel = 800 // amplitude below which a sine is no part of a key
	maxTwist    = 4   // how much louder one of the two may be: 12 dB
	minPurity   = 0.6 // share of the frame's energy that the two must have
)

// keyIn is the key that sounds in f, 0 if none does.
func keyIn(f *media.Frame) byte {
	row, high := loudest(f, rows)
	column, low := loudest(f, columns)
	if high < minKeyLevel || low < minKeyLevel || high > maxTwist*low || low > maxTwist*high {
		return 0
	}
	var energy float64
	for _, s := range f {
		energy += float64(s) * float64(s)
	}
	if (high*high+low*low)/2*float64(media.FrameSamples) < minPurity*energy {
		return 0 // a voice, or music, with these two in it
	}
	return keypad[row*4+column]
}

// loudest is which of the frequencies is the loudest in f, and its amplitude.
func loudest(f *media.Frame, hz [4]float64) (which int, level float64) {
	for i, h := range hz {
		if l := Level(f, h); l > level {
			which, level = i, l
		}
	}
	return which, level
}
