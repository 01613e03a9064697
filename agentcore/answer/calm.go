package answer

import (
	"time"

	"github.com/hookswitch/hookswitch/media/vad"
)

// steadiness knows a sound whose level does not move: a tone, or a line's hum.
// No voice keeps its level for a tenth of a second, to the tenth of a decibel.
type steadiness struct {
	last [steadyFrames]float32 // dBFS; a ring
	n    int
}

// add takes in the level of one more frame, and reports whether all of the last
// ones are the same.
func (s *steadiness) add(level float32) bool {
	s.last[s.n%steadyFrames] = level
	s.n++
	if s.n < steadyFrames {
		return false
	}
	low, high := s.last[0], s.last[0]
	for _, l := range s.last[1:] {
		low, high = min(low, l), max(high, l)
	}
	return high-low <= steadyRange
}

// calm follows what there is while nobody speaks: nothing, or a sound that is no
// speech. Steady noise is the line's own and counts as nothing; music moves.
type calm struct {
	began time.Duration // of the silence, or the noise, since answer
	told  time.Duration // how much of it was told
	noisy bool

	// The present second.
	frames, loud int
	sum, squares float64 // of the loud frames' levels
}

// restart says that somebody spoke, or a tone sounded, until at.
func (c *calm) restart(at time.Duration) { *c = calm{began: at} }

// add takes in the level of a frame that ended at now and holds no speech. It
// reports false while there is nothing to tell.
func (c *calm) add(level float32, now time.Duration) (SoundKind, bool) {
	c.frames++
	if level > vad.Quietest && level >= noiseLevel {
		c.loud++
		c.sum += float64(level)
		c.squares += float64(level) * float64(level)
	}
	if c.frames == framesPerSecond {
		c.judge(now)
	}
	next := c.nextTelling()
	if now-c.began < next {
		return 0, false
	}
	c.told = next
	if c.noisy {
		return Noisy, true
	}
	return Silent, true
}

// judge says of the second that is over what it held.
func (c *calm) judge(now time.Duration) {
	noisy := c.loud >= framesPerSecond/2
	if noisy {
		mean := c.sum / float64(c.loud)
		noisy = c.squares/float64(c.loud)-mean*mean >= noiseSpread*noiseSpread
	}
	if noisy != c.noisy {
		c.noisy, c.began, c.told = noisy, now-time.Second, 0
	}
	c.frames, c.loud, c.sum, c.squares = 0, 0, 0, 0
}

// nextTelling is how long the stretch is when it is told next.
func (c *calm) nextTelling() time.Duration {
	switch {
	case c.noisy:
		return c.told.Truncate(time.Second) + time.Second
	case c.told < shortSilence:
		return shortSilence
	default:
		return c.told.Truncate(time.Second/2) + time.Second/2
	}
}
