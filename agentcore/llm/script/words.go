package script

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of what is read of one message: more is not a thing that a caller says
// in one turn.
const (
	maxMessage = 4 << 10 // bytes
	maxTokens  = 400     // words of one message
	maxWord    = 40      // bytes of one word
)

// sentence is one of the caller's sentences: its words, lower case, without
// punctuation. A key is a word of its own: "[1]".
type sentence []string

func (s sentence) String() string { return strings.Join(s, " ") }

// read cuts a message into sentences. The recogniser's punctuation is a guess,
// so nothing may depend on it but what a question is about.
func read(text string) []sentence {
	if len(text) > maxMessage {
		text = text[:maxMessage]
	}
	var (
		all []sentence
		now sentence
		n   int
	)
	for _, field := range strings.Fields(strings.ToValidUTF8(text, " ")) {
		for _, w := range split(field) {
			if n++; n <= maxTokens {
				now = append(now, w)
			}
		}
		if ends(field) && len(now) > 0 {
			all, now = append(all, now), nil
		}
	}
	if len(now) > 0 {
		all = append(all, now)
	}
	return all
}

// ends says whether a field is the last of a sentence: "hours?" is, "p.m." is
// not.
func ends(field string) bool {
	last := field[len(field)-1]
	return (last == '.' || last == '?' || last == '!') && !strings.HasSuffix(strings.ToLower(field), ".m.")
}

// split makes words of one field: "Three-thirty," is "three", "thirty"; "3.30"
// is "3:30"; "p.m." is "pm"; "o'clock" is "oclock".
func split(field string) []string {
	var words []string
	var b strings.Builder
	end := func() {
		if b.Len() > 0 {
			words = append(words, b.String())
			b.Reset()
		}
	}
	rs := []rune(strings.ToLower(field))
	for i := 0; i < len(rs); i++ {
		r := rs[i]
		switch {
		case r == '[' && i+2 < len(rs) && rs[i+2] == ']' && isKey(rs[i+1]):
			end()
			words = append(words, string(rs[i:i+3]))
			i += 2
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if b.Len()+utf8.RuneLen(r) <= maxWord {
				b.WriteRune(r)
			}
		case (r == ':' || r == '.') && between(rs, i, unicode.IsDigit):
			b.WriteByte(':')
		case r == '.' && between(rs, i, unicode.IsLetter), r == '\'', r == '’':
			// dropped: p.m, what's
		default:
			end()
		}
	}
	end()
	return words
}

func isKey(r rune) bool { return r >= '0' && r <= '9' || r == '*' || r == '#' }

func between(rs []rune, i int, is func(rune) bool) bool {
	return i > 0 && i+1 < len(rs) && is(rs[i-1]) && is(rs[i+1])
}

// phrase is words to look for.
type phrase []string

func newPhrase(text string) phrase {
	var p phrase
	for _, s := range read(text) {
		p = append(p, s...)
	}
	return p
}

// find returns where p is in s, and how many letters differ: the closest one,
// the first of equals.
func (p phrase) find(s sentence) (at, cost int, ok bool) {
	cost = 1 << 30
	for i := 0; i+len(p) <= len(s) && cost > 0; i++ {
		if c, fits := p.fits(s[i:]); fits && c < cost {
			at, cost, ok = i, c, true
		}
	}
	return at, cost, ok
}

func (p phrase) fits(s sentence) (cost int, ok bool) {
	for i, want := range p {
		d, near := alike(want, s[i])
		if !near {
			return 0, false
		}
		cost += d
	}
	return cost, true
}

// alike says whether heard may be the word want misheard, and in how many
// letters. Words of fewer than five letters must be the same; up to seven
// letters one may differ, from eight on two. A first letter may get lost ("ours"
// for "hours") but not become another one: "eight" is not "right".
func alike(want, heard string) (letters int, ok bool) {
	if want == heard {
		return 0, true
	}
	most := 0
	switch n := len(want); {
	case n >= 8:
		most = 2
	case n >= 5:
		most = 1
	}
	if most == 0 || len(heard)-len(want) > most || len(want)-len(heard) > most {
		return 0, false
	}
	if heard[0] != want[0] && heard != want[1:] {
		return 0, false
	}
	d := distance(want, heard)
	return d, d <= most
}

// distance counts the letters that must be added, dropped, changed or swapped
// with a neighbour to make b of a. Both are at most maxWord bytes.
func distance(a, b string) int {
	var rows [3][maxWord + 1]int
	before, last, row := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
