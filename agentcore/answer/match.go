package answer

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of one utterance, and of how far recognised words may be from a phrase.
const (
	mostText    = 4 << 10 // bytes; the end of a longer text counts
	mostTokens  = 800
	gap         = 2 // words that may stand between two of a phrase
	wideGap     = 7 // where it has a *
	fuzzyFrom   = 6 // letters of a word that may have one of them wrong
	fuzzierFrom = 10
)

// plain takes the marks off letters, which recognisers write or leave out.
var plain = strings.NewReplacer(
	"á", "a", "à", "a", "â", "a", "ä", "a", "ã", "a", "å", "a", "æ", "ae", "ç", "c",
	"é", "e", "è", "e", "ê", "e", "ë", "e", "í", "i", "ì", "i", "î", "i", "ï", "i", "ñ", "n",
	"ó", "o", "ò", "o", "ô", "o", "ö", "o", "õ", "o", "œ", "oe", "ß", "ss",
	"ú", "u", "ù", "u", "û", "u", "ü", "u", "ÿ", "y", "'", "", "’", "",
)

// tokens cuts a text into words without case, marks and apostrophes: "can't" is
// "cant", "después" "despues". Of a text that is too long the end counts.
func tokens(text string) []string {
	if len(text) > mostText {
		text = text[len(text)-mostText:]
	}
	text = plain.Replace(strings.ToLower(strings.ToValidUTF8(text, " ")))
	words := strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return words[max(0, len(words)-mostTokens):]
}

// match is a phrase found in a text.
type match struct {
	phrase      *phrase
	first, last int // words of the text
}

// find returns which of the phrases are in the text, each once, without those
// that lie within another, longer one, and of those of one class that overlap
// only the weightiest.
func (l *lexicon) find(text []string) []match {
	var found []match
	there := l.occurring(text)
	for i := range l.phrases {
		p := &l.phrases[i]
		if !p.possible(there) {
			continue
		}
		if m, ok := p.in(text); ok {
			found = append(found, m)
		}
	}
	var out []match
	for i, m := range found {
		if !m.covered(i, found) {
			out = append(out, m)
		}
	}
	return out
}

// occurring says of every form whether it is in text.
func (l *lexicon) occurring(text []string) []bool {
	there := make([]bool, len(l.forms))
	for i, t := range text {
		for _, id := range l.by[t[0]] { // whatever is alike begins alike
			if !there[id] {
				_, there[id] = stands(l.forms[id], text, i)
			}
		}
	}
	return there
}

// possible reports whether of each of the phrase's words a form is there.
func (p *phrase) possible(there []bool) bool {
	for _, w := range p.words {
		if !slices.ContainsFunc(w.ids, func(id int) bool { return there[id] }) {
			return false
		}
	}
	return true
}

// covered reports whether another one of all says what m, the one at self, says,
// and more. Of two alike the first stands.
func (m match) covered(self int, all []match) bool {
	for i, o := range all {
		switch {
		case i == self || o.last < m.first || m.last < o.first:
		case o.contains(m):
			return true
		case m.contains(o) || o.phrase.class != m.phrase.class:
		case o.phrase.weight > m.phrase.weight, o.phrase.weight == m.phrase.weight && i < self:
			return true
		}
	}
	return false
}

// contains reports whether o lies within m, which has more words.
func (m match) contains(o match) bool {
	return m.first <= o.first && m.last >= o.last && len(m.phrase.words) > len(o.phrase.words)
}

// in looks for the last place in text where the phrase stands.
func (p *phrase) in(text []string) (match, bool) {
	for from := len(text) - 1; from >= 0; from-- {
		n, ok := p.words[0].at(text, from)
		if !ok {
			continue
		}
		if last, ok := p.follow(text, from+n); ok {
			return match{p, from, last}, true
		}
	}
	return match{}, false
}

// follow looks for the rest of the phrase from a word of the text on, and returns
// where it ends.
func (p *phrase) follow(text []string, at int) (last int, ok bool) {
	last = at - 1
	for _, w := range p.words[1:] {
		far := gap
		if w.wide {
			far = wideGap
		}
		found := false
		for i := at; i <= at+far && i < len(text); i++ {
			if n, ok := w.at(text, i); ok {
				at, last, found = i+n, i+n-1, true
				break
			}
		}
		if !found {
			return 0, false
		}
	}
	return last, !p.ends || at >= len(text)
}

// at reports whether one of the word's forms stands at text[i], and over how many
// words.
func (w word) at(text []string, i int) (n int, ok bool) {
	for _, form := range w.forms {
		if n, ok := stands(form, text, i); ok {
			return n, true
		}
	}
	return 0, false
}

// stands is at for one form: "mail box" is "mailbox".
func stands(form string, text []string, i int) (n int, ok bool) {
	if form[0] != text[i][0] {
		return 0, false
	}
	if alike(form, text[i]) {
		return 1, true
	}
	if i+1 < len(text) && len(form) == len(text[i])+len(text[i+1]) &&
		strings.HasPrefix(form, text[i]) && strings.HasSuffix(form, text[i+1]) {
		return 2, true
	}
	return 0, false
}

// alike reports whether a recogniser may have heard b where a was said: the same
// but for a letter of a long word, two of a very long one.
func alike(a, b string) bool {
	if a == b {
		return true
	}
	may := 0
	switch n := min(utf8.RuneCountInString(a), utf8.RuneCountInString(b)); {
	case n >= fuzzierFrom:
		may = 2
	case n >= fuzzyFrom:
		may = 1
	}
	if may == 0 || len(a)-len(b) > 2*may || len(b)-len(a) > 2*may || a[0] != b[0] {
		return false
	}
	return distance(a, b) <= may
}

// distance is how many letters must be changed, added or left out. Words longer
// than 32 bytes are far from everything.
func distance(a, b string) int {
	const most = 32
	if len(a) > most || len(b) > most {
		return most
	}
	var row [most + 1]int
	for j := range len(b) + 1 {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			up := row[j+1]
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			row[j+1] = min(cost, up+1, row[j]+1)
			diagonal = up
		}
	}
	return row[len(b)]
}
