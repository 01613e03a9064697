package live

import (
	"context"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/provider/ws"
	"github.com/hookswitch/hookswitch/media"
)

// stream is one call: here what the call's goroutine and the reader of the
// results see of it. What goes over the wire is in session.go.
type stream struct {
	cfg     Config
	options asr.Options
	results chan asr.Result
	ctx     context.Context // until Close
	cancel  context.CancelFunc
	net     context.Context // until Close, or until the stream is dead; its cause says why
	kill    context.CancelCauseFunc
	work    sync.WaitGroup

	send chan struct{} // there is something for the network
	tell chan struct{} // there is something in the account

	mu      sync.Mutex
	backlog backlog
	account account
	conn    *ws.Conn // nil while there is none
	closed  bool     // nobody takes frames any more
}

func newStream(ctx context.Context, c Config, o asr.Options) *stream {
	s := &stream{
		cfg: c, options: o, results: make(chan asr.Result, 8),
		send: make(chan struct{}, 1), tell: make(chan struct{}, 1),
		backlog: newBacklog(),
		account: account{provider: c.Provider, finalWait: c.FinalWait, unanswered: c.Limits.Unanswered},
	}
	s.ctx, s.cancel = context.WithCancel(ctx)
	s.net, s.kill = context.WithCancelCause(s.ctx)
	s.work.Go(s.listen)
	s.work.Go(s.deliver)
	return s
}

// Write implements [asr.Stream].
func (s *stream) Write(f *media.Frame) bool {
	s.mu.Lock()
	kept := !s.closed && s.backlog.write(f)
	due := !s.backlog.empty(s.cfg.lump())
	s.mu.Unlock()
	if due {
		wake(s.send)
	}
	return kept
}

// Signal implements [asr.Stream].
func (s *stream) Signal(sig asr.Signal) {
	s.mu.Lock()
	if !s.closed {
		asks := sig == asr.Ended || sig == asr.Paused && s.cfg.Limits.Eager
		s.backlog.signal(sig, asks, time.Now()) // only what asks for words must wait for the sound
	}
	s.mu.Unlock()
	wake(s.send)
}

// Results implements [asr.Stream].
func (s *stream) Results() <-chan asr.Result { return s.results }

// Close implements [asr.Stream]. It tells the provider, and waits a moment for
// that, not for an answer.
func (s *stream) Close() error {
	s.cancel()
	s.work.Wait()
	return nil
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// deliver hands out the results, and sees to it that none is waited for in vain.
func (s *stream) deliver() {
	defer close(s.results)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		r, ok, due, over := s.next(time.Now())
		switch {
		case ok:
			select {
			case s.results <- r:
				wake(s.send) // which may have waited for room
				continue
			case <-s.ctx.Done():
				return
			}
		case over:
			return
		}
		if due.IsZero() {
			due = time.Now().Add(time.Hour)
		}
		timer.Reset(time.Until(due))
		select {
		case <-s.tell:
		case <-timer.C:
		case <-s.ctx.Done():
			return
		}
	}
}

// next is the next result, or when to ask again.
func (s *stream) next(now time.Time) (r asr.Result, ok bool, due time.Time, over bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := &s.account
	if !a.over {
		var alive time.Time
		if s.conn != nil {
			alive = s.conn.Heard()
		}
		if err := a.expire(now, alive); err != nil {
			s.fail(err)
		}
		due = a.due(now, alive)
	}
	if len(a.out) > 0 {
		r = a.out[0]
		a.out = append(a.out[:0], a.out[1:]...)
		return r, true, due, false
	}
	return asr.Result{}, false, due, a.over
}

// fail ends the stream: everything that is owed, or was to be, is err. The lock
// is held.
func (s *stream) fail(err error) {
	if s.account.over {
		return
	}
	s.closed = true
	s.account.fail(err, s.backlog.ends())
	s.kill(err)
	wake(s.tell)
}
