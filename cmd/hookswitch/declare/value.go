package declare

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"reflect"
	"strconv"
)

// A value is nil, bool, string, int64, float64, []any or map[string]any. Whole
// numbers that fit are int64, however they were written.

// parse reads JSON.
func parse(b []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("declare: more than one JSON value")
	}
	return settle(v), nil
}

// settle makes numbers of the texts that a JSON decoder leaves.
func settle(v any) any {
	switch v := v.(type) {
	case json.Number:
		return numberOf(string(v))
	case []any:
		for i := range v {
			v[i] = settle(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = settle(v[k])
		}
	}
	return v
}

// numberOf is the number that s is, as a value.
func numberOf(s string) any {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return s
	}
	return settled(f)
}

func settled(f float64) any {
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return int64(f)
	}
	return f
}

// nothing reports whether v is absent, null, or has nothing in it.
func nothing(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

// same reports whether a and b say the same where r holds. A field that is
// absent says as much as one that is null or empty; a name of the user's own
// that is absent is not the same as one that is null.
func (r *rule) same(a, b any) bool {
	says := func(v any) bool { return !nothing(v) && (r.unset == nil || v != r.unset) }
	if !says(a) && !says(b) {
		return true
	}
	switch r.kind {
	case object:
		a, aok := asMap(a)
		b, bok := asMap(b)
		for i := range r.fields {
			f := &r.fields[i]
			if !aok || !bok || !f.same(a[f.name], b[f.name]) {
				return false
			}
		}
		return true
	case dict:
		a, aok := asMap(a)
		b, bok := asMap(b)
		if !aok || !bok || len(a) != len(b) {
			return false
		}
		for name := range a {
			if other, has := b[name]; !has || !r.of.same(a[name], other) {
				return false
			}
		}
		return true
	case list:
		a, aok := a.([]any)
		b, bok := b.([]any)
		if !aok || !bok || len(a) != len(b) {
			return false
		}
		for i := range a {
			other := b[i]
			if r.keyed != "" {
				other = r.find(b, r.id(a[i])) // order means nothing
			}
			if other == nil && a[i] != nil || !r.of.same(a[i], other) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(a, b)
}

// asMap is v as a mapping; what is absent is an empty one.
func asMap(v any) (map[string]any, bool) {
	if v == nil {
		return nil, true
	}
	m, ok := v.(map[string]any)
	return m, ok
}

// clone copies v, so that what is changed in the copy leaves v alone.
func clone(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = clone(v[i])
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k := range v {
			out[k] = clone(v[k])
		}
		return out
	}
	return v
}
