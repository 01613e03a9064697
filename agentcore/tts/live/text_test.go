package live

import (
	"testing"
	"unicode/utf8"
)

func TestSpeakable(t *testing.T) {
	for text, want := range map[string]bool{
		"": false, " ": false, "...": false, "\u2014": false, "\x00": false, "?!": false, "\xff": false, "\u200b": false,
		"a": true, "7": true, "\u4f60": true, "- yes": true, "\u00e9": true,
	} {
		if Speakable(text) != want {
			t.Errorf("Speakable(%q) = %v", text, !want)
		}
	}
}

func TestCleanKeepsEveryPlace(t *testing.T) {
	for text, want := range map[string]string{
		"plain, caf\u00e9.":      "plain, caf\u00e9.",
		"a\x00b\r\n\tc":          "a b   c",
		"\xff\xfe ok \xc3":       "   ok  ",
		"\ufeffhi\u202ethere":    "   hi   there",
		"\u0646\u200c\u0645":     "\u0646\u200c\u0645",
		"\U0001f469\u200d\u2695": "\U0001f469\u200d\u2695",
	} {
		if got := Clean(text); got != want {
			t.Errorf("Clean(%q) = %q, want %q", text, got, want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("Hello\x00, \xff caf\u00e9 \u202e")
	f.Fuzz(func(t *testing.T, text string) {
		got := Clean(text)
		if len(got) != len(text) || !utf8.ValidString(got) || Clean(got) != got {
			t.Errorf("Clean(%q) = %q", text, got)
		}
	})
}
