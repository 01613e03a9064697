package failover

import (
	"context"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/media"
)

// stream is one call's. Here is what the call's goroutine does: everything that
// it says goes onto a tape. What plays the tape to recognisers is in run.go.
type stream struct {
	r       *recogniser
	o       asr.Options
	ctx     context.Context
	cancel  context.CancelFunc
	results chan asr.Result
	wake    chan struct{} // there is more on the tape
	ended   chan struct{} // closed when run has returned

	mu   sync.Mutex
	tape *tape
	over bool // nobody reads the tape any more

	// Of run alone.
	round   *round[asr.Recognizer]
	now     *hearing
	pending []asr.Result // to be handed on
	proven  bool         // since all were asked, one did well
	told    error        // of the last one handed on
	frame   media.Frame  // being fed
	again   *time.Timer  // when to offer a frame again that was not taken
	late    *time.Timer  // when the words of an utterance are overdue
	closing sync.WaitGroup
}

func newStream(ctx context.Context, r *recogniser, o asr.Options) *stream {
	s := &stream{
		r: r, o: o, tape: newTape(),
		results: make(chan asr.Result), wake: make(chan struct{}, 1), ended: make(chan struct{}),
		again: stopped(), late: stopped(),
	}
	s.ctx, s.cancel = context.WithCancel(ctx)
	go s.run()
	return s
}

func stopped() *time.Timer {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return t
}

// Write implements [asr.Stream]. False means that a second of sound was dropped,
// because the recognisers are 30 s behind, or that all of them have failed.
func (s *stream) Write(f *media.Frame) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return false
	}
	kept := s.tape.write(f)
	s.poke()
	return kept
}

// Signal implements [asr.Stream].
func (s *stream) Signal(sig asr.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return
	}
	s.tape.signal(sig)
	s.poke()
}

func (s *stream) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Results implements [asr.Stream].
func (s *stream) Results() <-chan asr.Result { return s.results }

// Close implements [asr.Stream].
func (s *stream) Close() error {
	s.cancel()
	<-s.ended
	return nil
}
