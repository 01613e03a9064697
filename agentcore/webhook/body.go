package webhook

import (
	"bytes"
	"encoding/json"

	"github.com/hookswitch/hookswitch/agentcore/vars"
)

// body fills in a JSON template: every string in it may hold placeholders, the
// names of members may not. A string that is one {{name}} and nothing else
// becomes the value itself, so that a number stays a number; null when nobody
// knows the name. null, like no template, is no body.
func body(template json.RawMessage, v vars.Set, missing func(string)) ([]byte, error) {
	if len(bytes.TrimSpace(template)) == 0 {
		return nil, nil
	}
	var t any
	if err := decode(template, &t); err != nil {
		return nil, refuse(BadRequest, "request_body is no JSON")
	}
	if t == nil {
		return nil, nil
	}
	f := filler{v, flatten(v), missing, MaxBody}
	filled, err := f.fill(t)
	if err != nil {
		return nil, err
	}
	return encode(filled)
}

// filler puts values into what a template decodes to.
type filler struct {
	native  vars.Set
	flat    vars.Set
	missing func(string)
	room    int // bytes that texts may still take
}

func (f *filler) fill(t any) (any, error) {
	switch t := t.(type) {
	case map[string]any:
		for name, member := range t {
			filled, err := f.fill(member)
			if err != nil {
				return nil, err
			}
			t[name] = filled
		}
	case []any:
		for i, member := range t {
			filled, err := f.fill(member)
			if err != nil {
				return nil, err
			}
			t[i] = filled
		}
	case string:
		return f.text(t)
	}
	return t, nil
}

func (f *filler) text(t string) (any, error) {
	if name, is := vars.Only(t); is {
		v, ok := f.native.Lookup(name)
		if !ok && f.missing != nil {
			f.missing(name)
		}
		if s, is := v.(string); is {
			return s, f.spend(len(s))
		}
		return v, nil
	}
	s, ok := f.flat.FillWithin(t, f.room, asItIs, f.missing)
	if !ok {
		return nil, f.spend(f.room + 1)
	}
	return s, f.spend(len(s))
}

// asItIs is a value where it needs no escaping.
func asItIs(v string) string { return v }

// spend stops a template that repeats a long value without end.
func (f *filler) spend(n int) error {
	f.room -= n
	if f.room < 0 {
		return refuse(BadRequest, "the body would be larger than 1 MB with its variables")
	}
	return nil
}

// encode writes JSON as people would, "<" being "<".
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, refuse(BadRequest, "a value cannot be written as JSON")
	}
	out := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	if len(out) > MaxBody {
		return nil, refuse(BadRequest, "the body would be larger than 1 MB")
	}
	return out, nil
}
