package ttstest

import (
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/media"
)

// listener remembers frames and words.
type listener struct {
	frames int
	words  []tts.Word
}

func (l *listener) Frame(*media.Frame) error { l.frames++; return nil }
func (l *listener) Words(w ...tts.Word)      { l.words = append(l.words, w...) }

// Words speaks text and returns where s says that its words end, having checked
// that it may be so: in order, each at the end of a word, none long after the
// sound. A voice without timings returns none.
func Words(t testing.TB, s tts.Synthesizer, text string) []tts.Word {
	t.Helper()
	l := &listener{}
	if err := s.Speak(t.Context(), text, l); err != nil {
		t.Fatalf("Speak(%.40q) = %v", text, err)
	}
	last := tts.Word{}
	for _, w := range l.words {
		if w.Upto <= last.Upto || w.End < last.End {
			t.Errorf("a word that ends at %+v comes after one that ends at %+v", w, last)
		}
		if w.Upto > len(text) || !endsAt(text, w.Upto) {
			t.Errorf("no word of %.40q ends at byte %d", text, w.Upto)
		}
		last = w
	}
	if d := time.Duration(l.frames) * media.FrameDuration; last.End > d+100*time.Millisecond {
		t.Errorf("the last word ends at %v, the sound at %v", last.End, d)
	}
	return l.words
}

// endsAt reports whether a word of text ends at byte n, with or without the mark
// that follows it.
func endsAt(text string, n int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:n])
	after, _ := utf8.DecodeRuneInString(text[n:])
	return !unicode.IsSpace(before) && (n == len(text) || !unicode.IsLetter(after) && !unicode.IsDigit(after))
}

func wordsEnd(t *testing.T, s tts.Synthesizer) {
	const text = "We're open from nine to five, caf\u00e9 and all."
	if all := Words(t, s, text); len(all) > 0 && all[len(all)-1].Upto < len(text)-1 {
		t.Errorf("the last word that ends is at byte %d of %d", all[len(all)-1].Upto, len(text))
	}
}
