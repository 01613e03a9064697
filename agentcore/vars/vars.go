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
		case nil, bool, float64, int, int64:
		case json.Number:
			if len(v) > MaxValue {
				wrong = append(wrong, fmt.Sprintf("Dynamic variable %s is too long (maximum is %d characters).", name, MaxValue))
			}
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

// Decode reads a JSON object, numbers as they were written. Empty text is an
// empty Set.
func Decode(text string) (Set, error) {
	if text == "" {
		return Set{}, nil
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	s := Set{}
	if err := dec.Decode(&s); err != nil {
		return nil, fmt.Errorf("vars: no JSON object: %w", err)
	}
	if s == nil { // null
		s = Set{}
	}
	return s, nil
}

// Encode writes s as a JSON object, its names in order.
func (s Set) Encode() (string, error) {
	if s == nil {
		return "{}", nil
	}
	b, err := json.Marshal(map[string]any(s))
	if err != nil {
		return "", fmt.Errorf("vars: %w", err)
	}
	return string(b), nil
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
