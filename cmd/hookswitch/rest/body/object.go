// Package body reads what clients send, the same in every dialect: JSON objects,
// and times.
package body

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// Bounds of a body, besides its size.
const (
	maxDepth = 32
	maxNodes = 50_000 // objects, arrays, names and values
)

// Mistake is what is wrong with a body as a whole: a sentence for the client,
// with the place.
type Mistake string

// Error implements error.
func (m Mistake) Error() string { return string(m) }

// Object reads a JSON object: nil, bool, string, json.Number, []any and
// map[string]any. What is wrong is a [Mistake]. No bytes are an empty object.
func Object(raw []byte) (map[string]any, error) {
	if len(bytes.TrimSpace(raw)) == 0 {
		return map[string]any{}, nil
	}
	if !utf8.Valid(raw) {
		return nil, Mistake("The request body is not UTF-8.")
	}
	var whole json.RawMessage // checks the syntax, of all of it
	if err := json.Unmarshal(raw, &whole); err != nil {
		at := int64(len(raw))
		var wrong *json.SyntaxError
		if errors.As(err, &wrong) {
			at = wrong.Offset
		}
		return nil, broken(raw, at, err.Error())
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	r := reader{dec: dec, raw: raw}
	v, err := r.value(0)
	if err != nil {
		return nil, err
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil, Mistake("The request body must be a JSON object.")
	}
	return object, nil
}

// broken is the mistake of a body that is wrong at a byte.
func broken(raw []byte, at int64, why string) Mistake {
	before := raw[:min(max(at-1, 0), int64(len(raw)))]
	line := 1 + bytes.Count(before, []byte("\n"))
	column := 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
	return Mistake(fmt.Sprintf("The request body is not valid JSON: %s (line %d, column %d)", why, line, column))
}

// reader reads values whose syntax is known to be right.
type reader struct {
	dec   *json.Decoder
	raw   []byte
	nodes int
}

func (r *reader) value(depth int) (any, error) {
	if depth > maxDepth {
		return nil, broken(r.raw, r.dec.InputOffset(), fmt.Sprintf("nested deeper than %d", maxDepth))
	}
	if r.nodes++; r.nodes > maxNodes {
		return nil, broken(r.raw, r.dec.InputOffset(), fmt.Sprintf("more than %d values", maxNodes))
	}
	token, err := r.dec.Token()
	if err != nil {
		return nil, broken(r.raw, r.dec.InputOffset(), unexpected(err))
	}
	switch token {
	case json.Delim('['):
		list := []any{}
		for r.dec.More() {
			v, err := r.value(depth + 1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err = r.dec.Token()
		return list, err
	case json.Delim('{'):
		object := map[string]any{}
		for r.dec.More() {
			name, err := r.dec.Token()
			if err != nil {
				return nil, broken(r.raw, r.dec.InputOffset(), unexpected(err))
			}
			key := name.(string)
			if _, twice := object[key]; twice {
				return nil, broken(r.raw, r.dec.InputOffset(), fmt.Sprintf("the name %.64q is there twice", key))
			}
			if object[key], err = r.value(depth + 1); err != nil {
				return nil, err
			}
		}
		_, err = r.dec.Token()
		return object, err
	}
	return token, nil
}

func unexpected(err error) string {
	if errors.Is(err, io.EOF) {
		return "unexpected end"
	}
	return err.Error()
}
