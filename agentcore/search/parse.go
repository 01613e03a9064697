package search

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Mistake is one thing that is wrong with a query.
type Mistake struct {
	At   int    // the character where it begins, from 1
	Text string // what is wrong and what is expected
}

func (m Mistake) String() string { return fmt.Sprintf("at %d: %s", m.At, m.Text) }

// Error is everything that is wrong with a query.
type Error []Mistake

func (e Error) Error() string {
	all := make([]string, len(e))
	for i, m := range e {
		all[i] = m.String()
	}
	return "search: " + strings.Join(all, "; ")
}

// Parse reads a query. What is wrong with it is an [Error] with every mistake.
func Parse(text string) (Query, error) {
	if len(text) > MaxBytes {
		return nil, Error{{1, fmt.Sprintf("a query has at most %d bytes, this one has %d", MaxBytes, len(text))}}
	}
	if !utf8.ValidString(text) {
		return nil, Error{{1, "a query is UTF-8 text, this one is not"}}
	}
	p := reader{rest: []rune(text)}
	for p.next() {
		p.term()
	}
	if p.terms > MaxTerms {
		p.wrong(1, "a query has at most %d terms, this one has %d", MaxTerms, p.terms)
	}
	if len(p.mistakes) > 0 {
		slices.SortStableFunc(p.mistakes, func(a, b Mistake) int { return a.At - b.At })
		return nil, p.mistakes
	}
	return p.query, nil
}

type reader struct {
	rest     []rune
	at       int // of rest, from 0
	terms    int
	query    Query
	mistakes Error
}

func (p *reader) wrong(at int, format string, args ...any) {
	p.mistakes = append(p.mistakes, Mistake{at, fmt.Sprintf(format, args...)})
}

// next goes to the beginning of the next term, if there is one.
func (p *reader) next() bool {
	for len(p.rest) > 0 && unicode.IsSpace(p.rest[0]) {
		p.take(1)
	}
	return len(p.rest) > 0
}

func (p *reader) take(n int) string {
	s := string(p.rest[:n])
	p.rest, p.at = p.rest[n:], p.at+n
	return s
}

// until takes what comes before the first character that stop accepts.
func (p *reader) until(stop func(rune) bool) string {
	n := slices.IndexFunc(p.rest, stop)
	if n < 0 {
		n = len(p.rest)
	}
	return p.take(n)
}

// term reads one term, right or wrong, to its end.
func (p *reader) term() {
	p.terms++
	at := p.at + 1
	name := p.until(func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(`:<>="`, r) })
	sign := p.sign()
	value, closed := p.value()
	k, known := keyOf(name)
	switch {
	case !closed:
		p.wrong(at, "a quotation mark is not closed")
	case sign == "":
		p.wrong(at, `%q is no term; a term is a key and a value, such as said:%q`, short(name+value), short(name+value))
	case !known:
		p.wrong(at, "there is no key %q; %s", short(name), suggestion(name))
	case k.op == (sign == ":"):
		p.wrong(at, "%s takes %s", k.Name, k.Takes)
	default:
		t := Term{Key: k.Name}
		if k.op {
			t.Op = Op(sign)
		}
		if !k.read(&t, value) {
			p.wrong(at, "%s takes %s%s", k.Name, k.Takes, hint(k.Name, value))
			return
		}
		p.query = append(p.query, t)
	}
}

// sign takes what stands between key and value; empty if nothing does.
func (p *reader) sign() string {
	for _, s := range []string{":", ">=", "<=", ">", "<", "="} {
		if n := len(s); len(p.rest) >= n && string(p.rest[:n]) == s {
			return p.take(n)
		}
	}
	return ""
}

// value takes a value, which may be quoted in whole or in parts. closed is false
// when a quotation is not.
func (p *reader) value() (v string, closed bool) {
	var b strings.Builder
	quoted := false
	for len(p.rest) > 0 {
		r := p.rest[0]
		switch {
		case r == '"':
			quoted = !quoted
			p.take(1)
			continue
		case r == '\\' && quoted && len(p.rest) > 1 && strings.ContainsRune(`"\`, p.rest[1]):
			p.take(1)
		case unicode.IsSpace(r) && !quoted:
			return b.String(), true
		}
		b.WriteString(p.take(1))
	}
	return b.String(), !quoted
}

func keyOf(name string) (key, bool) {
	for _, k := range keys {
		if string(k.Name) == name {
			return k, true
		}
	}
	return key{}, false
}

// short bounds what a message repeats.
func short(s string) string {
	r := []rune(s)
	if len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
