package tone

import (
	"math"
	"time"
)

// What a burst of one sine means. Lengths leave 8 to 10 % for edges that are
// found a little early or late.
const (
	shortestBeep = 72 * time.Millisecond
	longestBeep  = 1570 * time.Millisecond
	lowBeep      = 343.0 // Hz: 350 and 2 % less
	highBeep     = 2040.0
	steepBeep    = 150 * time.Millisecond // a shorter one has steep edges: vowels have not
	leastFrames  = 3                      // whole ones; 80 ms hold three wherever they begin
	mostMissing  = 0.5                    // of a burst may have been lost

	// Europe's tones are all one sine of 425 Hz (E.180): ringing for a second, busy
	// for up to half of one. A beep of that pitch is told late, once busy would have
	// gone on; a long one is taken for ringing, if it has just the pitch of that
	// (exchanges count it out of a quartz) or nobody has spoken before it.
	europe, europeOff = 425.0, 12.0
	ringOff           = 6.0
	leastRing         = 900 * time.Millisecond
	mostRing          = 1800 * time.Millisecond // more is a dial tone
	busyPause         = 550 * time.Millisecond

	// A fax that calls sounds for 0.5 s every 3.5 s, at 1100 Hz (T.30). A single one
	// of these is told as a beep: who was called hardly ever is a fax that calls.
	calling, callingOff = 1100.0, 38.0
	callingLong         = 500 * time.Millisecond
	callingEvery        = 3500 * time.Millisecond
	callingSlack        = 0.15 // of either time

	answerTone, answerOff = 2100.0, 21.0
	answerTime            = 600 * time.Millisecond // of it is no whistle

	specialOff            = 60.0 // Hz off the three sines: E.180 allows 50
	specialLeast          = 200 * time.Millisecond
	specialMost           = 480 * time.Millisecond
	specialGap            = 50 * time.Millisecond
	samePitch             = 0.03                    // two notes are different that differ by more: a semitone is 6 %
	chimeTime             = 1500 * time.Millisecond // a note so soon behind another, different one is a melody's
	repeats, repeatedTime = 2, 3 * time.Second      // and behind two like itself within so long
)

var specials = [3]float64{950, 1400, 1800}

// memory is of the bursts before, the newest last.
type memory struct {
	notes [3]burst
	held  Tone          // a beep that may yet turn out to be busy
	until time.Duration // when it is told
}

// steady is what b is while it goes on, 0 if that is not known.
func (b *burst) steady() Kind {
	switch {
	case b.near(answerTone, answerOff) && b.long() >= answerTime:
		return FaxAnswer
	case b.near(europe, europeOff) && b.long() >= mostRing:
		return Dial
	}
	return 0
}

func (b *burst) near(hz, off float64) bool { return math.Abs(b.hz-hz) <= off }

// judge is what b was, now that it is over. It reports false if that is nothing,
// or not known yet.
func (m *memory) judge(b *burst) (Tone, bool) {
	if b.frames < leastFrames && !b.brief() || b.told || b.keyed {
		return Tone{}, false
	}
	defer m.keep(*b)
	switch {
	case m.special(b):
		t := b.tone(SIT)
		t.Began = m.notes[1].began
		return t, true
	case b.near(europe, europeOff):
		return m.european(b)
	case m.calls(b):
		return b.tone(FaxCalling), true
	case m.repeated(b) != 0:
		return b.tone(m.repeated(b)), true
	case b.beeps() && !m.melody(b):
		return b.tone(Beep), true
	}
	return Tone{}, false
}

// brief reports whether b is a beep of 80 ms that has edges of 5 ms: it may hold two
// whole frames only. In clear silence it is told nevertheless.
func (b *burst) brief() bool {
	return b.frames == leastFrames-1 && b.long() >= shortestBeep && !b.swelled && !b.faded
}

func (m *memory) keep(b burst) { m.notes = [3]burst{m.notes[1], m.notes[2], b} }

// beeps reports whether b, by itself, is like a beep: silence follows one.
func (b *burst) beeps() bool {
	return b.hz >= lowBeep && b.hz <= highBeep && b.long() >= shortestBeep && b.long() <= longestBeep &&
		!b.followed && (b.long() >= steepBeep || !b.swelled && !b.faded) &&
		float64(placeOf(int64(b.frames))) >= (1-mostMissing)*float64(b.long())
}

// melody reports whether b is one of several notes.
func (m *memory) melody(b *burst) bool {
	same := 0
	for _, n := range m.notes {
		ago := b.began - n.ended
		switch {
		case n.frames == 0:
		case math.Abs(n.hz-b.hz) <= samePitch*b.hz:
			if ago < repeatedTime {
				same++
			}
		case ago < chimeTime:
			return true
		}
	}
	return same >= repeats
}

// special reports whether b is the last of the three special information tones.
func (m *memory) special(b *burst) bool {
	three := [3]*burst{&m.notes[1], &m.notes[2], b}
	for i, n := range three {
		if n.frames == 0 || !n.near(specials[i], specialOff) || n.long() < specialLeast || n.long() > specialMost {
			return false
		}
		if i > 0 && n.began-three[i-1].ended > specialGap {
			return false
		}
	}
	return true
}

// calls reports whether b is a fax that calls: it did so before.
func (m *memory) calls(b *burst) bool {
	if !b.calling() {
		return false
	}
	for _, n := range m.notes {
		if n.frames > 0 && n.calling() && within(b.began-n.began, callingEvery) {
			return true
		}
	}
	return false
}

func (b *burst) calling() bool { return b.near(calling, callingOff) && within(b.long(), callingLong) }

func within(d, want time.Duration) bool {
	return math.Abs(float64(d-want)) <= callingSlack*float64(want)
}

// european is what b is, of 425 Hz.
func (m *memory) european(b *burst) (Tone, bool) {
	last := &m.notes[2]
	again := last.frames > 0 && last.near(europe, europeOff) && b.began-last.ended < busyPause && last.long() < leastRing
	switch {
	case b.long() > mostRing:
		return Tone{}, false
	case b.long() >= leastRing && (b.near(europe, ringOff) || !b.spoken):
		m.held = Tone{}
		return b.tone(Ringback), true
	case again:
		m.held = Tone{}
		return b.tone(Busy), true
	case b.beeps() && !m.melody(b):
		m.held, m.until = b.tone(Beep), b.ended+busyPause
	}
	return Tone{}, false
}

// late is a beep that has turned out to be one by now: b, which goes on, is not its like.
func (m *memory) late(now time.Duration, b *burst) (Tone, bool) {
	t := m.held
	if t.Kind == 0 || now < m.until || b.near(europe, europeOff) {
		return Tone{}, false
	}
	m.held = Tone{}
	return t, true
}
