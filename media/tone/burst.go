package tone

import (
	"math"
	"time"

	"github.com/hookswitch/hookswitch/media"
)

const (
	drift    = 0.02 // by which a frame's pitch may differ from the burst's mean; noise moves one by 0.5 %
	sway     = 2.0  // and by how much its energy, either way: 3 dB. A modem's answer swells by 1.6 dB
	lostGap  = 3    // frames without the tone end it; two that were lost do not
	halfway  = 0.5  // of its energy: there is its edge
	hush     = 0.125
	fadeTime = 15 * time.Millisecond // behind its edge, until which it need not be 9 dB (hush) down
)

// burst is one sine that sounds for a while.
type burst struct {
	began, ended time.Duration
	hz, power    float64 // means of frames
	frames       int     // that are all tone; 0: there is no burst
	missing      int     // frames since the last of them
	followed     bool    // something is about as loud behind it
	keyed        bool    // a key, or two tones of the network, were heard meanwhile
	told         bool
}

// begin is a burst whose first whole frame is s, at now, behind a frame before.
func begin(s, before *sound, now time.Duration) burst {
	b := burst{began: now, ended: now + media.FrameDuration, hz: s.hz, power: s.power, frames: 1}
	for i := quarters - 1; i >= 0; i-- {
		part := b.share(before.parts[i])
		b.began -= time.Duration(part * float64(quarter))
		if part < 1 {
			break
		}
	}
	b.began = max(0, b.began)
	return b
}

// share is how much of a quarter of a frame the burst fills, from 0 to 1, if
// there is nothing else in it: all of it above halfway, for an edge is steep.
func (b *burst) share(power float64) float64 {
	switch part := power / b.power; {
	case part > sway:
		return 0 // something else
	case part > faint:
		return 1
	case part < hush:
		return 0
	default:
		return part
	}
}

// fits reports whether s is more of b.
func (b *burst) fits(s *sound) bool {
	return math.Abs(s.hz-b.hz) < drift*b.hz && s.power < sway*b.power && b.power < sway*s.power
}

// goOn takes another whole frame.
func (b *burst) goOn(s *sound, now time.Duration) {
	b.frames++
	b.hz += (s.hz - b.hz) / float64(b.frames)
	b.power += (s.power - b.power) / float64(b.frames)
	b.ended, b.missing, b.followed = now+media.FrameDuration, 0, false
}

// miss takes a frame that is not all tone, and reports whether that was the end.
func (b *burst) miss(s *sound, now time.Duration) (over bool) {
	if b.missing++; b.missing == 1 {
		b.ended = now
		for i := range s.parts {
			part := b.share(s.parts[i])
			b.ended += time.Duration(part * float64(quarter))
			if part < 1 {
				break
			}
		}
	}
	for i, p := range s.parts {
		if now+time.Duration(i)*quarter >= b.ended+fadeTime && p > hush*b.power {
			b.followed = true
		}
	}
	return b.missing == lostGap
}

func (b *burst) long() time.Duration { return b.ended - b.began }

func (b *burst) tone(kind Kind) Tone {
	return Tone{Kind: kind, Hz: b.hz, Level: decibels(b.power), Began: b.began, Ended: b.ended}
}
