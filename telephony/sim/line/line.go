// Package line is a telephone line made of memory and the clock: its [Line]
// behaves like a carrier's media stream (20 ms frames in on an absolute
// schedule; buffered, markable, clearable audio out) without a network and
// without a goroutine, so a whole call runs in virtual time under
// testing/synctest, the same to the nanosecond every time.
package line

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// Config describes a line. The zero Config is a perfect one with a silent far
// end.
type Config struct {
	Handset handset.Handset // who is at the far end; must not call the line. Nil says nothing

	Uplink   time.Duration        // delay from the far end to Next. Default 0
	Downlink time.Duration        // delay from Write, Mark and Clear to the far end. Default 0
	Lost     func(frame int) bool // reports the far end's frames, from 0, that never arrive. Nil loses none

	// OnHangup is called once when the far end hangs up, by Next before it
	// returns the lost stream; in real life that word comes by another road (a
	// status callback), a moment earlier or later.
	OnHangup func()

	Forget bool // keep no recording: an hour of both directions is 115 MB
}

// Line is a call that was answered at New. It implements [telephony.Leg].
type Line struct {
	cfg  Config
	born time.Time
	wake chan struct{} // something happened that Next did not wait for
	gone chan struct{} // closed when we hang up or the line breaks

	mu      sync.Mutex
	sim     playout
	inbox   inbox
	stalled time.Time // nothing moves before
	how     How
	ended   time.Duration
	err     error // what Next returns once the inbox is empty (hung up by them) or at once
	hangups int
	hook    func()      // OnHangup, when Next still has to call it
	say     media.Frame // lent to the handset
	said    []Heard
	timer   *time.Timer // used by Next's goroutine alone
}

var _ telephony.Leg = (*Line)(nil)

// How says how a line ended.
type How uint8

const (
	Open   How = iota // it did not
	Ours              // Hangup was called first
	Theirs            // the far end hung up
	Broken            // Lose was called
)

// String implements [fmt.Stringer].
func (h How) String() string {
	return [...]string{"open", "hung up by us", "hung up by them", "broken"}[h]
}

// ErrFarEnd is wrapped, beside [telephony.ErrLost], in what Next returns after
// the far end hung up.
var ErrFarEnd = errors.New("line: the stream was stopped")

// New answers a call.
func New(cfg Config) *Line {
	if cfg.Handset == nil {
		cfg.Handset = handset.Silent
	}
	l := &Line{
		cfg:  cfg,
		born: time.Now(),
		wake: make(chan struct{}, 1),
		gone: make(chan struct{}),
	}
	l.sim.keep = !cfg.Forget
	return l
}

// now is the time since answer.
func (l *Line) now() time.Duration { return time.Since(l.born) }

// Next implements [telephony.Leg].
func (l *Line) Next(f *media.Frame) (telephony.Event, error) {
	for {
		ev, wait, hook, err := l.poll(f)
		if hook != nil {
			hook() // without the lock: it may call the line
		}
		if err != nil || ev.Kind != 0 {
			return ev, err
		}
		l.pause(wait)
	}
}

// poll brings the line up to date and takes what has arrived, or tells how
// long nothing will.
func (l *Line) poll(f *media.Frame) (ev telephony.Event, wait time.Duration, hook func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.advance()
	hook, l.hook = l.hook, nil
	if l.how == Ours || l.how == Broken {
		return ev, 0, hook, l.err
	}
	if left := time.Until(l.stalled); left > 0 {
		return ev, left, hook, nil
	}
	now := l.now()
	if ev, ok := l.inbox.take(now, f); ok {
		return ev, 0, hook, nil
	}
	if due, ok := l.inbox.next(); ok {
		return ev, due - now, hook, nil
	}
	if l.how == Theirs {
		return ev, 0, hook, l.err
	}
	return ev, l.sim.boundary() - now, hook, nil
}

// pause waits for d, or until something happens.
func (l *Line) pause(d time.Duration) {
	if l.timer == nil {
		l.timer = time.NewTimer(d)
	} else {
		l.timer.Reset(d)
	}
	select {
	case <-l.timer.C:
	case <-l.wake:
		l.timer.Stop()
	case <-l.gone:
		l.timer.Stop()
	}
}

