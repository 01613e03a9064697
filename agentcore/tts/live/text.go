package live

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Speakable reports whether text has something to say: a letter or a digit.
func Speakable(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool {
		return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
	})
}

// Clean puts spaces where text has no valid UTF-8, or what is no text: control
// characters, marks of direction, private ones. Each byte becomes one space, so
// that a place in the clean text is the same place in text.
func Clean(text string) string {
	if !strings.ContainsFunc(text, unfit) {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if unfit(r) {
			b.WriteString("      "[:size])
		} else {
			b.WriteString(text[i : i+size])
		}
		i += size
	}
	return b.String()
}

// unfit reports whether r is nothing that a voice could be sent. The joiners of
// scripts and emoji are fit: without them words fall apart.
func unfit(r rune) bool {
	const nonJoiner, joiner = '\u200c', '\u200d'
	return r == utf8.RuneError || r != joiner && r != nonJoiner && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs)
}
