package roster

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// form reads the fields of a JSON object into places that hold what was there
// before: a field that is absent leaves its place alone, null puts the default
// there, and what is wrong is noted under the field's dotted name and leaves the
// place alone, too. Names that nobody asks for are no mistake.
type form struct {
	in    map[string]any // from JSON; numbers are json.Number
	under string         // "llm."
	wrong *Problems
}

// Words that several fields are refused with.
const (
	blank       = "can't be blank"
	noNumber    = "is not a number"
	noInteger   = "must be an integer"
	noText      = "must be a string"
	noFlag      = "must be true or false"
	noObject    = "must be an object"
	noArray     = "must be an array"
	notIncluded = "is not included in the list"
	invalid     = "is invalid"
	taken       = "has already been taken"
)

func (f form) refuse(name, format string, args ...any) { f.wrong.Add(f.under+name, format, args...) }

func (f form) has(name string) bool {
	_, ok := f.in[name]
	return ok
}

// text reads a string of at most most characters.
func (f form) text(name string, most int, or string, into *string) bool {
	v, ok := f.in[name]
	if !ok {
		return false
	}
	if v == nil {
		*into = or
		return true
	}
	s, ok := v.(string)
	switch {
	case !ok:
		f.refuse(name, noText)
		return false
	case utf8.RuneCountInString(s) > most:
		f.refuse(name, "is too long (maximum is %d characters)", most)
		return false
	case strings.ContainsRune(s, 0): // no database keeps it
		f.refuse(name, invalid)
		return false
	}
	*into = s
	return true
}

// textOrNull is text whose default is nil.
func (f form) textOrNull(name string, most int, into **string) bool {
	if v, ok := f.in[name]; ok && v == nil {
		*into = nil
		return true
	}
	var s string
	if !f.text(name, most, "", &s) {
		return false
	}
	*into = &s
	return true
}

// line is text that people read in lists: not blank, without control characters.
func (f form) line(name string, most int, into *string) {
	if !f.text(name, most, "", into) {
		return
	}
	switch {
	case strings.TrimSpace(*into) == "":
		f.refuse(name, blank)
	case strings.ContainsFunc(*into, unicode.IsControl):
		f.refuse(name, invalid)
	}
}

// oneOf is text out of a list.
func (f form) oneOf(name string, list []string, or string, into *string) {
	var s string
	switch {
	case !f.text(name, 255, or, &s):
	case !slices.Contains(list, s):
		f.refuse(name, notIncluded)
	default:
		*into = s
	}
}

// whole reads an integer from least to most.
func (f form) whole(name string, least, most, or int, into *int) {
	v, ok := f.in[name]
	if !ok {
		return
	}
	if v == nil {
		*into = or
		return
	}
	n, ok := number(v)
	switch {
	case !ok:
		f.refuse(name, noNumber)
	case n != math.Trunc(n):
		f.refuse(name, noInteger)
	case n < float64(least):
		f.refuse(name, "must be greater than or equal to %d", least)
	case n > float64(most):
		f.refuse(name, "must be less than or equal to %d", most)
	default:
		*into = int(n)
	}
}

// number reads a number from least to most.
func (f form) number(name string, least, most, or float64, into *float64) {
	v, ok := f.in[name]
	if !ok {
		return
	}
	if v == nil {
		*into = or
		return
	}
	n, ok := number(v)
	switch {
	case !ok:
		f.refuse(name, noNumber)
	case n < least:
		f.refuse(name, "must be greater than or equal to %v", least)
	case n > most:
		f.refuse(name, "must be less than or equal to %v", most)
	default:
		*into = n
	}
}

// flag reads true or false.
func (f form) flag(name string, or bool, into *bool) {
	v, ok := f.in[name]
	if !ok {
		return
	}
	switch v := v.(type) {
	case nil:
		*into = or
	case bool:
		*into = v
	default:
		f.refuse(name, noFlag)
	}
}

// object returns the object under name, as a form; nil is true for null. ok is
// false when there is none, or something else.
func (f form) object(name string) (in form, null, ok bool) {
	v, there := f.in[name]
	if !there {
		return form{}, false, false
	}
	if v == nil {
		return form{}, true, true
	}
	m, is := v.(map[string]any)
	if !is {
		f.refuse(name, noObject)
		return form{}, false, false
	}
	return form{m, f.under + name + ".", f.wrong}, false, true
}

// list returns the array under name, of at most most elements; null is empty.
func (f form) list(name string, most int) (all []any, ok bool) {
	v, there := f.in[name]
	if !there {
		return nil, false
	}
	if v == nil {
		return nil, true
	}
	all, is := v.([]any)
	switch {
	case !is:
		f.refuse(name, noArray)
		return nil, false
	case len(all) > most:
		f.refuse(name, "is too long (maximum is %d)", most)
		return nil, false
	}
	return all, true
}

// item returns an element of list name as a form: "webhooks.0.".
func (f form) item(name string, i int, v any) (form, bool) {
	at := name + "." + strconv.Itoa(i)
	m, ok := v.(map[string]any)
	if !ok {
		f.refuse(at, noObject)
	}
	return form{m, f.under + at + ".", f.wrong}, ok
}

// texts reads an array of strings of at most length characters.
func (f form) texts(name string, most, length int, into *[]string) bool {
	all, ok := f.list(name, most)
	if !ok {
		return false
	}
	out := make([]string, 0, len(all))
	for _, v := range all {
		s, is := v.(string)
		switch {
		case !is:
			f.refuse(name, "must be an array of strings")
			return false
		case utf8.RuneCountInString(s) > length:
			f.refuse(name, "is too long (maximum is %d characters each)", length)
			return false
		case strings.TrimSpace(s) == "" || strings.ContainsRune(s, 0):
			f.refuse(name, "can't contain blank strings")
			return false
		}
		out = append(out, s)
	}
	*into = out
	return true
}

// number is the value of a JSON number that a float64 can hold.
func number(v any) (float64, bool) {
	switch v := v.(type) {
	case json.Number:
		n, err := v.Float64()
		return n, err == nil && !math.IsInf(n, 0)
	case float64:
		return v, !math.IsInf(v, 0) && !math.IsNaN(v)
	case int:
		return float64(v), true
	}
	return 0, false
}
