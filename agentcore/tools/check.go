package tools

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// check returns every way in which v doesn't fit, joined.
func (s *schema) check(at string, v any) error {
	if err := s.checkType(at, v); err != nil {
		return err
	}
	if len(s.Enum) > 0 && !slices.ContainsFunc(s.Enum, func(e any) bool { return same(e, v) }) {
		return fmt.Errorf("%s is none of %s", name(at), list(s.Enum))
	}
	switch v := v.(type) {
	case map[string]any:
		return s.checkObject(at, v)
	case []any:
		return s.checkArray(at, v)
	case string:
		return s.checkString(at, v)
	case json.Number:
		return s.checkNumber(at, v)
	}
	return nil
}

func (s *schema) checkType(at string, v any) error {
	is := typeOf(v)
	if s.Type == "" || s.Type == is || s.Type == "integer" && is == "number" && whole(v.(json.Number)) {
		return nil
	}
	return fmt.Errorf("%s must be %s, not %s", name(at), article(s.Type), article(is))
}

func (s *schema) checkObject(at string, v map[string]any) error {
	var errs []error
	for _, r := range s.Required {
		if _, ok := v[r]; !ok {
			errs = append(errs, fmt.Errorf("%s is missing", name(join(at, r))))
		}
	}
	keys := make([]string, 0, len(v))
	for k := range v {
		keys = append(keys, k)
	}
	slices.Sort(keys) // the same text each time
	for _, k := range keys {
		if len(errs) >= 10 {
			break
		}
		switch p := s.Properties[k]; {
		case p != nil:
			errs = append(errs, p.check(join(at, k), v[k]))
		case s.Additional != nil && !*s.Additional:
			errs = append(errs, fmt.Errorf("%s is not known", name(join(at, k))))
		}
	}
	return errors.Join(errs...)
}

func (s *schema) checkArray(at string, v []any) error {
	if s.MaxItems != nil && len(v) > *s.MaxItems {
		return fmt.Errorf("%s has %d items, at most %d", name(at), len(v), *s.MaxItems)
	}
	if s.Items == nil {
		return nil
	}
	for i, item := range v {
		if err := s.Items.check(at+"["+strconv.Itoa(i)+"]", item); err != nil {
			return err // the first says enough
		}
	}
	return nil
}

func (s *schema) checkString(at, v string) error {
	n := utf8.RuneCountInString(v)
	switch {
	case s.MinLength != nil && n < *s.MinLength:
		return fmt.Errorf("%s needs at least %d characters", name(at), *s.MinLength)
	case s.MaxLength != nil && n > *s.MaxLength:
		return fmt.Errorf("%s has %d characters, at most %d", name(at), n, *s.MaxLength)
	case s.pattern != nil && !s.pattern.MatchString(v):
		return fmt.Errorf("%s does not match %s", name(at), s.Pattern)
	}
	return nil
}

func (s *schema) checkNumber(at string, v json.Number) error {
	f, err := v.Float64()
	switch {
	case err != nil:
		return fmt.Errorf("%s is out of range", name(at))
	case s.Minimum != nil && f < *s.Minimum:
		return fmt.Errorf("%s must be at least %v", name(at), *s.Minimum)
	case s.Maximum != nil && f > *s.Maximum:
		return fmt.Errorf("%s must be at most %v", name(at), *s.Maximum)
	}
	return nil
}

func typeOf(v any) string {
	switch v.(type) {
	case map[string]any:
		return "object"
	case []any:
		return "array"
	case string:
		return "string"
	case json.Number:
		return "number"
	case bool:
		return "boolean"
	}
	return "null"
}

func whole(n json.Number) bool {
	f, err := n.Float64()
	return err == nil && f == math.Trunc(f)
}

// same compares scalars; an enum of objects is never matched.
func same(a, b any) bool {
	an, aok := a.(json.Number)
	bn, bok := b.(json.Number)
	if aok && bok {
		af, aerr := an.Float64()
		bf, berr := bn.Float64()
		return aerr == nil && berr == nil && af == bf
	}
	switch a.(type) {
	case string, bool, nil:
		return a == b
	}
	return false
}

func join(at, key string) string {
	if len(key) > 64 { // a model's invention
		key = strings.ToValidUTF8(key[:64], "") + "..."
	}
	if at == "" {
		return key
	}
	return at + "." + key
}

func name(at string) string {
	if at == "" {
		return "the arguments"
	}
	return strconv.Quote(at)
}

func article(t string) string {
	switch t {
	case "null":
		return "null"
	case "object", "array", "integer":
		return "an " + t
	}
	return "a " + t
}

func list(enum []any) string {
	b, err := json.Marshal(enum)
	if err != nil {
		return "the allowed values"
	}
	return Cut(string(b), 400)
}