// advance lives through everything that happened up to now. The caller holds
// the lock.
func (l *Line) advance() {
	now := l.now()
	for l.how == Open && l.sim.boundary() <= now {
		l.sim.applyUntil(l.sim.start, l.arrive) // what came exactly at the slot's start still plays in it
		l.sim.pop()
		l.sim.applyUntil(l.sim.boundary(), l.arrive)
		l.tick()
	}
	if l.how == Open {
		l.sim.applyUntil(now, l.arrive)
	}
}

// tick ends the current 20 ms: the far end heard it, and said something.
func (l *Line) tick() {
	l.say = media.Frame{}
	say := &l.say
	at, end := l.sim.start, l.sim.boundary()
	touch := l.cfg.Handset.Tick(at, &l.sim.hearing, say)
	l.sim.finish(l.arrive)
	frame := int(at / media.FrameDuration)
	if l.cfg.Lost == nil || !l.cfg.Lost(frame) {
		l.inbox.put(end+l.cfg.Uplink, telephony.Event{Kind: telephony.Audio}, say)
	}
	if !l.cfg.Forget && *say != (media.Frame{}) {
		l.said = append(l.said, Heard{at, *say})
	}
	if touch.Digit != 0 {
		l.inbox.put(end+l.cfg.Uplink, telephony.Event{Kind: telephony.Digit, Digit: touch.Digit}, nil)
	}
	if touch.Hangup {
		l.how, l.ended = Theirs, end
		l.err = fmt.Errorf("%w: %w", telephony.ErrLost, ErrFarEnd)
		l.hook = l.cfg.OnHangup
	}
}

// arrive sends a mark back to Next.
func (l *Line) arrive(at time.Duration, m mark) {
	kind := telephony.Played
	if m.doomed {
		kind = telephony.Dropped
	}
	l.inbox.put(at+l.cfg.Uplink, telephony.Event{Kind: kind, Mark: m.id}, nil)
}

// Write implements [telephony.Leg].
func (l *Line) Write(f *media.Frame) error { return l.send(op{kind: opWrite, frame: *f}) }

// Mark implements [telephony.Leg].
func (l *Line) Mark(id uint32) error { return l.send(op{kind: opMark, mark: mark{id: id}}) }

// Clear implements [telephony.Leg].
func (l *Line) Clear() error { return l.send(op{kind: opClear}) }

// send puts o on the way to the far end; while the line is stalled it blocks.
func (l *Line) send(o op) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		l.advance()
		left := time.Until(l.stalled)
		if l.how != Open || left <= 0 {
			break
		}
		l.mu.Unlock()
		select {
		case <-time.After(left + 1): // behind what Next was kept from
		case <-l.gone:
		}
		l.mu.Lock()
	}
	switch l.how {
	case Ours:
		return io.ErrClosedPipe
	case Broken, Theirs:
		return l.err
	}
	now := l.now()
	if o.kind == opClear {
		l.sim.doom()
		l.inbox.doom(now)
	}
	o.at = now + l.cfg.Downlink
	l.sim.ops = append(l.sim.ops, o)
	if o.kind != opWrite && l.cfg.Downlink == 0 {
		l.sim.applyUntil(now, l.arrive)
		l.nudge()
	}
	return nil
}

// nudge wakes Next if it waits.
func (l *Line) nudge() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Hangup implements [telephony.Leg].
func (l *Line) Hangup(context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.advance()
	l.hangups++
	if l.how == Open || l.how == Theirs {
		if l.how == Open {
			l.how, l.ended = Ours, l.now()
			close(l.gone)
		}
		l.err = io.EOF
	}
	return nil
}

// Lose breaks the line now, as a reset or a dead process does: Next fails at
// once with an error that wraps [telephony.ErrLost] and cause, and what was in
// flight is gone.
func (l *Line) Lose(cause error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.advance()
	if l.how == Open {
		l.how, l.ended = Broken, l.now()
		l.err = fmt.Errorf("%w: %w", telephony.ErrLost, cause)
		close(l.gone)
	}
}

// Stall freezes the network for d from now: nothing arrives, Write, Mark and
// Clear block; then all comes at once. The far end's clock goes on.
func (l *Line) Stall(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stalled = time.Now().Add(d)
	l.nudge()
}
