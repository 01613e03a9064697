package agentcore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
)

// startMark is the phrase number of the mark behind a reply's first frame.
const startMark = 255

// A mark's number names the reply and the phrase that it closes.
func markOf(reply, phrase int) uint32        { return uint32(reply)<<8 | uint32(phrase) }
func ofMark(mark uint32) (reply, phrase int) { return int(mark >> 8), int(mark & 255) }

// play owns the sending side of leg.
func (c *Conversation) play(ctx context.Context, leg telephony.Leg) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case u := <-c.speak:
			if err := c.playOne(leg, u); err != nil {
				return fmt.Errorf("agentcore: play: %w", err)
			}
		}
	}
}

// playOne sends u, never more than Lead ahead of the clock, and clears the line
// if u is cancelled.
func (c *Conversation) playOne(leg telephony.Leg, u *utterance) error {
	s := sound{phrase: -1}
	var frame media.Frame // outside the loop: one allocation per reply, not per frame
	clock := pacer{lead: c.cfg.Lead, lump: c.cfg.Lump, wait: time.NewTimer(time.Hour), paced: c.cfg.Observer.Paced}
	defer clock.wait.Stop()
	phrases := 0
	for {
		more, err := u.next(&s)
		if err != nil {
			return c.silence(leg, u)
		}
		if !more {
			break
		}
		if s.packet == nil {
			phrases++
			if !c.ledger.close(u.reply, s.phrase) {
				return c.silence(leg, u)
			}
			if err := leg.Mark(markOf(u.reply, s.phrase)); err != nil {
				return err
			}
			continue
		}
		s.packet.unpack(&frame)
		if !clock.due(u.ctx, u.notBefore) || !c.ledger.send(u.reply, s.phrase, s.packet) {
			return c.silence(leg, u)
		}
		if err := leg.Write(&frame); err != nil {
			return err
		}
		if clock.first() {
			c.tellOf(u.ctx, evAudio, u.reply, 0)
			if err := leg.Mark(markOf(u.reply, startMark)); err != nil {
				return err
			}
		}
	}
	clock.lumped(time.Now())
	c.tellOf(u.ctx, evSent, u.reply, phrases)
	<-u.ctx.Done() // until the last of it was heard, or was talked over
	return c.silence(leg, u)
}

// next waits for the next sound, behind s. It reports false when there is none:
// all was said, or s ended a phrase and it is enough.
func (u *utterance) next(s *sound) (more bool, err error) {
	var enough <-chan struct{}
	if s.packet == nil && s.phrase >= 0 {
		enough = u.enough
		select {
		case <-enough:
			return false, nil
		default:
		}
	}
	select {
	case *s, more = <-u.sounds:
		return more, nil
	case <-enough:
		return false, nil
	case <-u.ctx.Done():
		return false, context.Cause(u.ctx)
	}
}

// silence drops what the caller has not heard of u, unless u is over.
func (c *Conversation) silence(leg telephony.Leg, u *utterance) error {
	if <-u.ctx.Done(); errors.Is(context.Cause(u.ctx), errOver) || mutant("never-cleared") {
		return nil
	}
	return leg.Clear()
}

// pacer says when the next frame may go. It is arithmetic on one clock, so it
// cannot drift: the first lead goes at once, then a lump whenever it has become time
// for one, and a lump that came late moves none of those behind it. A producer that
// fell behind starts it anew.
type pacer struct {
	lead, lump time.Duration // whole frames count
	wait       *time.Timer
	paced      func(late, lead time.Duration) // told of each lump once it went

	start time.Time
	sent  int           // frames since start
	all   int           // frames
	late  time.Duration // how long after its time the present lump began
	begun bool          // there is one
}

// due waits until the next frame may go, the first one not before that time. It
// reports false if ctx ended.
func (p *pacer) due(ctx context.Context, first time.Time) bool {
	now := time.Now()
	if p.all == 0 && now.Before(first) {
		if !p.sleep(ctx, first.Sub(now)) {
			return false
		}
		now = time.Now()
	}
	switch {
	case p.sent == 0 || p.ahead(now) < 0:
		p.lumped(now)
		p.start, p.sent, p.late, p.begun = now, 0, 0, true
	case p.beginsLump():
		p.lumped(now)
		wait := p.start.Add(lasts(p.sent) + p.lump - p.lead).Sub(now)
		if wait > 0 && !p.sleep(ctx, wait) {
			return false
		}
		p.late, p.begun = max(0, time.Since(now)-wait), true
	}
	p.sent++
	p.all++
	return true
}

// beginsLump reports whether the next frame is the first of a lump behind the lead.
func (p *pacer) beginsLump() bool {
	behind := p.sent - int(p.lead/media.FrameDuration)
	return behind >= 0 && behind%max(1, int(p.lump/media.FrameDuration)) == 0
}

// ahead is how much of what was sent is not played yet, by the clock; less than
// zero when the line has run dry.
func (p *pacer) ahead(now time.Time) time.Duration { return p.start.Add(lasts(p.sent)).Sub(now) }

// lumped tells of the lump that went, if one did.
func (p *pacer) lumped(now time.Time) {
	if p.begun {
		p.begun = false
		p.paced(p.late, max(0, p.ahead(now)))
	}
}

func (p *pacer) sleep(ctx context.Context, d time.Duration) bool {
	p.wait.Reset(d)
	select {
	case <-p.wait.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// first reports whether the frame that just went was the reply's first.
func (p *pacer) first() bool { return p.all == 1 }
