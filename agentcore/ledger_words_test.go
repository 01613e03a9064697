package agentcore

import (
	"testing"
	"time"
	"unicode/utf8"

	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/media"
)

// What was heard of a phrase, by the timings that its voice gave: where they are
// missing, such as of a voice that was replaced in mid-phrase, by the length of
// the text between those that are there.
func TestHeardByTheTimingsThatThereAre(t *testing.T) {
	const (
		ms   = time.Millisecond
		text = "Yes we have some rooms left for you."
	)
	first := []tts.Word{{Upto: len("Yes"), End: 300 * ms}, {Upto: len("Yes we"), End: 600 * ms}}
	last := []tts.Word{{Upto: len("Yes we have some rooms"), End: 2000 * ms}, {Upto: len(text) - 1, End: 3000 * ms}}
	for _, tt := range []struct {
		claim  string
		words  []tts.Word
		played time.Duration
		made   bool // all of its sound, which lasts 3 s
		want   string
	}{
		{"none of them", nil, 1500 * ms, true, "Yes we have some"},
		{"in the first word", first, 200 * ms, true, ""},
		{"between words that are known", first, 500 * ms, true, "Yes"},
		{"behind the last that is known", first, 2000 * ms, true, "Yes we have some rooms"},
		{"behind the last that is known, and more is to come", first, 2000 * ms, false, "Yes we have some rooms"},
		{"before the first that is known", last, 1500 * ms, true, "Yes we have some"},
		{"at the first that is known", last, 2000 * ms, true, "Yes we have some rooms"},
		{"a gap", append(first[:2:2], last...), 1500 * ms, true, "Yes we have some"},
		{"a voice that is slow, and has more to say", []tts.Word{{Upto: len("Yes we have"), End: 3 * time.Second}}, 3 * time.Second, false, "Yes we have"},
		{"all", last, 3000 * ms, true, text},
	} {
		t.Run(tt.claim, func(t *testing.T) {
			if got := heardBy(text, tt.words, tt.played, tt.made); got != tt.want {
				t.Errorf("heard %q, want %q", got, tt.want)
			}
		})
	}
}

// Of a phrase without any sound nothing was heard, whatever was behind it.
func TestAPhraseWithoutSoundIsNotHeard(t *testing.T) {
	l := newLedger()
	l.open(1)
	for phrase, text := range []string{"Yes.", "No."} {
		l.plan(1, text, func(int) {})
		l.close(1, phrase)
		l.sent += 50
	}
	l.played = 100
	if got := l.cut(1).phrases[0].heard; got != "" {
		t.Errorf("heard %q", got)
	}
}

// A timing that ends within a letter is none: the journal could not be read again.
func TestATimingWithinALetterIsNone(t *testing.T) {
	for upto := range len("Größe da") + 2 {
		if got := heardBy("Größe da", []tts.Word{{Upto: upto, End: 20 * time.Millisecond}}, time.Second, false); !utf8.ValidString(got) {
			t.Errorf("%d bytes: heard %q", upto, got)
		}
	}
}

func heardBy(text string, words []tts.Word, played time.Duration, made bool) string {
	l := newLedger()
	l.open(1)
	l.plan(1, text, func(int) {})
	l.time(1, 0, words)
	l.lines[0].from, l.sent = 0, int(3*time.Second/media.FrameDuration)
	l.played = int(played/media.FrameDuration) + doubt
	if made {
		l.close(1, 0)
	}
	return l.cut(1).phrases[0].heard
}
