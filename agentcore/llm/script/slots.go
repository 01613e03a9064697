package script

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// slot is something that the caller may tell.
type slot struct {
	name     string
	kind     string // day, time, choice, keys, pattern
	earliest int    // time: see clock
	choices  []choice
	match    []*regexp.Regexp // pattern: the first group, or all of it
}

type choice struct {
	value value
	words []phrase
}

// find returns every value of the slot in one sentence, in order.
func (s *slot) find(words sentence, asked bool) []hit {
	switch s.kind {
	case "time":
		return clock{words: words, earliest: s.earliest, asked: asked}.find()
	case "day", "choice":
		return find(s.choices, words)
	}
	var hits []hit
	text := words.String()
	for _, re := range s.match {
		m := re.FindStringSubmatchIndex(text)
		if m == nil {
			continue
		}
		if len(m) >= 4 && m[2] >= 0 {
			m = m[2:4]
		}
		if m[0] == m[1] {
			continue
		}
		from := strings.Count(text[:m[0]], " ")
		to := from + 1 + strings.Count(text[m[0]:m[1]], " ")
		v := strings.TrimSpace(text[m[0]:m[1]])
		hits = append(hits, hit{from, to, value{v, v, v}})
	}
	return hits
}

// find looks for the choices: each word of the sentence belongs to the longest
// and then the closest phrase.
func find(choices []choice, words sentence) []hit {
	var hits []hit
	for i := 0; i < len(words); {
		n, cost, v, tie := 0, 0, value{}, false
		for _, ch := range choices {
			for _, p := range ch.words {
				if len(p) > len(words)-i || len(p) < n {
					continue
				}
				c, ok := p.fits(words[i:])
				switch {
				case !ok || len(p) == n && c > cost:
				case len(p) == n && c == cost && v != ch.value:
					tie = true // could be either: better to ask
				default:
					n, cost, v, tie = len(p), c, ch.value, false
				}
			}
		}
		if n == 0 || tie {
			i++
			continue
		}
		hits = append(hits, hit{i, i + n, v})
		i += n
	}
	return hits
}

// days are the choices of a slot of kind day.
var days = func() []choice {
	var all []choice
	for _, d := range []string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"} {
		low := strings.ToLower(d)
		all = append(all, choice{
			value{d, d, "on " + d},
			[]phrase{{low}, {strings.TrimSuffix(low, "day"), "day"}},
		})
	}
	for _, d := range []string{"today", "tomorrow", "the day after tomorrow"} {
		all = append(all, choice{value{d, d, d}, []phrase{newPhrase(d)}})
	}
	return all
}()

// newChoices makes the choices of a script: each value is its own phrase, too.
func newChoices(values []string, also map[string][]string) []choice {
	var all []choice
	for _, v := range values {
		ch := choice{value: value{v, v, v}}
		for _, w := range append([]string{v}, also[v]...) {
			if p := newPhrase(w); len(p) > 0 && !slices.ContainsFunc(ch.words, func(o phrase) bool { return slices.Equal(o, p) }) {
				ch.words = append(ch.words, p)
			}
		}
		all = append(all, ch)
	}
	return all
}

// upper makes the first letter of a line a capital.
func upper(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 || r == utf8.RuneError {
		return s
	}
	return string(unicode.ToUpper(r)) + s[n:]
}
