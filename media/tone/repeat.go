package tone

import (
	"math"
	"time"
)

// Tones of the network that are one sine elsewhere than on 425 Hz (ITU-T E.180,
// supplement 2): 440 Hz in France, 450 Hz in China, 400 Hz in Japan. Beeps have
// these pitches, too, and are told at once. So only who repeats itself in the
// cadence of the network is known for it: ringing by its second burst, busy by
// its third, for some machines beep twice.
var alones = [...]float64{400, 440, 450}

const (
	aloneOff = 8.0 // Hz

	leastAlone, mostAlone = 900 * time.Millisecond, 1700 * time.Millisecond  // ringing: 1 s, or 1.5 s
	leastRest, mostRest   = 1700 * time.Millisecond, 4400 * time.Millisecond // and between: 2 s to 4 s

	leastBusy, mostBusy = 300 * time.Millisecond, 600 * time.Millisecond // 0.35 s or 0.5 s, and pauses like it
)

// repeated is what b is by the bursts before it, 0 if not one of these tones.
func (m *memory) repeated(b *burst) Kind {
	last, first := &m.notes[2], &m.notes[1]
	if !b.follows(last) || !b.alone() {
		return 0
	}
	long, rest := b.long(), b.began-last.ended
	switch {
	case long >= leastAlone && long <= mostAlone && rest >= leastRest && rest <= mostRest:
		return Ringback
	case long >= leastBusy && long <= mostBusy && within(rest, long) && last.follows(first) && within(last.began-first.ended, long):
		return Busy
	}
	return 0
}

func (b *burst) alone() bool {
	for _, hz := range alones {
		if b.near(hz, aloneOff) {
			return true
		}
	}
	return false
}

// follows reports whether b is like the burst n: as long, and of the same pitch.
func (b *burst) follows(n *burst) bool {
	return n.frames > 0 && within(b.long(), n.long()) && math.Abs(b.hz-n.hz) <= drift*n.hz
}
