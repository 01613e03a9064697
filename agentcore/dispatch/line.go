package dispatch

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
)

// errTakenOver is the cause with which a stream's context is cancelled when the
// call goes on at a later epoch.
var errTakenOver = errors.New("dispatch: the call was taken over at a later epoch")

// line is a leg whose newest frame is remembered: it proves that the stream
// lives. It costs a frame one clock reading and one store.
type line struct {
	telephony.Leg
	epoch int
	cut   context.CancelCauseFunc

	news *teller

	began   time.Time
	newest  atomic.Int64  // nanoseconds from began to the newest frame; 0: none yet
	waiting atomic.Int32  // doors that wait for a frame
	heard   chan struct{} // of 1: a frame came while one waits

	stopped atomic.Bool // the carrier itself brought the stream to its end

	once   sync.Once
	silent chan struct{} // closed when the leg gives no more
	left   chan struct{} // closed when its Talk has returned
}

func newLine(leg telephony.Leg, epoch int, cut context.CancelCauseFunc) *line {
	return &line{
		Leg: leg, epoch: epoch, cut: cut, news: newTeller(), began: time.Now(),
		heard: make(chan struct{}, 1), silent: make(chan struct{}), left: make(chan struct{}),
	}
}

// Next implements [telephony.Leg].
func (l *line) Next(f *media.Frame) (telephony.Event, error) {
	e, err := l.Leg.Next(f)
	if err != nil {
		l.stopped.Store(errors.Is(err, telephony.ErrStopped))
		l.hush()
		return e, err
	}
	if e.Kind == telephony.Audio {
		l.newest.Store(max(1, int64(time.Since(l.began))))
		if l.waiting.Load() > 0 {
			l.ring()
		}
	}
	return e, nil
}

func (l *line) hush() { l.once.Do(func() { close(l.silent) }) }

func (l *line) ring() {
	select {
	case l.heard <- struct{}{}:
	default:
	}
}

// heardAfter reports whether a frame came after t.
func (l *line) heardAfter(t time.Time) bool {
	n := l.newest.Load()
	return n > 0 && l.began.Add(time.Duration(n)).After(t)
}

// last is when the newest frame came, or l began without any.
func (l *line) last() time.Time { return l.began.Add(time.Duration(l.newest.Load())) }

// alive reports whether the stream proved itself a moment ago.
func (l *line) alive(now time.Time) bool {
	select {
	case <-l.silent:
		return false
	default:
		return l.heardAfter(now.Add(-stillTalking))
	}
}

// proves waits until deadline at most for a frame that comes after asked. When
// the leg is at its end, it waits for the Talk to return instead, so that what
// the conversation still writes is written.
func (l *line) proves(ctx context.Context, asked, deadline time.Time) bool {
	l.waiting.Add(1)
	defer l.waiting.Add(-1)
	late := time.NewTimer(time.Until(deadline))
	defer late.Stop()
	silent := l.silent
	for {
		select {
		case <-l.heard:
			if l.heardAfter(asked) {
				l.ring() // others may wait too
				return true
			}
		case <-silent:
			silent = nil
		case <-l.left:
			return false
		case <-late.C:
			return silent != nil && l.heardAfter(asked)
		case <-ctx.Done():
			return false
		}
	}
}
