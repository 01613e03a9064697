package vars_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/vars"
)

func TestCheckTellsInTheSeedsWords(t *testing.T) {
	many := map[string]any{}
	for i := range vars.MaxCount + 1 {
		many[strings.Repeat("a", i%60+1)+string(rune('A'+i/60))] = "x"
	}
	for claim, c := range map[string]struct {
		set  map[string]any
		want []string
	}{
		"none":                {nil, nil},
		"scalars":             {map[string]any{"s": "x", "n": 1.5, "i": 3, "l": int64(3), "j": json.Number("7"), "b": true, "z": nil}, nil},
		"its own placeholder": {map[string]any{"customer_name": "{{customer_name}}"}, nil},
		"nested object": {map[string]any{"nested": map[string]any{"a": 1}},
			[]string{"Dynamic variables must be a flat hash. Key 'nested' contains a nested object or array."}},
		"array": {map[string]any{"list": []any{1}},
			[]string{"Dynamic variables must be a flat hash. Key 'list' contains a nested object or array."}},
		"several at once, in order": {map[string]any{"b": []any{}, "a": map[string]any{}},
			[]string{
				"Dynamic variables must be a flat hash. Key 'a' contains a nested object or array.",
				"Dynamic variables must be a flat hash. Key 'b' contains a nested object or array.",
			}},
		"key of 64 characters":   {map[string]any{strings.Repeat("ü", 64): "x"}, nil},
		"key of 65 characters":   {map[string]any{strings.Repeat("a", 65): "x"}, []string{"Dynamic variable key '" + strings.Repeat("a", 65) + "' is too long (maximum is 64 characters)."}},
		"value of 2048":          {map[string]any{"v": strings.Repeat("ü", 2048)}, nil},
		"value of 2049":          {map[string]any{"v": strings.Repeat("a", 2049)}, []string{"Dynamic variable 'v' is too long (maximum is 2048 characters)."}},
		"number of 2049 digits":  {map[string]any{"v": json.Number(strings.Repeat("1", 2049))}, []string{"Dynamic variable 'v' is too long (maximum is 2048 characters)."}},
		"blank key":              {map[string]any{"": "x"}, []string{"Dynamic variable keys can't be blank."}},
		"reserved __proto__":     {map[string]any{"__proto__": "x"}, []string{"Dynamic variable key '__proto__' is a reserved word."}},
		"reserved proto":         {map[string]any{"proto": "x"}, []string{"Dynamic variable key 'proto' is a reserved word."}},
		"reserved constructor":   {map[string]any{"constructor": "x"}, []string{"Dynamic variable key 'constructor' is a reserved word."}},
		"reserved prototype":     {map[string]any{"prototype": "x"}, []string{"Dynamic variable key 'prototype' is a reserved word."}},
		"more than may be":       {many, []string{"Dynamic variables must be at most 200."}},
		"a reserved word within": {map[string]any{"my_constructor": "x"}, nil},
	} {
		if got := vars.Check(c.set); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: Check() = %q, want %q", claim, got, c.want)
		}
	}
}

func TestMergeLetsTheLaterWin(t *testing.T) {
	defaults, dispatch := vars.Set{"a": 1, "b": 1}, vars.Set{"b": 2, "c": nil}
	got := vars.Merge(defaults, nil, dispatch)
	if want := (vars.Set{"a": 1, "b": 2, "c": nil}); !reflect.DeepEqual(got, want) {
		t.Errorf("Merge() = %v, want %v", got, want)
	}
	if got["a"] = 9; defaults["a"] != 1 {
		t.Error("Merge() changed what it was given")
	}
}

func TestText(t *testing.T) {
	for want, v := range map[string]any{
		"": nil, "x": "x", "1000000": 1e6, "0.25": 0.25, "-3": -3, "7": int64(7), "12.50": json.Number("12.50"), "true": true,
	} {
		if got := vars.Text(v); got != want {
			t.Errorf("Text(%#v) = %q, want %q", v, got, want)
		}
	}
}

func TestDecodeKeepsNumbersAsTheyWere(t *testing.T) {
	const text = `{"big":12345678901234567890,"n":1.50,"s":"x","z":null}`
	s, err := vars.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Encode(); err != nil || got != text {
		t.Errorf("Encode() = %s, %v, want %s", got, err, text)
	}
	for _, empty := range []string{"", "{}", "null"} {
		if s, err := vars.Decode(empty); err != nil || s == nil || len(s) != 0 {
			t.Errorf("Decode(%q) = %v, %v, want an empty set", empty, s, err)
		}
	}
	if _, err := vars.Decode(`["a"]`); err == nil {
		t.Error("an array was taken")
	}
	if got, err := (vars.Set)(nil).Encode(); err != nil || got != "{}" {
		t.Errorf("Encode(nil) = %q, %v", got, err)
	}
}
