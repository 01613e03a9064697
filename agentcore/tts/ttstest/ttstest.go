// Package ttstest is the suite that every synthesizer passes.
package ttstest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/media"
)

// Run checks that what open returns keeps the contract of [tts.Synthesizer].
// open is called for each part of the suite; it cleans up by t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) tts.Synthesizer) {
	for _, c := range []struct {
		claim string
		check func(*testing.T, tts.Synthesizer)
	}{
		{"SpeaksWords", speaksWords},
		{"MoreWordsTakeLonger", moreWordsTakeLonger},
		{"NothingToSay", nothingToSay},
		{"OddText", oddText},
		{"WordsEndWhereTheyShould", wordsEnd},
		{"StopsAtTheFirstError", stopsAtTheFirstError},
		{"StopsWithItsContext", stopsWithItsContext},
		{"ManyAtOnce", manyAtOnce},
	} {
		t.Run(c.claim, func(t *testing.T) { c.check(t, open(t)) })
	}
}

// Speak collects what s says.
func Speak(t testing.TB, s tts.Synthesizer, text string) []media.Frame {
	t.Helper()
	var all []media.Frame
	err := s.Speak(t.Context(), text, tts.Frames(func(f *media.Frame) error {
		all = append(all, *f)
		return nil
	}))
	if err != nil {
		t.Fatalf("Speak(%.40q) = %v", text, err)
	}
	return all
}

func speaksWords(t *testing.T, s tts.Synthesizer) {
	all := Speak(t, s, "Hello. How can I help you today?")
	if d := time.Duration(len(all)) * media.FrameDuration; d < 200*time.Millisecond || d > 10*time.Second {
		t.Errorf("eight words took %v", d)
	}
	if p := peak(all); p < 2000 {
		t.Errorf("the loudest sample is %d: that is silence", p)
	}
}

func peak(all []media.Frame) (p int) {
	for _, f := range all {
		for _, s := range f {
			p = max(p, int(s), -int(s))
		}
	}
	return p
}

func moreWordsTakeLonger(t *testing.T, s tts.Synthesizer) {
	short := len(Speak(t, s, "One."))
	long := len(Speak(t, s, "One, two, three, four, five, six, seven, eight."))
	if long < 2*short {
		t.Errorf("one word: %d frames, eight words: %d", short, long)
	}
}

func nothingToSay(t *testing.T, s tts.Synthesizer) {
	for _, text := range []string{"", " ", "\n", "...", "—", "\x00", "?!"} {
		if n := len(Speak(t, s, text)); n != 0 {
			t.Errorf("Speak(%q) made %d frames, want none", text, n)
		}
	}
}

// oddText must be spoken in any way or refused, but never panic or hang.
func oddText(t *testing.T, s tts.Synthesizer) {
	for _, text := range []string{
		"-voice kal -o /etc/passwd", "--help", "\xff\xfe broken \xc3", "caf\u00e9 na\u00efve \u4f60\u597d", "1,234.56 at 9:30 a.m. on 3/4/2026",
		"<speak>hi</speak>", "a\x00b", "%s %d $HOME `id` $(id)", strings.Repeat("a", 200), strings.Repeat("9", 60), strings.Repeat(". , ", 50) + "end",
	} {
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		err := s.Speak(ctx, text, tts.Frames(func(*media.Frame) error { return nil }))
		stop()
		if e := new(tts.Error); err != nil && !errors.As(err, &e) {
			t.Errorf("Speak(%.40q) = %v, want nil or a *tts.Error", text, err)
		}
	}
}

func stopsAtTheFirstError(t *testing.T, s tts.Synthesizer) {
	full, n := errors.New("full"), 0
	err := s.Speak(t.Context(), "This goes on. And on. And on.", tts.Frames(func(*media.Frame) error {
		if n++; n == 3 {
			return full
		}
		return nil
	}))
	if !errors.Is(err, full) || n != 3 {
		t.Errorf("Speak = %v after %d frames, want out's own error after 3", err, n)
	}
}

func stopsWithItsContext(t *testing.T, s tts.Synthesizer) {
	over := errors.New("the caller spoke")
	ctx, stop := context.WithCancelCause(t.Context())
	n := 0
	err := s.Speak(ctx, strings.Repeat("This goes on for long. ", 40), tts.Frames(func(*media.Frame) error {
		if n++; n == 5 {
			stop(over)
		}
		return nil
	}))
	if !errors.Is(err, over) && !errors.Is(err, context.Canceled) {
		t.Errorf("Speak = %v, want the context's end", err)
	}
	if n > 5+50 {
		t.Errorf("%d frames came after the end", n-5)
	}
	if err := s.Speak(ctx, "Too late.", tts.Frames(func(*media.Frame) error { return nil })); err == nil {
		t.Error("Speak with an ended context = nil")
	}
}

func manyAtOnce(t *testing.T, s tts.Synthesizer) {
	want := len(Speak(t, s, "All of us speak at once."))
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			n := 0
			err := s.Speak(t.Context(), "All of us speak at once.", tts.Frames(func(*media.Frame) error { n++; return nil }))
			if err != nil || n < want*9/10 || n > want*11/10 {
				t.Errorf("Speak = %v with %d frames, want about %d", err, n, want)
			}
		})
	}
	wg.Wait()
}
