package consult

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
)

const (
	sayLimit = 60 * time.Second // for one text, made and played
	markWait = 3 * time.Second  // for a mark, after its audio must have been played
)

var errSlow = errors.New("it took too long")

// mouth says one text at a time. One goroutine uses it; it has one of its own
// while it speaks.
type mouth struct {
	ctx   context.Context
	leg   telephony.Leg
	voice tts.Synthesizer
	lead  time.Duration

	mark    uint32 // of the newest text
	now     *saying
	speaker sync.WaitGroup
}

// saying is a text that is being said.
type saying struct {
	stop context.CancelFunc
	done chan struct{} // closed once the rest may be read: all of it was sent
	end  time.Time     // when its last sample is played, by our own clock
	err  error
}

// busy reports whether something is being said.
func (m *mouth) busy() bool { return m.now != nil }

// say begins to say text.
func (m *mouth) say(text string) {
	m.hush()
	ctx, stop := context.WithTimeoutCause(m.ctx, sayLimit, errSlow)
	s := &saying{stop: stop, done: make(chan struct{})}
	m.mark++
	m.now = s
	mark := m.mark
	m.speaker.Go(func() {
		defer close(s.done)
		p := &player{ctx: ctx, leg: m.leg, lead: m.lead}
		s.err = m.voice.Speak(ctx, text, tts.Frames(p.frame))
		if s.err != nil && ctx.Err() != nil {
			s.err = context.Cause(ctx)
		}
		if s.err == nil {
			s.err = m.leg.Mark(mark)
		}
		s.end = p.end()
	})
}

// played takes a mark: its text was heard.
func (m *mouth) played(mark uint32) {
	if m.now != nil && mark == m.mark {
		m.over()
	}
}

// err is what went wrong with what is being said. A mark that a carrier forgets
// is nothing wrong.
func (m *mouth) err(now time.Time) error {
	if m.now == nil {
		return nil
	}
	select {
	case <-m.now.done:
	default:
		return nil
	}
	err := m.now.err
	switch {
	case errors.Is(err, telephony.ErrLost):
		return nil // the leg's reader tells
	case err == nil && now.After(m.now.end.Add(markWait)):
		m.over()
	}
	return err
}

// hush stops what is being said, and waits until it has.
func (m *mouth) hush() {
	if m.now == nil {
		return
	}
	m.over()
	_ = m.leg.Clear() // a leg that is gone says nothing any more
}

func (m *mouth) over() {
	m.now.stop()
	m.now = nil
	m.speaker.Wait()
}

// player sends frames, never more than lead ahead of the clock.
type player struct {
	ctx   context.Context
	leg   telephony.Leg
	lead  time.Duration
	start time.Time
	sent  int
}

// end is when the last frame is played.
func (p *player) end() time.Time {
	return p.start.Add(time.Duration(p.sent) * media.FrameDuration)
}

func (p *player) frame(f *media.Frame) error {
	now := time.Now()
	ahead := p.end().Sub(now)
	if p.sent == 0 || ahead < 0 { // the first, or the voice fell behind
		p.start, p.sent, ahead = now, 0, 0
	}
	if wait := ahead - p.lead; wait > 0 {
		late := time.NewTimer(wait)
		defer late.Stop()
		select {
		case <-late.C:
		case <-p.ctx.Done():
			return context.Cause(p.ctx)
		}
	}
	p.sent++
	return p.leg.Write(f)
}
