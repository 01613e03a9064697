package flite

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// How long the voice rests after a clause.
const (
	pauseComma    = 150 * time.Millisecond
	pauseSentence = 300 * time.Millisecond
	pauseBreath   = 30 * time.Millisecond // where a clause was cut only because it was long
)

const (
	shortClause = 12  // a comma before that doesn't end a clause
	longClause  = 120 // a clause ends at the next space, comma or none
	mostClause  = 160 // a clause ends
)

// weight is how long a byte takes to say, in letters. Digits and signs are
// words of their own.
func weight(c byte) int {
	switch {
	case c == ' ', c == '.', c == ',', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
		return 1
	}
	return 5
}

// clause is a piece of text that is spoken in one go.
type clause struct {
	text  string
	pause time.Duration // to rest after it
}

// clauses cuts text where a speaker would breathe.
func clauses(text string) (all []clause) {
	add := func(s string, pause time.Duration) {
		if s = strings.TrimSpace(s); speakable(s) {
			all = append(all, clause{s, pause})
		}
	}
	start, long := 0, 0
	for i := 0; i < len(text); i++ {
		end := i + 1
		long += weight(text[i])
		last := end == len(text)
		pause := time.Duration(0)
		switch c := text[i]; {
		case last:
			pause = pauseSentence
		case text[end] != ' ':
		case strings.IndexByte("!?", c) >= 0, c == '.' && !abbreviated(text[start:i]):
			pause = pauseSentence
		case strings.IndexByte(",;:", c) >= 0 && long >= shortClause:
			pause = pauseComma
		case long >= longClause:
			pause = pauseBreath
		}
		if pause == 0 && long >= mostClause {
			pause = pauseBreath
		}
		if pause > 0 {
			add(text[start:end], pause)
			start, long = end, 0
		}
	}
	return all
}

// abbreviations are the common ones that a sentence goes on after.
var abbreviations = map[string]bool{
	"mr": true, "mrs": true, "ms": true, "dr": true, "st": true, "no": true, "ave": true, "dept": true,
	"ext": true, "approx": true, "vs": true, "jr": true, "sr": true, "prof": true, "inc": true, "e.g": true, "i.e": true,
	"a.m": true, "p.m": true, "u.s": true,
}

// abbreviated says whether the dot after s belongs to its last word.
func abbreviated(s string) bool {
	word := strings.ToLower(s[strings.LastIndexByte(s, ' ')+1:])
	if len(word) == 1 && word[0] >= 'a' && word[0] <= 'z' && word != "i" {
		return true // an initial
	}
	return abbreviations[word]
}

// speakable says whether s has a letter or a digit.
func speakable(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
}

// plain is ASCII for what is often met in text and unknown to flite.
var plain = strings.NewReplacer(
	"‘", "'", "’", "'", "“", `"`, "”", `"`, "…", ". ", "–", ", ", "—", ", ", "•", ", ",
	"€", " euros ", "£", " pounds ", "°", " degrees ", "½", " and a half", "ß", "ss",
	"à", "a", "á", "a", "â", "a", "ã", "a", "ä", "a", "å", "a", "æ", "ae", "ç", "c", "è", "e", "é", "e", "ê", "e",
	"ë", "e", "ì", "i", "í", "i", "î", "i", "ï", "i", "ñ", "n", "ò", "o", "ó", "o", "ô", "o", "õ", "o", "ö", "o",
	"ø", "o", "œ", "oe", "ù", "u", "ú", "u", "û", "u", "ü", "u", "ý", "y", "ÿ", "y",
	"À", "A", "Á", "A", "Â", "A", "Ä", "A", "Å", "A", "Ç", "C", "È", "E", "É", "E", "Ê", "E", "Í", "I", "Î", "I",
	"Ñ", "N", "Ó", "O", "Ô", "O", "Ö", "O", "Ø", "O", "Ú", "U", "Ü", "U",
)

// clean leaves printable ASCII, single spaces between words: flite reads bytes,
// and knows no others.
func clean(text string) string {
	text = plain.Replace(strings.ToValidUTF8(text, " "))
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r >= utf8.RuneSelf || r == 0x7f {
			return ' '
		}
		return r
	}, text)
	return strings.Join(strings.Fields(text), " ")
}
