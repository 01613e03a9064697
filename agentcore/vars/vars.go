// Package vars is an agent's dynamic variables: {{name}} in a prompt, a
// greeting, a tool or a webhook (seed 001, "dynamic_variables").
package vars

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Bounds of a variable.
const (
	MaxKey   = 64   // characters
	MaxValue = 2048 // characters of a string
	MaxCount = 200  // variables of one agent or call
)

// Set is variables by name: strings, numbers, booleans and nil.
type Set map[string]any

// reserved may not be names: clients in JavaScript would be harmed.
var reserved = []string{"__proto__", "proto", "constructor", "prototype"}

// Check tells what is wrong with s, in the words of the API; nil when nothing is.
func Check(s map[string]any) []string {
	var wrong []string
	if len(s) > MaxCount {
		wrong = append(wrong, fmt.Sprintf("Dynamic variables must be at most %d.", MaxCount))
	}
	for _, key := range slices.Sorted(maps.Keys(s)) {
		name := fmt.Sprintf("'%.80s'", key)
		switch {
		case key == "":
			wrong = append(wrong, "Dynamic variable keys can't be blank.")
		case utf8.RuneCountInString(key) > MaxKey:
			wrong = append(wrong, fmt.Sprintf("Dynamic variable key %s is too long (maximum is %d characters).", name, MaxKey))
		case slices.Contains(reserved, key):
			wrong = append(wrong, fmt.Sprintf("Dynamic variable key %s is a reserved word.", name))
		}
		switch v := s[key].(type) {
		case nil, bool, float64, int, int64, json.Number:
		case string:
			if utf8.RuneCountInString(v) > MaxValue {
				wrong = append(wrong, fmt.Sprintf("Dynamic variable %s is too long (maximum is %d characters).", name, MaxValue))
			}
		default:
			wrong = append(wrong, fmt.Sprintf("Dynamic variables must be a flat hash. Key %s contains a nested object or array.", name))
		}
	}
	return wrong
}

// Merge puts sets over each other: the later wins.
func Merge(sets ...Set) Set {
	out := Set{}
	for _, s := range sets {
		maps.Copy(out, s)
	}
	return out
}

// Text is a value as it is spoken or sent: nil is nothing.
func Text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

// Fill replaces every {{name}} in text. A name that s doesn't hold becomes
// nothing, and is told to missing, which may be nil.
func (s Set) Fill(text string, missing func(name string)) string {
	return s.fill(text, missing, func(v string) string { return v })
}

// fill is Fill with every value passed through escape.
func (s Set) fill(text string, missing func(string), escape func(string) string) string {
	var b strings.Builder
	for {
		before, rest, opens := strings.Cut(text, "{{")
		name, after, closes := strings.Cut(rest, "}}")
		if !opens || !closes {
			b.WriteString(text)
			return b.String()
		}
		b.WriteString(before)
		name = strings.TrimSpace(name)
		v, ok := s[name]
		if !ok && missing != nil {
			missing(name)
		}
		b.WriteString(escape(Text(v)))
		text = after
	}
}

// FillEscaped is Fill for a place where values must not be taken for syntax,
// such as a URL's query.
func (s Set) FillEscaped(text string, escape func(string) string, missing func(name string)) string {
	return s.fill(text, missing, escape)
}
