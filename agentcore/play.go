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
	var s sound // outside the loop: one allocation per reply, not per frame
	clock := pacer{lead: c.cfg.Lead, lump: c.cfg.Lump, wait: time.NewTimer(time.Hour)}
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
		if s.end {
			phrases++
			if !c.ledger.close(u.reply, s.phrase) {
				return c.silence(leg, u)
			}
			if err := leg.Mark(markOf(u.reply, s.phrase)); err != nil {
				return err
			}
			continue
		}
		if !clock.due(u.ctx, u.notBefore) || !c.ledger.send(u.reply, s.phrase, &s.frame) {
			return c.silence(leg, u)
		}
		if err := leg.Write(&s.frame); err != nil {
			return err
		}
		if clock.first() {
			c.tell(u.ctx, event{kind: evAudio, at: time.Now(), reply: u.reply})
			if err := leg.Mark(markOf(u.reply, startMark)); err != nil {
				return err
			}
		}
	}
	c.tell(u.ctx, event{kind: evSent, at: time.Now(), reply: u.reply, phrase: phrases})
	<-u.ctx.Done() // until the last of it was heard, or was talked over
	return c.silence(leg, u)
}

// next waits for the next sound. It reports false when there is none: all was
// said, or s ended a phrase and it is enough.
func (u *utterance) next(s *sound) (more bool, err error) {
	var enough <-chan struct{}
	if s.end {
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
// cannot drift; a producer that fell behind starts it anew.
type pacer struct {
	lead, lump time.Duration
	wait       *time.Timer
	start      time.Time
	sent       int // frames since start
	all        int // frames
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
	ahead := p.start.Add(time.Duration(p.sent) * media.FrameDuration).Sub(now)
	if p.sent == 0 || ahead < 0 {
		p.start, p.sent, ahead = now, 0, 0
	}
	if ahead+media.FrameDuration > p.lead {
		if !p.sleep(ctx, ahead+p.lump-p.lead) {
			return false
		}
	}
	p.sent++
	p.all++
	return true
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
