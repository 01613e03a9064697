package failover

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenttest"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/agentcore/tts/ttstest"
	"github.com/hookswitch/hookswitch/media"
)

// mouth is a voice that takes so many frames for a letter, and fails before
// frame failAt.
type mouth struct {
	name   string
	letter int // frames
	failAt int // -1: never
	timed  int // words whose ends it tells before it begins; -1: all
	asked  []string
}

func (m *mouth) String() string { return m.name }

func (m *mouth) Speak(ctx context.Context, text string, out tts.Sink) error {
	m.asked = append(m.asked, text)
	var f media.Frame
	n, end, at := 0, 0, 0
	words := strings.Fields(text)
	for i, w := range words {
		at = strings.Index(text[at:], w) + at + len(w)
		if end += len(w) * m.letter; i < m.timed || m.timed < 0 {
			out.Words(tts.Word{Upto: at, End: sound(end)})
		}
	}
	for i, w := range words {
		agenttest.Code(&f, 0, i)
		for range len(w) * m.letter {
			if n == m.failAt {
				return down(m.name)
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := out.Frame(&f); err != nil {
				return err
			}
			n++
		}
	}
	if n == m.failAt {
		return down(m.name)
	}
	return nil
}

func voices(all ...tts.Synthesizer) tts.Synthesizer {
	var c Config[tts.Synthesizer]
	for _, m := range all {
		c.Candidates = append(c.Candidates, Candidate[tts.Synthesizer]{Port: m})
	}
	return Voice(c)
}

// earpiece counts frames and keeps the ends of words.
type earpiece struct {
	frames int
	words  []tts.Word
	full   error // what Frame returns
}

func (l *earpiece) Frame(*media.Frame) error { l.frames++; return l.full }
func (l *earpiece) Words(w ...tts.Word)      { l.words = append(l.words, w...) }

const sentence = "We are open from eight to five on weekdays."

// Wherever a voice breaks, the next begins with a word of which nothing was said,
// and at most one or two are lost in between.
func TestNoWordIsSpokenTwiceByTwoVoices(t *testing.T) {
	words := strings.Fields(sentence)
	for _, voice := range []struct {
		claim  string
		letter int // frames; a second has 50
		timed  int
		most   int // words lost
	}{
		{"the voice tells its words", 3, -1, 1},
		{"a slow voice tells its words", 8, -1, 1},
		{"it tells some of them", 4, 3, 3},
		{"it tells nothing", 4, 0, 4},
		{"a slow voice tells nothing", 6, 0, 6},
	} {
		t.Run(voice.claim, func(t *testing.T) {
			all := 0
			for _, w := range words {
				all += len(w) * voice.letter
			}
			for failAt := range all + 1 {
				a := &mouth{name: "a", letter: voice.letter, failAt: failAt, timed: voice.timed}
				b := &mouth{name: "b", letter: 3, failAt: -1, timed: -1}
				var l earpiece
				if err := voices(a, b).Speak(t.Context(), sentence, &l); err != nil {
					t.Fatalf("broken at %d: %v", failAt, err)
				}
				begun, whole := 0, 0
				for n := failAt; begun < len(words) && n > 0; begun++ {
					if n -= len(words[begun]) * voice.letter; n >= 0 {
						whole++
					}
				}
				rest := strings.Join(b.asked, "|")
				next := len(words) - len(strings.Fields(rest))
				switch {
				case failAt == 0 && rest != sentence:
					t.Errorf("nothing was said, and the next was given %q", rest)
				case rest != "" && !strings.HasSuffix(sentence, rest):
					t.Errorf("the next was given %q", rest)
				case next < whole, next < begun && sound(failAt)-sound(begunAt(words, begun-1, voice.letter)) > breath:
					t.Errorf("broken in word %d, %d of them said: the next began with word %d", begun, whole, next)
				case next > begun+voice.most-1 && next > 0:
					t.Errorf("broken in word %d: the next began with word %d", begun, next)
				}
				checkWords(t, l)
			}
		})
	}
}

// begunAt is the frame at which a word begins.
func begunAt(words []string, n, letter int) (frames int) {
	for _, w := range words[:n] {
		frames += len(w) * letter
	}
	return frames
}

// checkWords checks that ends are in order, each once, and within the sound.
func checkWords(t *testing.T, l earpiece) {
	t.Helper()
	if !slices.IsSortedFunc(l.words, func(a, b tts.Word) int { return a.Upto - b.Upto }) {
		t.Errorf("words end out of order: %v", l.words)
	}
	for i, w := range l.words {
		if w.End > sound(l.frames) || i > 0 && (w.End < l.words[i-1].End || w.Upto == l.words[i-1].Upto) {
			t.Errorf("ends %v in %v of sound", l.words, sound(l.frames))
			return
		}
	}
}

// The ends of the rest count from the beginning of all.
func TestWordTimingsOfTheRestAreShifted(t *testing.T) {
	var l earpiece
	a := &mouth{name: "a", letter: 10, failAt: 65, timed: -1} // "One two" is 60 frames
	b := &mouth{name: "b", letter: 5, failAt: -1, timed: -1}
	if err := voices(a, b).Speak(t.Context(), "One two three four", &l); err != nil {
		t.Fatal(err)
	}
	want := []tts.Word{{Upto: 3, End: 600 * time.Millisecond}, {Upto: 7, End: 1200 * time.Millisecond}, {Upto: 18, End: 1700 * time.Millisecond}}
	if fmt.Sprint(b.asked) != "[four]" || !slices.Equal(l.words, want) {
		t.Errorf("the next was given %q; words end at %v, want %v", b.asked, l.words, want)
	}
}

func TestAVoiceIsReplacedAtOnceAndStays(t *testing.T) {
	var tr told
	a, b := &mouth{name: "a", letter: 3}, &mouth{name: "b", letter: 3, failAt: -1}
	v := voices(a, b)
	for range 2 {
		if err := v.Speak(tr.trace(t.Context()), sentence, &earpiece{}); err != nil {
			t.Fatal(err)
		}
	}
	tr.check(t, "a -> b")
	if len(a.asked) != 1 || len(b.asked) != 2 || b.asked[0] != sentence {
		t.Errorf("a was given %q, b %q", a.asked, b.asked)
	}
	b.failAt = 0
	if err := v.Speak(tr.trace(t.Context()), sentence, &earpiece{}); err == nil || err.Error() != down("a").Error() {
		t.Errorf("all fail: %v", err)
	}
	tr.check(t, "a -> b", "b -> a")
	if err := voices().Speak(t.Context(), sentence, &earpiece{}); !errors.Is(err, errNobody) {
		t.Errorf("an empty list: %v", err)
	}
}

// What the line refuses, and who was told to stop, is no failure of the voice.
func TestAVoiceThatIsCutIsNotReplaced(t *testing.T) {
	var tr told
	b := &mouth{name: "b", letter: 3, failAt: -1}
	v := voices(&mouth{name: "a", letter: 3, failAt: -1}, b)
	full := errors.New("full")
	if err := v.Speak(tr.trace(t.Context()), sentence, &earpiece{full: full}); !errors.Is(err, full) {
		t.Errorf("Speak = %v", err)
	}
	ctx, stop := context.WithCancel(tr.trace(t.Context()))
	stop()
	if err := v.Speak(ctx, sentence, &earpiece{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Speak = %v", err)
	}
	if tr.check(t); len(b.asked) != 0 {
		t.Errorf("the next was given %q", b.asked)
	}
}

// loud is a voice for the suite: 200 ms a word, in no time.
type loud struct{}

func (loud) Speak(ctx context.Context, text string, out tts.Sink) error {
	var f media.Frame
	agenttest.Code(&f, 0, 0)
	for _, w := range strings.Fields(text) {
		for n := 0; n < 10 && hasWord(w); n++ {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := out.Frame(&f); err != nil {
				return err
			}
		}
	}
	return nil
}

type mute struct{}

func (mute) Speak(context.Context, string, tts.Sink) error { return down("mute") }

func TestVoiceConformance(t *testing.T) {
	for claim, v := range map[string]func() tts.Synthesizer{
		"alone":     func() tts.Synthesizer { return voices(loud{}) },
		"preferred": func() tts.Synthesizer { return voices(loud{}, mute{}) },
		"next":      func() tts.Synthesizer { return voices(mute{}, loud{}) },
	} {
		t.Run(claim, func(t *testing.T) {
			ttstest.Run(t, func(*testing.T) tts.Synthesizer { return v() })
		})
	}
}

func FuzzBegun(f *testing.F) {
	f.Add(sentence, 0, 7, int64(100), 0, int64(2000))
	f.Add("caf\u00e9 \xff\u2003na\u00efve", 3, 5, int64(-4), 10, int64(50))
	f.Fuzz(func(t *testing.T, text string, from, upto int, wordEnd int64, before int, ms int64) {
		if from < 0 || from > len(text) || upto < from || upto > len(text) || before < 0 || ms < 0 || ms > 1e6 || before > 1e6 {
			return
		}
		begin := sound(before)
		at := begun(text, from, []tts.Word{{Upto: upto, End: begin + time.Duration(wordEnd)}}, begin, begin+time.Duration(ms)*time.Millisecond)
		if at < from && at != wordAfter(text, from) || at > len(text) {
			t.Errorf("the rest of %q from %d begins at %d", text, from, at)
		}
	})
}
