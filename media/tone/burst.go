package tone

import (
	"math"
	"time"

	"github.com/hookswitch/hookswitch/media"
)

const (
	drift    = 0.02 // by which a frame's pitch may differ from the burst's mean; noise moves one by 0.5 %
	sway     = 2.0  // and by how much its energy, either way: 3 dB. A modem's answer swells by 1.6 dB
	lostGap  = 4    // frames without the tone end it; three that were lost do not: of ten, one in a thousand times
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
	swelled      bool    // before its beginning it was not 9 dB down within 5 ms
	faded        bool    // nor behind its end
	spoken       bool    // something other than noise was there before it
	keyed        bool    // a key, or two tones of the network, were heard meanwhile
	told         bool
}

// begin is a burst whose first whole frame is s, at now. Before it were quarters
// of frames of so much energy, the newest first.
func begin(s *sound, before *[2 * quarters]float64, now time.Duration) burst {
	b := burst{began: now, ended: now + media.FrameDuration, hz: s.hz, power: s.power, frames: 1}
	i := 0
	for ; i < quarters; i++ {
		part := b.share(before[i])
		b.began -= time.Duration(part * float64(quarter))
		if part < 1 {
			break
		}
	}
	b.began = max(0, b.began)
	for _, p := range before[i+1 : min(i+4, len(before))] {
		b.swelled = b.swelled || p > hush*b.power
	}
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

// like reports whether s has the pitch of b, and fits whether it is as loud, too:
// what stands in for a lost frame often is not.
func (b *burst) like(s *sound) bool { return math.Abs(s.hz-b.hz) < drift*b.hz }

func (b *burst) fits(s *sound) bool {
	return b.like(s) && s.power < sway*b.power && b.power < sway*s.power
}

// goOn takes another whole frame.
func (b *burst) goOn(s *sound, now time.Duration) {
	b.frames++
	b.hz += (s.hz - b.hz) / float64(b.frames)
	b.power += (s.power - b.power) / float64(b.frames)
	b.ended, b.missing, b.followed, b.faded = now+media.FrameDuration, 0, false, false
}

// miss takes a frame that is not all tone, and reports whether that was the end.
// The tone may end in it, even behind a gap of a frame that was lost. before is the
// energy of the last quarter of a frame before it.
func (b *burst) miss(s *sound, before float64, now time.Duration) (over bool) {
	b.missing++
	if b.missing == 1 || before < hush*b.power && b.share(s.parts[0]) == 1 {
		b.ended, b.followed, b.faded = b.until(s, now), false, false
	}
	for i, p := range s.parts {
		if behind := now + time.Duration(i)*quarter - b.ended; behind >= 0 && p > hush*b.power {
			b.faded = true
			b.followed = b.followed || behind >= fadeTime
		}
	}
	if b.missing < lostGap {
		return false
	}
	b.followed = b.followed || b.ended == now+media.FrameDuration // it never fell silent
	return true
}

// until is how far b goes into s, which begins at now.
func (b *burst) until(s *sound, now time.Duration) time.Duration {
	for i := range s.parts {
		part := b.share(s.parts[i])
		now += time.Duration(part * float64(quarter))
		if part < 1 {
			break
		}
	}
	return now
}

func (b *burst) long() time.Duration { return b.ended - b.began }

func (b *burst) tone(kind Kind) Tone {
	return Tone{Kind: kind, Hz: b.hz, Level: decibels(b.power), Began: b.began, Ended: b.ended}
}
