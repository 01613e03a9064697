// Package align finds the words that a voice has timed in the text that it was
// given. Voices tell words, not places, and often others than they were given:
// "twelve" for "12", "Doctor" for "Dr.".
package align

import (
	"math"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/hookswitch/hookswitch/agentcore/tts"
)

// How far ahead a word is looked for, in words of the text. A word that isn't
// there lets the next be looked for one further, since the voice may have left
// something out, but never so far that a common word is found in the wrong place.
const (
	near = 3
	far  = 24
)

// longest is the latest end that is believed: no phrase is so long.
const longest = time.Hour

// most is how many words are looked for in a text of n bytes. A voice may make
// several words of a number or a sign; one that goes on and on would keep us busy.
func most(n int) int { return 64 + 4*n }

// overlap is how much two words may be told to share.
const overlap = 60 * time.Millisecond

// Text is a phrase that is being spoken. It is used by one goroutine.
type Text struct {
	text   string
	at     int // what is before it was found
	missed int // words since the last that was found
	told   int // words that were looked for

	base  time.Duration // of the piece whose words come
	ended time.Duration // the end of the last word of all
}

// New begins a phrase.
func New(text string) *Text { return &Text{text: text} }

// Words are those of words, as a voice told them at once, that text has: in
// order, each with the punctuation that sticks to its end. starts and ends are in
// seconds, one for each word; what has no end, or one that is no time, is left
// out. Voices count from the beginning of the phrase; one whose times begin anew
// with each piece is understood, too: a piece is taken to begin where the last
// word before it ended.
func (t *Text) Words(words []string, starts, ends []float64) []tts.Word {
	var found []tts.Word
	for i, word := range words[:min(len(words), len(ends))] {
		upto, known := t.find(word)
		end, timed := seconds(ends[i])
		if !timed {
			continue
		}
		if i == 0 && len(starts) > 0 {
			if first, ok := seconds(starts[0]); ok && t.anew(first) {
				t.base = t.ended
			}
		}
		end += t.base
		t.ended = max(t.ended, end)
		if known {
			found = append(found, tts.Word{Upto: upto, End: end})
		}
	}
	return found
}

// anew reports whether times that begin with first are those of another piece:
// they go back, and not by a little.
func (t *Text) anew(first time.Duration) bool {
	lasted := t.ended - t.base
	return first+overlap < lasted && 2*first < lasted
}

// seconds is s as a duration, if it is one that speech can have.
func seconds(s float64) (time.Duration, bool) {
	if math.IsNaN(s) || s < 0 || s > longest.Seconds() {
		return 0, false
	}
	return time.Duration(s * float64(time.Second)), true
}

// find looks for word behind what was found before, and returns where it ends.
func (t *Text) find(word string) (upto int, ok bool) {
	if t.told++; t.told > most(len(t.text)) {
		return 0, false
	}
	word = strings.TrimFunc(word, outside)
	if word == "" {
		return 0, false
	}
	begun := false // whether the last rune was inside of a word
	for i, passed := t.at, 0; i < len(t.text); {
		r, size := utf8.DecodeRuneInString(t.text[i:])
		inside := !outside(r)
		if inside && (!begun || alone(r)) {
			if n := prefix(t.text[i:], word); n > 0 && ends(t.text[i+n:], word) {
				t.at, t.missed = i+n, 0
				return t.at + tail(t.text[t.at:]), true
			}
			if passed++; passed >= min(near+t.missed, far) {
				break
			}
		}
		begun, i = inside, i+size
	}
	t.missed++
	return 0, false
}

// outside reports whether r is no part of a word.
func outside(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) }

// alone reports whether r is of a script that puts no spaces between words.
func alone(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// prefix is how many bytes of text say word, capital or not; 0 if it says
// something else.
func prefix(text, word string) int {
	n := 0
	for _, want := range word {
		r, size := utf8.DecodeRuneInString(text[n:])
		if size == 0 || plain(r) != plain(want) {
			return 0
		}
		n += size
	}
	return n
}

// plain is r in the form that is compared.
func plain(r rune) rune {
	switch r {
	case '’', 'ʼ':
		return '\''
	}
	return unicode.ToLower(r)
}

// ends reports whether rest, behind word, begins with something else than more
// of it.
func ends(rest, word string) bool {
	r, size := utf8.DecodeRuneInString(rest)
	last, _ := utf8.DecodeLastRuneInString(word)
	return size == 0 || outside(r) || alone(r) || alone(last)
}

// tail is how many bytes at the beginning of rest belong to the word before it:
// its punctuation, if that is all until the next space.
func tail(rest string) int {
	for i, r := range rest {
		switch {
		case unicode.IsSpace(r):
			return i
		case !outside(r):
			return 0
		}
	}
	return len(rest)
}
