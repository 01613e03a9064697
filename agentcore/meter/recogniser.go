package meter

import (
	"context"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/media"
)

// Recognizer tells meter what r does. Its request is an utterance, counted when
// it has Ended, and timed from there to its final result. The first of it is the
// first interim result since it Began, timed from there. Seconds of sound are
// those that were written, silence too, and told with each final result, at the end
// of the stream and when a [Follower] asks. A stream that dies says why, and that is a failure, too.
func Recognizer(r asr.Recognizer, name string, meter Meter) asr.Recognizer {
	return &recogniser{r, gauge{meter, string(provider.Recogniser), name}}
}

type recogniser struct {
	asr.Recognizer
	g gauge
}

func (r *recogniser) String() string { return text(r.Recognizer) }

// Open implements [asr.Recognizer].
func (r *recogniser) Open(ctx context.Context, o asr.Options) (asr.Stream, error) {
	inner, err := r.Recognizer.Open(ctx, o)
	if err != nil {
		if ctx.Err() == nil {
			r.g.failed(err)
		}
		return nil, err
	}
	s := &stream{Stream: inner, g: r.g, results: make(chan asr.Result), closing: make(chan struct{}), over: make(chan struct{}), gone: func() {}}
	if f, ok := r.g.m.(Follower); ok {
		s.gone = f.Follow(s.tellSound)
	}
	go s.pass()
	return s, nil
}

// mostEnded bounds the utterances whose times are remembered at once.
const mostEnded = 64

type stream struct {
	asr.Stream
	g       gauge
	results chan asr.Result
	closing chan struct{} // closed by Close
	once    sync.Once
	over    chan struct{} // closed when pass has returned
	gone    func()        // it is followed no more

	mu     sync.Mutex
	frames int       // written and not told yet
	began  time.Time // zero when nobody speaks, or an interim result was there
	ended  [mostEnded]time.Time
	oldest int
	awaits int // of ended, from oldest
}

// Write implements [asr.Stream].
func (s *stream) Write(f *media.Frame) bool {
	if !s.Stream.Write(f) {
		return false
	}
	s.mu.Lock()
	s.frames++
	s.mu.Unlock()
	return true
}

// Signal implements [asr.Stream].
func (s *stream) Signal(sig asr.Signal) {
	s.mu.Lock()
	switch sig {
	case asr.Began:
		s.began = time.Now()
	case asr.Ended:
		s.began = time.Time{}
		if s.awaits < mostEnded {
			s.ended[(s.oldest+s.awaits)%mostEnded] = time.Now()
			s.awaits++
		}
	}
	s.mu.Unlock()
	if sig == asr.Ended {
		s.g.asked()
	}
	s.Stream.Signal(sig)
}

// Results implements [asr.Stream].
func (s *stream) Results() <-chan asr.Result { return s.results }

// Close implements [asr.Stream].
func (s *stream) Close() error {
	s.once.Do(func() { close(s.closing) })
	err := s.Stream.Close()
	<-s.over
	return err
}

// pass hands the results on.
func (s *stream) pass() {
	defer close(s.over)
	defer close(s.results)
	defer s.tellSound()
	defer s.gone()
	for r := range s.Stream.Results() {
		s.note(r)
		select {
		case s.results <- r:
		case <-s.closing:
			return
		}
	}
}

// note tells what r means.
func (s *stream) note(r asr.Result) {
	now := time.Now()
	if !r.Final {
		s.mu.Lock()
		began := s.began
		s.began = time.Time{}
		s.mu.Unlock()
		if !began.IsZero() {
			s.g.first(now.Sub(began))
		}
		return
	}
	s.mu.Lock()
	var ended time.Time
	if s.awaits > 0 {
		ended = s.ended[s.oldest]
		s.oldest = (s.oldest + 1) % mostEnded
		s.awaits--
	}
	s.mu.Unlock()
	switch {
	case r.Err != nil:
		s.g.failed(r.Err)
	case !ended.IsZero():
		s.g.took(now.Sub(ended))
	}
	s.tellSound()
}

// tellSound tells how much was written since the last time.
func (s *stream) tellSound() {
	s.mu.Lock()
	n := s.frames
	s.frames = 0
	s.mu.Unlock()
	s.g.used(provider.AudioSeconds, (time.Duration(n) * media.FrameDuration).Seconds())
}
