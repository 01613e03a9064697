package moonshine

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/media"
)

// stream is one call: here what the call's goroutine does, which is to collect
// sound and leave orders. What is done about them is in work.go.
type stream struct {
	r       *Recognizer
	results chan asr.Result
	ctx     context.Context
	cancel  context.CancelFunc
	ended   chan struct{} // closed when run has returned
	expect  atomic.Pointer[expected]

	// moment is raised whenever a guess that was asked for before is out of date.
	moment atomic.Uint64
	wake   chan struct{} // there are orders

	mu     sync.Mutex
	before ring
	spare  []*take // free memory; a stream has two takes
	now    *take   // being collected; nil while nobody speaks, or while both takes are at work
	speaks bool
	lost   bool // some of this utterance had no room
	paused int  // samples in now when speech paused; 0 when it has not
	orders []order
}

// order is work to do for a stream.
type order struct {
	kind   kind
	take   *take   // whose memory comes back when the order is done, unless it is a guess
	pcm    []int16 // the part of it to recognise
	moment uint64
	lost   bool
}

type kind uint8

const (
	guess kind = iota // what may become a result
	piece             // 30 s of an utterance that goes on
	final             // the end of an utterance
)

func newStream(ctx context.Context, r *Recognizer, o asr.Options) *stream {
	s := &stream{
		r: r, results: make(chan asr.Result, 16), ended: make(chan struct{}), wake: make(chan struct{}, 1),
		spare: []*take{newTake(), newTake()}, orders: make([]order, 0, 16),
	}
	s.ctx, s.cancel = context.WithCancel(ctx)
	s.Expect(o.Expect)
	return s
}

// Expect changes the words that may come; none means any.
func (s *stream) Expect(words []string) { s.expect.Store(expecting(words)) }

// Results implements [asr.Stream].
func (s *stream) Results() <-chan asr.Result { return s.results }

// Close implements [asr.Stream]. It waits for the network to let go, a tenth of
// a second at most.
func (s *stream) Close() error {
	s.cancel()
	<-s.ended
	return nil
}

// Write implements [asr.Stream].
func (s *stream) Write(f *media.Frame) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.speaks {
		s.before.write(f)
		return true
	}
	if s.now == nil && !s.open() {
		s.lost = true
		return false
	}
	s.now.pcm = append(s.now.pcm, f[:]...)
	if s.now.full() {
		s.split()
	}
	return true
}

// Signal implements [asr.Stream].
func (s *stream) Signal(sig asr.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch sig {
	case asr.Began, asr.Resumed:
		s.moment.Add(1)
		s.paused = 0
		if !s.speaks {
			s.speaks, s.lost = true, false
			if s.open() {
				s.before.drain(s.now)
			}
		}
	case asr.Paused:
		if s.now != nil && s.paused == 0 {
			s.paused = len(s.now.pcm)
			s.order(order{kind: guess, take: s.now, pcm: s.now.pcm, moment: s.moment.Add(1)})
		}
	case asr.Ended:
		s.finish()
	}
}

// open takes memory for what follows.
func (s *stream) open() bool {
	n := len(s.spare)
	if n == 0 {
		return false
	}
	s.now, s.spare = s.spare[n-1], s.spare[:n-1]
	s.now.pcm = s.now.pcm[:0]
	return true
}

// split hands 30 s of a long utterance over, and goes on with what is left.
func (s *stream) split() {
	whole, at := s.now, s.now.cut()
	s.now, s.paused = nil, 0
	if s.open() {
		s.now.pcm = append(s.now.pcm, whole.pcm[at:]...)
	} else {
		at = len(whole.pcm)
	}
	s.order(order{kind: piece, take: whole, pcm: whole.pcm[:at], moment: s.moment.Add(1)})
}

// finish orders the final result. What came after the last pause is silence: it
// isn't recognised, but it may be the beginning of what comes next.
func (s *stream) finish() {
	o := order{kind: final, moment: s.moment.Load(), lost: s.lost}
	if s.now != nil {
		o.take, o.pcm = s.now, s.now.pcm
		if s.paused > 0 {
			o.pcm = s.now.pcm[:s.paused]
			s.remember(s.now.pcm[s.paused:])
		}
	}
	s.now, s.speaks, s.paused, s.lost = nil, false, 0, false
	s.order(o)
}

func (s *stream) remember(tail []int16) {
	for ; len(tail) >= media.FrameSamples; tail = tail[media.FrameSamples:] {
		s.before.write((*media.Frame)(tail))
	}
}

// order queues o. A guess that nobody has begun with gives way to what follows.
func (s *stream) order(o order) {
	if n := len(s.orders); n > 0 && s.orders[n-1].kind == guess {
		s.orders = s.orders[:n-1]
	}
	s.orders = append(s.orders, o)
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// next removes the oldest order.
func (s *stream) next() (o order, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.orders) == 0 {
		return order{}, false
	}
	o = s.orders[0]
	s.orders = s.orders[:copy(s.orders, s.orders[1:])]
	return o, true
}

// waiting says whether there are orders.
func (s *stream) waiting() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.orders) > 0
}

// giveBack returns memory that an order is done with.
func (s *stream) giveBack(t *take) {
	if t == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spare = append(s.spare, t)
}
