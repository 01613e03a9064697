package failover

import (
	"strings"
	"unicode"
)

// echo drops from the beginning of a model's words what was said before it: all
// of that, or the end of it. Words are compared without case and punctuation.
//
// One single word is an echo only if it is all that was said: "my number is five"
// may well go on with "five". What agrees with the middle and then ends says
// nothing new.
type echo struct {
	said []string
	from []int // places in said where the words so far may have begun
	n    int   // words so far
	text string
	read int  // bytes of text that were looked at
	old  int  // bytes of text that are surely an echo
	done bool // what follows is new
}

func newEcho(said string) *echo {
	e := &echo{}
	for _, word := range strings.Fields(said) {
		if w := bare(word); w != "" {
			e.from = append(e.from, len(e.said))
			e.said = append(e.said, w)
		}
	}
	return e
}

// strip takes more text and returns what of it is new, as soon as that is clear.
// Once done is set, whatever follows is.
func (e *echo) strip(text string) string {
	e.text += text
	for !e.done {
		word, end, ok := nextWord(e.text, e.read)
		if !ok {
			return ""
		}
		e.hear(word, end)
	}
	return e.news()
}

// rest is what is new of text that has ended.
func (e *echo) rest() string {
	if last := strings.TrimSpace(e.text[e.read:]); last != "" && !e.done {
		e.hear(last, len(e.text))
	}
	if !e.done && e.n > 0 {
		return "" // all of it was said
	}
	return e.news()
}

func (e *echo) news() string {
	e.done = true
	if e.old == 0 {
		return e.text
	}
	return strings.TrimLeftFunc(e.text[e.old:], unicode.IsSpace)
}

// hear compares one more word, which ends at byte end.
func (e *echo) hear(word string, end int) {
	e.read = end
	w := bare(word)
	if w == "" {
		return // a dash between words
	}
	on := e.from[:0]
	for _, k := range e.from {
		switch {
		case e.said[k+e.n] != w:
		case k+e.n+1 < len(e.said):
			on = append(on, k)
		case e.n > 0 || k == 0:
			e.old = end
		}
	}
	e.from = on
	e.n++
	e.done = len(on) == 0
}

// nextWord is the first whole word of text behind from: one that white space
// follows.
func nextWord(text string, from int) (word string, end int, ok bool) {
	begin := strings.IndexFunc(text[from:], func(r rune) bool { return !unicode.IsSpace(r) })
	if begin < 0 {
		return "", 0, false
	}
	begin += from
	n := strings.IndexFunc(text[begin:], unicode.IsSpace)
	if n < 0 {
		return "", 0, false
	}
	return text[begin : begin+n], begin + n, true
}

// bare is word in lower case, of letters and digits only.
func bare(word string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, word)
}

// longestWord is how many bytes are kept back at most until a word is complete.
// What is longer is no word, or in a script that does without spaces.
const longestWord = 40

// wholeWords splits text behind its last white space: what follows may be half a
// word.
func wholeWords(text string) (whole, held string) {
	n := strings.LastIndexFunc(text, unicode.IsSpace)
	if len(text)-n-1 > longestWord {
		return text, ""
	}
	if n < 0 {
		return "", text
	}
	for n++; n < len(text) && text[n]&0xC0 == 0x80; n++ { // a space of several bytes
	}
	return text[:n], text[n:]
}

// join is text as it goes on behind said: with a space between, and no two.
func join(said, text string) string {
	last := said[len(said)-1]
	if last == ' ' || last == '\n' {
		return strings.TrimLeft(text, " \n")
	}
	if text[0] == ' ' || text[0] == '\n' {
		return text
	}
	return " " + text
}
