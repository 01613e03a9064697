package talk

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// Manners of whoever types.
const (
	breath    = 300 * time.Millisecond // of silence before a line is begun
	interrupt = 800 * time.Millisecond // of the agent's voice before a script talks over it
	keyPause  = 200 * time.Millisecond // between the keys of one line
	greeting  = 4 * time.Second        // of silence that an agent which doesn't greet is given
	patience  = 15 * time.Second       // of silence that an answer is waited for
	ahead     = 16                     // things typed that may wait to be said
)

// errAhead is returned when more is typed than the caller keeps in mind.
var errAhead = errors.New("talk: too much typed ahead")

// item is one thing for the caller to do.
type item struct {
	frames []media.Frame
	voiced int // frames until the last that has voice
	touch  handset.Touch
	over   bool // whether or not the agent has answered
	more   bool // belongs to the item before it
}

// phone is a [handset.Typed] with a person's manners: what is to be said next
// waits until the agent has answered what was said before, and is silent.
type phone struct {
	typed  *handset.Typed
	person bool // who says "!" means now, not: once the agent speaks
	keep   func(say, hear *media.Frame)
	slots  chan struct{} // one for each item that may wait

	mu     sync.Mutex
	queue  []item
	busy   int           // frames that are left of what is being said
	voiced int           // of these, those until the voice ends
	last   time.Duration // since something was done
	quiet  time.Duration // since the agent was heard
	talked time.Duration // that the agent was heard since something was said
	still  time.Duration // since anything at all happened
	wait   time.Duration // how long still may last
	reply  int           // the agent's first to what was said last; -1 until there is one
	free   bool          // it was heard whole
}

func newPhone(person bool, keep func(say, hear *media.Frame)) *phone {
	return &phone{
		typed: handset.NewTyped(handset.TypedConfig{AtOnce: true}), person: person, keep: keep,
		slots: make(chan struct{}, ahead), reply: -1, wait: greeting,
	}
}

// put queues items. For a person it returns errAhead when too many wait; for a
// script it waits until there is room, or ctx ends.
func (p *phone) put(ctx context.Context, items ...item) error {
	for _, i := range items {
		if p.person {
			select {
			case p.slots <- struct{}{}:
			default:
				return errAhead
			}
		} else {
			select {
			case p.slots <- struct{}{}:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		p.mu.Lock()
		p.queue = append(p.queue, i)
		p.mu.Unlock()
	}
	return nil
}

// unsaid is how many lines were not begun.
func (p *phone) unsaid() (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, i := range p.queue {
		if !i.more && !i.touch.Hangup {
			n++
		}
	}
	return n
}

// Tick implements [handset.Handset].
func (p *phone) Tick(now time.Duration, hear, say *media.Frame) handset.Touch {
	p.mu.Lock()
	p.pass(hear)
	if p.busy == 0 {
		p.next()
	}
	p.mu.Unlock()
	touch := p.typed.Tick(now, hear, say)
	p.keep(say, hear)
	return touch
}

// pass lets 20 ms go by.
func (p *phone) pass(hear *media.Frame) {
	const d = media.FrameDuration
	p.last += d
	p.quiet += d
	p.still += d
	if _, _, ok := handset.Voiced(hear); ok {
		p.quiet, p.still = 0, 0
		p.talked += d
	}
	if p.busy > 0 {
		p.busy--
		p.voiced = max(p.voiced-1, 0)
		p.last, p.still = 0, 0
	}
}

// next begins what may be done now.
func (p *phone) next() {
	for n, i := range p.queue {
		if n > 0 && !(p.person && i.over) {
			continue // a person who wants to be heard now does not queue behind others
		}
		if !p.may(i) {
			continue
		}
		p.queue = append(p.queue[:n:n], p.queue[n+1:]...)
		<-p.slots
		p.begin(i)
		return
	}
}

// may reports whether now is the time for i.
func (p *phone) may(i item) bool {
	turn := (p.free || p.still >= p.wait) && p.quiet >= breath
	switch {
	case i.more:
		return p.last >= keyPause
	case i.over && p.person:
		return true
	case i.over:
		return turn || p.talked >= interrupt && p.quiet < breath
	}
	return turn
}

func (p *phone) begin(i item) {
	p.free, p.reply, p.talked, p.still, p.last, p.wait = false, -1, 0, 0, 0, patience
	p.busy, p.voiced = len(i.frames), i.voiced
	// Typed is given one thing at a time, so that it always has room.
	switch {
	case i.touch.Hangup:
		p.typed.Hangup()
	case i.touch.Digit != 0:
		p.typed.Press(i.touch.Digit)
	default:
		p.typed.Play(i.frames)
	}
}

// entry learns from the call's journal what the agent does.
func (p *phone) entry(e agentcore.Entry) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch ev := e.Event.(type) {
	case agentcore.Planned:
		p.still = 0
		if p.voiced == 0 && p.reply < 0 {
			p.reply = ev.Reply
		}
	case agentcore.AgentSaid:
		p.free = p.free || !ev.Cut && p.reply >= 0 && ev.Reply >= p.reply
	}
}
