package script

import "strings"

// text is words with variables in them: "See you {day.on}."
type text []part

type part struct {
	words    string // as they are
	variable string // or the variable's name
}

// render puts the variables in. One that has no value is left out.
func (t text) render(value func(name string) string) string {
	var b strings.Builder
	for _, p := range t {
		words := p.words
		if p.variable != "" {
			words = value(p.variable)
		}
		if b.Len() == 0 {
			words = strings.TrimLeft(words, " ")
		}
		b.WriteString(words)
	}
	return upper(strings.Join(strings.Fields(b.String()), " "))
}

// newText reads variables out of words. bad is what is wrong with them, in
// words, or empty.
func newText(s string) (t text, bad string) {
	for s != "" {
		words, rest, found := strings.Cut(s, "{")
		if strings.Contains(words, "}") {
			return nil, `"}" without "{" before it`
		}
		if words != "" {
			t = append(t, part{words: words})
		}
		if !found {
			break
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed || strings.ContainsAny(name, "{ ") || name == "" {
			return nil, `"{" begins a variable: write {name}`
		}
		t = append(t, part{variable: name})
		s = after
	}
	return t, ""
}
