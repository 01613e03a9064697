package agenttest

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/media"
)

// Hearer is a recogniser that reads coded speech.
type Hearer struct {
	Texts []string      // what text number n says; a noise without code says nothing
	Lag   time.Duration // from the end of an utterance to its words
	Port  Port          // "asr.open" and "asr.decode" go through it
}

// Open implements [asr.Recognizer].
func (h *Hearer) Open(ctx context.Context, _ asr.Options) (asr.Stream, error) {
	s := &hearing{h: h, results: make(chan asr.Result, 64)}
	s.ctx, s.stop = context.WithCancel(ctx)
	if err := h.Port.do(ctx, "asr.open", func() error { return nil }); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

type hearing struct {
	h       *Hearer
	ctx     context.Context
	stop    context.CancelFunc
	work    sync.WaitGroup
	results chan asr.Result
	texts   []int // in the utterance, in order
	began   bool
}

func (s *hearing) Write(f *media.Frame) bool {
	text, _, ok := Decode(f)
	if n := len(s.texts); ok && (n == 0 || s.texts[n-1] != text) {
		s.texts = append(s.texts, text)
	}
	return true
}

func (s *hearing) Signal(sig asr.Signal) {
	if sig != asr.Ended {
		return
	}
	var said []string
	for _, n := range s.texts {
		if n < len(s.h.Texts) {
			said = append(said, s.h.Texts[n])
		}
	}
	s.texts = nil
	s.work.Go(func() { s.decode(strings.Join(said, " ")) })
}

func (s *hearing) decode(text string) {
	r := asr.Result{Final: true, Text: text, Took: s.h.Lag}
	r.Err = s.h.Port.do(s.ctx, "asr.decode", func() error { return wait(s.ctx, s.h.Lag) })
	if s.ctx.Err() == nil {
		s.results <- r
	}
}

func (s *hearing) Results() <-chan asr.Result { return s.results }

func (s *hearing) Close() error {
	s.stop()
	s.work.Wait()
	close(s.results)
	return nil
}

func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
