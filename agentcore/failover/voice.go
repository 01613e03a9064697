package failover

import (
	"context"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/media"
)

// Voice is a voice that is replaced by the next in the list when it fails.
//
// Before its first frame the next says the same text at once. After frames the
// next says the rest, from a word that surely was not begun: nothing is said
// twice, but a word or two in between may be lost.
func Voice(c Config[tts.Synthesizer]) tts.Synthesizer {
	return &voice{newList(provider.Voice, c.Candidates)}
}

type voice struct{ *list[tts.Synthesizer] }

// Speak implements [tts.Synthesizer].
func (v *voice) Speak(ctx context.Context, text string, out tts.Sink) error {
	if len(v.all) == 0 {
		return nobody("speak")
	}
	s := &speech{out: out, text: text}
	round := v.round()
	for t, ok := round.next(ctx); ok; t, ok = round.next(ctx) {
		err := s.say(ctx, t.Port)
		switch {
		case s.refused != nil || err != nil && ctx.Err() != nil:
			if s.frames > s.before {
				t.over(nil)
			} else {
				t.unused()
			}
			if s.refused != nil {
				return s.refused
			}
			return err
		case err == nil && s.frames == s.before:
			t.unused() // there was no word in it
			return nil
		case err == nil:
			s.tell(len(s.known))
			t.over(nil)
			return nil
		}
		round.failed(t, err)
		if s.skip(); !hasWord(s.text[s.from:]) {
			round.told(ctx)
			return nil // it failed in the last word, or behind it
		}
		if !round.more() {
			return err
		}
	}
	return nil
}

// speech is one text on its way through one voice or several. It is the Sink of
// each of them.
type speech struct {
	out     tts.Sink
	text    string
	from    int   // byte of text at which the voice that speaks now began
	before  int   // frames of the voices before it
	frames  int   // handed on, in all
	refused error // of out

	// known are the ends that this voice told, counted in text and from the very
	// first frame. Each is handed on when the sound has got there, and not before:
	// another voice may come to say that word at another time.
	known []tts.Word
	told  int
}

// mostWords bounds the timings of one text.
const mostWords = 2000

func (s *speech) say(ctx context.Context, voice tts.Synthesizer) error {
	s.before, s.known, s.told = s.frames, s.known[:0], 0
	return voice.Speak(ctx, s.text[s.from:], s)
}

// Frame implements [tts.Sink].
func (s *speech) Frame(f *media.Frame) error {
	if s.refused != nil {
		return s.refused
	}
	if s.refused = s.out.Frame(f); s.refused != nil {
		return s.refused
	}
	s.frames++
	s.tell(s.reached())
	return nil
}

// Words implements [tts.Sink].
func (s *speech) Words(words ...tts.Word) {
	for _, w := range words {
		if w.Upto < 0 || w.Upto > len(s.text)-s.from || len(s.known) == mostWords {
			continue
		}
		s.known = append(s.known, tts.Word{Upto: s.from + w.Upto, End: sound(s.before) + w.End})
	}
	s.tell(s.reached())
}

// reached is how many of the known words have ended in the sound so far.
func (s *speech) reached() int {
	n := s.told
	for n < len(s.known) && s.known[n].End <= sound(s.frames) {
		n++
	}
	return n
}

// tell hands on the ends of the first n known words.
func (s *speech) tell(n int) {
	if n > s.told {
		s.out.Words(s.known[s.told:n]...)
		s.told = n
	}
}

// skip moves from behind what was begun.
func (s *speech) skip() {
	if s.frames > s.before {
		s.from = begun(s.text, s.from, s.known, sound(s.before), sound(s.frames))
	}
}

// sound is how long so many frames last.
func sound(frames int) time.Duration { return time.Duration(frames) * media.FrameDuration }
