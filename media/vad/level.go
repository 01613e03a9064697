package vad

import (
	"math"

	"github.com/hookswitch/hookswitch/media"
)

// Quietest is the level, in dBFS, of a sound that moves only the last bit of a
// sample. [Level] tells nothing below it apart.
const Quietest = -90

// Level returns how loud f is in dB relative to full scale (the RMS of a
// full-scale square wave is 0), at least [Quietest]. A constant offset is not
// sound and does not count.
func Level(f *media.Frame) float32 {
	var sum, squares int64
	for _, s := range f {
		sum += int64(s)
		squares += int64(s) * int64(s)
	}
	return LevelOf(sum, squares)
}

// LevelOf is the [Level] of a frame whose samples, and their squares, have these
// sums: for who knows them already.
func LevelOf(sum, squares int64) float32 {
	const n, full = float64(media.FrameSamples), 1 << 15
	power := (float64(squares) - float64(sum*sum)/n) / (n * full * full)
	if power < 1e-9 {
		return Quietest
	}
	return float32(10 * math.Log10(power))
}

const (
	// window is how many frames the quietest one is looked for in: one second,
	// and the one before it. Speech is never that long without a gap.
	window = 50

	// rise limits how fast the floor follows a line that gets noisier, in dB a
	// frame (7.5 dB a second), so that a held vowel doesn't become noise.
	rise = 0.15

	// lowestFloor keeps a line that is digitally silent for a moment from making
	// every breath after it loud.
	lowestFloor = -70

	// startFloor is taken for the line's noise until it is known. A line noisier
	// than this is first taken for speech: that costs work, not words.
	startFloor = -60
)

// floor follows the level of the line's background noise: the quietest of the
// last one to two seconds. The zero floor is ready.
type floor struct {
	seen     int     // frames in the present window
	min, old float32 // quietest frame of it and of the one before
	level    float32
	begun    bool
}

// add takes in the level of one more frame and returns the floor.
func (n *floor) add(level float32) float32 {
	if !n.begun {
		*n = floor{begun: true, level: startFloor, min: 0, old: startFloor}
	}
	n.min = min(n.min, level)
	if n.seen++; n.seen == window {
		n.old, n.min, n.seen = n.min, 0, 0
	}
	quietest := min(n.old, n.min)
	n.level = max(lowestFloor, min(quietest, n.level+rise))
	return n.level
}
