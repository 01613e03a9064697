package whippy

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

// Words that fields are refused with, the same as in the native API.
const (
	blank    = "can't be blank"
	noText   = "must be a string"
	noFlag   = "must be true or false"
	noObject = "must be an object"
	noE164   = "must be a phone number in E.164 form, such as +14155550100"
	noEmail  = "must be an e-mail address, such as front-desk@example.com"
)

// fields reads a body's values. What is wrong is noted, and read as nothing.
// Names that nobody asks for are no mistake.
type fields struct {
	in    map[string]any
	wrong *roster.Problems
}

// text reads a string; absent and null are empty.
func (f fields) text(name string) string {
	s, ok := f.in[name].(string)
	if !ok && f.in[name] != nil {
		f.wrong.Add(name, noText)
	}
	return strings.TrimSpace(s)
}

// required reads a string that must be there.
func (f fields) required(name string) string {
	s := f.text(name)
	if s == "" && len(f.wrong.Of(name)) == 0 {
		f.wrong.Add(name, blank)
	}
	return s
}

// flag reads true or false; absent and null are false.
func (f fields) flag(name string) bool {
	b, ok := f.in[name].(bool)
	if !ok && f.in[name] != nil {
		f.wrong.Add(name, noFlag)
	}
	return b
}

// object reads an object; absent and null are none.
func (f fields) object(name string) map[string]any {
	m, ok := f.in[name].(map[string]any)
	if !ok && f.in[name] != nil {
		f.wrong.Add(name, noObject)
	}
	return m
}

// Bounds of a page (apis.md 2).
const (
	defaultLimit = 50
	maxLimit     = 100
	maxOffset    = 10_000
)

// page is the part of a list that a query asks for.
func page(q url.Values) (offset, limit int, err error) {
	var wrong roster.Problems
	limit = defaultLimit
	for _, one := range []struct {
		name        string
		least, most int
		into        *int
	}{{"offset", 0, maxOffset, &offset}, {"limit", 1, maxLimit, &limit}} {
		if !q.Has(one.name) {
			continue
		}
		n, err := strconv.Atoi(q.Get(one.name))
		if err != nil || n < one.least || n > one.most {
			wrong.Add(one.name, "must be an integer from %d to %d", one.least, one.most)
			continue
		}
		*one.into = n
	}
	if len(wrong) > 0 {
		return 0, 0, wrong
	}
	return offset, limit, nil
}

// slice is the part of all that a page has.
func slice[E any](all []E, offset, limit int) []E {
	all = all[min(offset, len(all)):]
	return all[:min(limit, len(all))]
}

// stamp is a time in an answer, in UTC; nil when it has not come.
func stamp(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := t.UTC().Format(time.RFC3339Nano)
	return &s
}
