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

	mu     sync.Mutex
	to     endpoint // nil: silence, and nobody listens
	listen listener // nil: nobody listens beside to
	forks  []*stream
	said   []media.Frame
	heard  []media.Frame

	keys []media.Frame // sound of keys that were pressed and not heard yet; used by run alone
}

// listener is told what was said in 20 ms, and the key that was pressed in them
// or 0, whatever the leg is connected to. It must not block.
type listener func(said *media.Frame, digit byte)

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
		l.call.suffer(slot)
		touch := l.phone.Tick(slot, &hearing, &said)
		l.record(&said, &hearing)
		hearing = media.Frame{}
		to, listen := l.connected()
		if listen != nil {
			listen(&said, touch.Digit)
		}
		l.press(touch.Digit, to, &said)
		if to != nil {
			to.tick(slot, &said, touch.Digit, &hearing)
		}
		for _, s := range l.forked() {
			s.overhear(&said, &hearing)
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

func (l *leg) connected() (endpoint, listener) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to, l.listen
}

// press adds the sound of pressed keys to what was said, as a telephone does. A
// stream is told of keys in messages, and hears them only if a knob says so.
func (l *leg) press(digit byte, to endpoint, said *media.Frame) {
	if digit != 0 {
		l.keys = append(l.keys, handset.KeyTones(string(rune(digit)))...)
	}
	if len(l.keys) == 0 {
		return
	}
	if _, streaming := to.(*stream); !streaming || l.call.carrier.knobs.KeysInStream {
		handset.Mix(said, &l.keys[0])
	}
	l.keys = l.keys[1:]
}

// overhear lets f hear the leg, beside what it is connected to; nil ends that.
func (l *leg) overhear(f listener) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.listen = f
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
