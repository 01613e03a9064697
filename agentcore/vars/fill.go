package vars

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fill replaces every {{name}} in text. A name that s doesn't hold becomes
// nothing, and is told to missing, which may be nil. What is put in is not
// looked at again. Braces that enclose no name stay: a prompt may hold JSON.
func (s Set) Fill(text string, missing func(name string)) string {
	return s.FillEscaped(text, func(v string) string { return v }, missing)
}

// FillEscaped is Fill for a place where values must not be taken for syntax,
// such as a URL's query: each is passed through escape.
func (s Set) FillEscaped(text string, escape func(string) string, missing func(name string)) string {
	filled, _ := s.FillWithin(text, math.MaxInt, escape, missing)
	return filled
}

// FillWithin is FillEscaped for a place that holds at most most bytes. ok is
// false when the values have no room in it, and then no more was put together
// than fits: a short text that names a long value very often would else fill the
// memory before anybody measures it.
func (s Set) FillWithin(text string, most int, escape func(string) string, missing func(name string)) (filled string, ok bool) {
	var b strings.Builder
	for {
		before, name, after, more := next(text)
		b.WriteString(before)
		if !more {
			return b.String(), b.Len() <= most
		}
		if v, ok := s.Lookup(name); ok {
			value := Text(v)
			if len(value) > most-b.Len() { // escaped it is no shorter
				return "", false
			}
			b.WriteString(escape(value))
		} else if missing != nil {
			missing(name)
		}
		text = after
	}
}

// Lookup is the value of name. A variable whose value is its own placeholder,
// as in seed 001, has none.
func (s Set) Lookup(name string) (any, bool) {
	v, ok := s[name]
	if text, is := v.(string); ok && is {
		if own, is := Only(text); is && own == name {
			return nil, false
		}
	}
	return v, ok
}

// Only returns the name when text is one {{name}} and nothing else.
func Only(text string) (name string, is bool) {
	before, name, after, ok := next(text)
	return name, ok && before == "" && after == ""
}

// Names are the names in text, each as often as it stands there.
func Names(text string) []string {
	var all []string
	for {
		_, name, after, ok := next(text)
		if !ok {
			return all
		}
		all = append(all, name)
		text = after
	}
}

// next finds the first placeholder in text. Of braces within braces the inner
// ones count. Without a placeholder all of text is before it.
func next(text string) (before, name, after string, ok bool) {
	for from := 0; ; {
		closes := strings.Index(text[from:], "}}")
		if closes < 0 {
			return text, "", "", false
		}
		closes += from
		opens := strings.LastIndex(text[from:closes], "{{")
		if opens >= 0 {
			opens += from
			if name := strings.TrimSpace(text[opens+2 : closes]); isName(name) {
				return text[:opens], name, text[closes+2:], true
			}
		}
		from = closes + 1 // "}}}" closes at its first or its second brace
	}
}

// isName reports whether a placeholder may hold s: what can be a variable's
// name, and is no piece of JSON or prose with line breaks.
func isName(s string) bool {
	if s == "" || utf8.RuneCountInString(s) > MaxKey {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return strings.ContainsRune(`{}"`, r) || unicode.IsControl(r)
	})
}
