package agentcore_test

import (
	"context"
	"sync"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/media"
)

// guesser is a recogniser that guesses one text a second behind the beginning of
// each utterance, and is never sure.
type guesser struct{ text string }

func (g guesser) Open(context.Context, asr.Options) (asr.Stream, error) {
	return &guessing{text: g.text, results: make(chan asr.Result, 8)}, nil
}

type guessing struct {
	text    string
	results chan asr.Result
	frames  int // to the guess; 0: none is due
	once    sync.Once
}

func (s *guessing) Write(*media.Frame) bool {
	if s.frames > 0 {
		if s.frames--; s.frames == 0 {
			s.results <- asr.Result{Text: s.text}
		}
	}
	return true
}

func (s *guessing) Signal(sig asr.Signal) {
	if sig == asr.Began {
		s.frames = 50
	}
}

func (s *guessing) Results() <-chan asr.Result { return s.results }
func (s *guessing) Close() error               { s.once.Do(func() { close(s.results) }); return nil }
