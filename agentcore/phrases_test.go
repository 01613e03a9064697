package agentcore

import (
	"slices"
	"strings"
	"testing"
)

func TestPhrases(t *testing.T) {
	for _, tc := range []struct {
		text string
		want []string
	}{
		{"Hello. How are you?", []string{"Hello.", "How are you?"}},
		{"It costs 3.50 a day, Mr. Smith. Fine?", []string{"It costs 3.50 a day, Mr. Smith.", "Fine?"}},
		{"We are open from eight in the morning to five on weekdays, and on Saturdays until noon.",
			[]string{"We are open from eight in the morning to five on weekdays,", "and on Saturdays until noon."}},
		{"one\ntwo", []string{"one", "two"}},
		{"  \n ", nil},
		{"bell\x07 rings.", []string{"bell rings."}},
	} {
		if got := split(tc.text); !slices.Equal(got, tc.want) {
			t.Errorf("split(%q) = %q, want %q", tc.text, got, tc.want)
		}
	}
}

// FuzzPhrases: nothing is lost, doubled or reordered, however the text arrives.
func FuzzPhrases(f *testing.F) {
	f.Add("Hello there. What, exactly, do you mean by that thing you said? Mr. X.", uint8(3))
	f.Fuzz(func(t *testing.T, text string, step uint8) {
		if len(text) > 4096 {
			return
		}
		var s splitter
		var got []string
		n := int(step)%7 + 1
		for rest := text; rest != ""; {
			k := min(n, len(rest))
			got = append(got, s.add(rest[:k])...)
			rest = rest[k:]
		}
		if last := s.end(); last != "" {
			got = append(got, last)
		}
		if !isASCII(text) {
			return // a rune that is cut in two is dropped
		}
		// Words may be broken where no language has such a word; letters stay.
		letters := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if have, want := letters(strings.Join(got, " ")), letters(tidy(text)); have != want {
			t.Errorf("phrases %.200q hold %.200q, want %.200q", got, have, want)
		}
	})
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= 0x80 }) < 0
}

func TestPrefixIsWholeWords(t *testing.T) {
	const text = "We are open"
	for part, want := range map[float64]string{0: "", 0.1: "", 0.2: "We", 0.5: "We", 0.6: "We are", 1: text, 2: text} {
		if got := prefix(text, part); got != want {
			t.Errorf("prefix(%v) = %q, want %q", part, got, want)
		}
	}
}
