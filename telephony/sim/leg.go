package sim

import (
	"context"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// endpoint is what a leg is connected to: a stream, a voice, another leg.
type endpoint interface {
	// tick ends the 20 ms that began at slot: said was said in them and digit,
	// if not 0, pressed. It fills hear, which comes zeroed, with what is played
	// in the next 20 ms. It must not block.
	tick(slot time.Duration, said *media.Frame, digit byte, hear *media.Frame)
}

// leg is the answered side of a call: a phone, and the clock that drives it.
// The clock never stops, whatever the leg is connected to.
type leg struct {
	call     *Call
	phone    handset.Handset
	answered time.Time
	done     chan struct{}

	mu    sync.Mutex
	to    endpoint // nil: silence, and nobody listens
	said  []media.Frame
	heard []media.Frame
}

func newLeg(c *Call, phone handset.Handset, answered time.Time) *leg {
	return &leg{call: c, phone: phone, answered: answered, done: make(chan struct{})}
}

// run ticks on an absolute schedule until ctx ends or the far end hangs up.
func (l *leg) run(ctx context.Context) {
	defer close(l.done)
	timer := time.NewTimer(0)
	defer timer.Stop()
	var hearing, said media.Frame
	for slot := time.Duration(0); ; slot += media.FrameDuration {
		timer.Reset(time.Until(l.answered.Add(slot + media.FrameDuration)))
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		said = media.Frame{}
		touch := l.phone.Tick(slot, &hearing, &said)
		l.record(&said, &hearing)
		hearing = media.Frame{}
		if to := l.connected(); to != nil {
			to.tick(slot, &said, touch.Digit, &hearing)
		}
		if touch.Hangup {
			l.call.end(errFarEnd)
			return
		}
	}
}

func (l *leg) record(said, heard *media.Frame) {
	if l.call.carrier.cfg.Forget {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said = append(l.said, *said)
	l.heard = append(l.heard, *heard)
}

func (l *leg) recording() (said, heard []media.Frame) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]media.Frame(nil), l.said...), append([]media.Frame(nil), l.heard...)
}

// connect connects the leg to e, nil for nobody.
func (l *leg) connect(e endpoint) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.to = e
}

// release disconnects the leg from e, if it still is connected to it.
func (l *leg) release(e endpoint) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.to == e {
		l.to = nil
	}
}

func (l *leg) connected() endpoint {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to
}

// announcement is an [endpoint] that plays frames and then is done.
type announcement struct {
	left []media.Frame
	done chan struct{}
	over bool
}

func (a *announcement) tick(_ time.Duration, _ *media.Frame, _ byte, hear *media.Frame) {
	if len(a.left) > 0 {
		*hear, a.left = a.left[0], a.left[1:]
		return
	}
	if !a.over {
		a.over = true
		close(a.done)
	}
}

// announce plays frames to the far end, until ctx ends.
func (c *Call) announce(ctx context.Context, frames []media.Frame) {
	l := c.legNow()
	if l == nil {
		return // over before it was answered
	}
	a := &announcement{left: frames, done: make(chan struct{})}
	l.connect(a)
	defer l.release(a)
	select {
	case <-a.done:
	case <-ctx.Done():
	}
}

// bridge joins two legs: what is said on one is heard on the other.
type bridge struct {
	mu   sync.Mutex
	said [2][]media.Frame // what each side said and the other has not heard
}

// side is one end of a bridge.
type side struct {
	b  *bridge
	me int
}

// Two clocks drift, and a busy machine ticks late and then twice. What one side
// is behind is made up for in silence, or else thrown away.
const (
	bridgeSlack = 3  // frames that one side may be behind
	maxBridge   = 50 // frames after which a voice is cut
)

func (s side) tick(_ time.Duration, said *media.Frame, _ byte, hear *media.Frame) {
	s.b.mu.Lock()
	defer s.b.mu.Unlock()
	mine, theirs := &s.b.said[s.me], &s.b.said[1-s.me]
	silent := *said == media.Frame{}
	if len(*mine) < bridgeSlack || !silent && len(*mine) < maxBridge {
		*mine = append(*mine, *said)
	}
	if len(*theirs) > 0 {
		*hear = (*theirs)[0]
		*theirs = append((*theirs)[:0], (*theirs)[1:]...)
	}
}
