package line

import (
	"time"

	"github.com/hookswitch/hookswitch/media"
)

// Heard is 20 ms of audio and when it began, since answer.
type Heard struct {
	At    time.Duration
	Frame media.Frame
}

// Heard returns what the far end has heard so far: the frames that were played,
// without the silence between them. The caller may keep it.
func (l *Line) Heard() []Heard {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.advance()
	return append([]Heard(nil), l.sim.heard...)
}

// HeardFor is how much of the agent's audio the far end has heard so far. It
// counts also on a line that forgets.
func (l *Line) HeardFor() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.advance()
	return time.Duration(l.sim.played) * media.FrameDuration
}

// Buffered is how much audio has reached the far end and waits to be heard.
func (l *Line) Buffered() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.advance()
	return time.Duration(l.sim.buffered()) * media.FrameDuration
}

// Said returns what the far end said so far, without its silent frames.
func (l *Line) Said() []Heard {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.advance()
	return append([]Heard(nil), l.said...)
}

// End tells how the line ended and when, since answer.
func (l *Line) End() (How, time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.advance()
	return l.how, l.ended
}

// Hangups is how many times Hangup was called.
func (l *Line) Hangups() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.hangups
}

// Answered is when the call was answered: the zero of all times here.
func (l *Line) Answered() time.Time { return l.born }
