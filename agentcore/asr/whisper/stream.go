package whisper

import (
	"context"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/media"
)

// stream is one call. Its goroutine, run, owns all but the ear.
type stream struct {
	r       *Recognizer
	q       question
	ear     ear
	results chan asr.Result
	ctx     context.Context
	cancel  context.CancelFunc
	ended   chan struct{} // closed when run has returned

	answers  chan *piece // one from each request under way
	requests sync.WaitGroup
}

func newStream(ctx context.Context, r *Recognizer, q question) *stream {
	s := &stream{
		r: r, q: q, results: make(chan asr.Result, 16), ended: make(chan struct{}),
		answers: make(chan *piece, r.cfg.AtOnce),
	}
	s.ear.wake = make(chan struct{}, 1)
	s.ctx, s.cancel = context.WithCancel(ctx)
	return s
}

// Write implements [asr.Stream].
func (s *stream) Write(f *media.Frame) bool { return s.ear.write(f) }

// Signal implements [asr.Stream].
func (s *stream) Signal(sig asr.Signal) { s.ear.signal(sig) }

// Results implements [asr.Stream].
func (s *stream) Results() <-chan asr.Result { return s.results }

// Close implements [asr.Stream]. Requests under way are cancelled.
func (s *stream) Close() error {
	s.cancel()
	<-s.ended
	return nil
}

// run works until the stream ends, and closes its results.
func (s *stream) run() {
	defer close(s.ended)
	defer close(s.results)
	defer s.requests.Wait()
	defer s.cancel()
	defer s.ear.close()
	b := &book{atOnce: s.r.cfg.AtOnce, ask: s.ask, guessed: s.interim}
	batch := make([]heard, wakeAfter)
	for {
		var out chan<- asr.Result
		result, ready := b.head()
		if ready {
			out = s.results
		}
		select {
		case <-s.ear.wake:
			s.listen(b, batch)
		case p := <-s.answers:
			b.answered(p)
		case out <- result:
			b.pop()
		case <-s.ctx.Done():
			return
		}
	}
}

// listen enters what was heard into b.
func (s *stream) listen(b *book, batch []heard) {
	for {
		n, surplus := s.ear.take(batch)
		for i := range batch[:n] {
			b.hear(&batch[i])
		}
		b.refuse(surplus)
		if n < len(batch) {
			return
		}
	}
}

// ask begins a request, whose answer comes as p itself.
func (s *stream) ask(p *piece) {
	ctx, cancel := context.WithCancel(s.ctx)
	p.cancel = cancel
	s.requests.Go(func() {
		defer cancel()
		began := time.Now()
		p.text, p.err = s.r.transcribe(ctx, s.q, p.pcm)
		p.took = time.Since(began)
		s.answers <- p // has room for all that are under way
	})
}

// interim sends a guess, if the reader has room for it.
func (s *stream) interim(text string, took time.Duration) {
	select {
	case s.results <- asr.Result{Text: text, Took: took}:
	default:
	}
}
