package sms

import (
	"strings"
	"unicode"
)

// Split cuts body into parts of at most most units of [Length] each, where one
// would take a breath: after a sentence or a line, else between words, else
// between letters. White space at a cut is left out, as it is around the whole;
// nothing else is, and nothing is added. most is at least 2, so that every letter
// fits. A body of nothing has no parts.
func Split(body string, most int) []string {
	most = max(most, 2)
	var parts []string
	for {
		if body = strings.TrimSpace(body); body == "" {
			return parts
		}
		n := cut(body, most)
		parts = append(parts, strings.TrimRightFunc(body[:n], unicode.IsSpace))
		body = body[n:]
	}
}

// cut returns where the first part of body ends, in bytes, more than 0.
func cut(body string, most int) int {
	var letter, word, sentence int // the last place of each kind that fits
	var before letters
	used, end := 0, 0
	for i, r := range body {
		switch {
		case i == 0:
		case unicode.IsSpace(r):
			word = i
			if before.closed || r == '\n' {
				sentence = i
			}
		case before.ideal:
			sentence = i
		}
		if i > 0 && before.parts(r) {
			letter = i
		}
		end = i
		if used += units(r); used > most {
			return choose(sentence, word, letter, end)
		}
		before.take(r)
	}
	return len(body)
}

// choose takes the best place. A sentence that ends in the first third of a part
// leaves too much of it empty: then a word's end is better.
func choose(sentence, word, letter, end int) int {
	switch {
	case sentence*3 >= end:
		return sentence
	case word > 0:
		return word
	case letter > 0:
		return letter
	}
	return end // one letter of many parts is longer than all the room
}

// letters is what stands before a place in a text.
type letters struct {
	last   rune
	flags  int  // regional indicators in a row: two are a flag
	closed bool // a sentence ended, and perhaps its quotation marks
	ideal  bool // it ended in a script that has no spaces
}

// take adds r, which is valid text or U+FFFD.
func (l *letters) take(r rune) {
	switch {
	case strings.ContainsRune(".!?…", r):
		l.closed, l.ideal = true, false
	case strings.ContainsRune("。！？", r):
		l.closed, l.ideal = true, true
	case !strings.ContainsRune(`"'”’)]»」』）`, r):
		l.closed, l.ideal = false, false
	}
	if l.last = r; isFlag(r) {
		l.flags++
	} else {
		l.flags = 0
	}
}

const joiner = '\u200d' // zero width

// parts reports whether a text may be cut between what was taken and r. It is
// most of what Unicode's Standard Annex 29 says of grapheme clusters: marks,
// joined and coloured emoji, flags, Hangul in letters, and line ends.
func (l *letters) parts(r rune) bool {
	switch {
	case unicode.Is(unicode.M, r), r == joiner, l.last == joiner:
		return false
	case 0x1F3FB <= r && r <= 0x1F3FF, 0xE0020 <= r && r <= 0xE007F: // a skin's colour, a region's flag
		return false
	case isFlag(r) && l.flags%2 == 1:
		return false
	case 0x1160 <= r && r <= 0x11FF, 0x1100 <= r && r <= 0x115F && 0x1100 <= l.last && l.last <= 0x115F: // Hangul's vowels and finals; initials in a row
		return false
	case l.last == '\r' && r == '\n':
		return false
	}
	return true
}

func isFlag(r rune) bool { return 0x1F1E6 <= r && r <= 0x1F1FF }
