package agenttest

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/media"
)

// Speaker is a voice that codes its words, and can read them back from whatever
// was played of them. It says WordTime a word.
type Speaker struct {
	First time.Duration // until the first frame of a phrase
	Port  Port          // "tts.speak" goes through it, before the first frame

	mu    sync.Mutex
	texts []string
}

// LetterTime is how long a Speaker takes to say a letter.
const LetterTime = 60 * time.Millisecond

// Speak implements tts.Synthesizer, ten times faster than it is heard.
func (s *Speaker) Speak(ctx context.Context, text string, out tts.Sink) error {
	n := s.number(text)
	if err := s.Port.do(ctx, "tts.speak", func() error { return wait(ctx, s.First) }); err != nil {
		return err
	}
	var f media.Frame
	for i, word := range strings.Fields(text) {
		Code(&f, n, i)
		for range time.Duration(len(word)+1) * LetterTime / media.FrameDuration {
			if err := wait(ctx, media.FrameDuration/10); err != nil {
				return err
			}
			if err := out.Frame(&f); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Speaker) number(text string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.texts = append(s.texts, text)
	return len(s.texts) - 1
}

// Said reads back the words that frames hold, in order, each once in a row.
func (s *Speaker) Said(frames []media.Frame) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	lastText, lastWord := -1, -1
	for i := range frames {
		text, word, ok := Decode(&frames[i])
		if !ok || text >= len(s.texts) || text == lastText && word == lastWord {
			continue
		}
		lastText, lastWord = text, word
		out = append(out, strings.Fields(s.texts[text])[word])
	}
	return out
}
