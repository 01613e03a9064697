package agentcore

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Lengths, in bytes, that rule where speech is split.
const (
	longPhrase  = 48  // a phrase this long may end at a comma: the caller hears its beginning sooner
	mostPhrase  = 400 // a phrase this long ends at the next space, whatever it says
	mostPhrases = 200 // in one reply
)

// splitter cuts a model's stream of text into phrases: sentences, and clauses
// of long ones. A phrase is what is journaled, spoken and marked as one.
type splitter struct{ rest strings.Builder }

// add takes more text and returns the phrases that it completes.
func (s *splitter) add(text string) []string {
	s.rest.WriteString(strings.ToValidUTF8(text, ""))
	all := s.rest.String()
	var out []string
	for {
		n := phraseEnd(all)
		if n == 0 {
			break
		}
		if p := tidy(all[:n]); p != "" {
			out = append(out, p)
		}
		all = all[n:]
	}
	s.rest.Reset()
	s.rest.WriteString(all)
	return out
}

// end returns what is left, as the last phrase.
func (s *splitter) end() string {
	p := tidy(s.rest.String())
	s.rest.Reset()
	return p
}

// phraseEnd is where the first whole phrase of text ends, 0 if none has ended.
// A mark ends a phrase only when a space follows: "9.30" and "a.m." go on.
func phraseEnd(text string) int {
	for i, r := range text {
		after := i + utf8.RuneLen(r)
		if after >= len(text) {
			return 0
		}
		next, _ := utf8.DecodeRuneInString(text[after:])
		switch {
		case r == '\n':
			return after
		case i >= 2*mostPhrase:
			return after // no language has such a word
		case !unicode.IsSpace(next):
		case strings.ContainsRune(".!?…", r) && !abbreviates(text[:i]):
			return after
		case strings.ContainsRune(",;:", r) && i >= longPhrase:
			return after
		case i >= mostPhrase:
			return after
		}
	}
	return 0
}

// abbreviates reports whether a full stop behind text belongs to its last word.
func abbreviates(text string) bool {
	word := text[strings.LastIndexFunc(text, unicode.IsSpace)+1:]
	switch strings.ToLower(strings.TrimLeft(word, "(\"'")) {
	case "mr", "mrs", "ms", "dr", "st", "no", "e.g", "i.e", "vs":
		return true
	}
	return false
}

// tidy folds white space and drops what no voice can say.
func tidy(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && !unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
	return strings.Join(strings.Fields(text), " ")
}

// split cuts a whole text into phrases.
func split(text string) []string {
	var s splitter
	out := s.add(text)
	if last := s.end(); last != "" {
		out = append(out, last)
	}
	return out
}

// prefix is the beginning of text that was spoken when part of all its sound
// had been, in whole words. It errs on the side of fewer words.
func prefix(text string, part float64) string {
	if part >= 1 {
		return text
	}
	upto := int(part * float64(len(text)))
	end := 0
	for i, r := range text {
		if i > upto {
			break
		}
		if unicode.IsSpace(r) {
			end = i
		}
	}
	return text[:end]
}

func words(text string) int { return len(strings.Fields(text)) }
