package corpus

import (
	"slices"
	"strings"
	"testing"
)

// What an engine is tuned on must not be what it is measured on.
func TestThePartsShareNoVoiceAndNoSentence(t *testing.T) {
	for _, v := range casts[Train] {
		if slices.Contains(casts[Test], v) {
			t.Errorf("voice %s is in both parts", v)
		}
	}
	seen := map[string]string{}
	for name, w := range everything {
		for _, text := range w[Train] {
			for _, s := range sentences(text) {
				seen[s] = name
			}
		}
	}
	for name, w := range everything {
		for _, text := range w[Test] {
			for _, s := range sentences(text) {
				if where, both := seen[s]; both && strings.Contains(s, " ") {
					t.Errorf("%q is in the training part (%s) and in the test part (%s)", s, where, name)
				}
			}
		}
	}
}

func TestThePartsShareNoName(t *testing.T) {
	for s, w := range slots {
		for _, word := range w[Train] {
			if slices.Contains(w[Test], word) {
				t.Errorf("%s: %q is in both parts", s, word)
			}
		}
	}
}

func TestEveryOccasionHasWordsInBothPartsWhoseSlotsCanBeFilled(t *testing.T) {
	for name, w := range everything {
		for _, p := range Parts {
			if len(w[p]) == 0 {
				t.Errorf("nothing is said for %q in the %v part", name, p)
			}
			for i := range w[p] {
				if text := w.text(i, newDice(p, name)); strings.ContainsAny(text, "{}") || text == "" {
					t.Errorf("%q, %v: %q", name, p, text)
				}
			}
		}
	}
}

func TestSentencesAreComparedWithoutCaseAndPoints(t *testing.T) {
	got := sentences("Hi, {name} here.|LEAVE a message!  It's fine; bye")
	want := []string{"hi {name} here", "leave a message", "it's fine", "bye"}
	if !slices.Equal(got, want) {
		t.Errorf("sentences = %q, want %q", got, want)
	}
}
