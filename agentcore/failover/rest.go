package failover

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/hookswitch/hookswitch/agentcore/tts"
)

// fastest is how many letters a fast voice says in a second. Usual are 15; to
// reckon with more loses a word rather than say one twice.
const fastest = 20

// breath is how far into a word one may be without having begun it.
const breath = 40 * time.Millisecond

// begun is where in text the first word begins of which nothing was said yet,
// when the sound of text from byte from on lasted from begin to end. known are
// the words whose ends the voice told; behind the last of them, and without any,
// it is guessed, rather too far.
func begun(text string, from int, known []tts.Word, begin, end time.Duration) int {
	upto, at := from, begin
	for _, w := range known {
		if w.End > end { // this one was being said
			if end-at > breath {
				upto = max(upto, w.Upto)
			}
			return wordAfter(text, upto)
		}
		if w.Upto >= upto {
			upto, at = w.Upto, w.End
		}
	}
	if end-at > breath {
		upto = letters(text, upto, end-at)
	}
	return wordAfter(text, upto)
}

// letters is the byte of text up to which a fast voice gets in d, from byte from
// on, rounded up to whole letters.
func letters(text string, from int, d time.Duration) int {
	n := int(d*fastest/time.Second) + 1
	for ; n > 0 && from < len(text); n-- {
		_, size := utf8.DecodeRuneInString(text[from:])
		from += size
	}
	return from
}

// wordAfter is where the first word begins that doesn't begin before byte at.
func wordAfter(text string, at int) int {
	if at <= 0 {
		return 0
	}
	if at >= len(text) {
		return len(text)
	}
	if last, _ := utf8.DecodeLastRuneInString(text[:at]); !unicode.IsSpace(last) { // in a word, or right behind it
		n := strings.IndexFunc(text[at:], unicode.IsSpace)
		if n < 0 {
			return len(text)
		}
		at += n
	}
	n := strings.IndexFunc(text[at:], func(r rune) bool { return !unicode.IsSpace(r) })
	if n < 0 {
		return len(text)
	}
	return at + n
}

// hasWord reports whether a voice could say anything of text.
func hasWord(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
}
