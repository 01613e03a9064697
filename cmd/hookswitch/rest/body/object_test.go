package body_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/body"
)

// FuzzObject: what is read is what encoding/json reads, or it is refused with a
// sentence; nothing makes it panic.
func FuzzObject(f *testing.F) {
	for _, seed := range []string{``, `{}`, `{"a":[1,2.5e3,"x",null,true,{"b":{}}]}`, `{"a":1,"a":2}`, `[1]`, `{"a":`, "{\"a\":\"\xff\"}", `{"":0}`, `{"a":1}x`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := body.Object(raw)
		if err != nil {
			var wrong body.Mistake
			if !errors.As(err, &wrong) || wrong == "" {
				t.Fatalf("Object(%q) = %v", raw, err)
			}
			return
		}
		if len(bytes.TrimSpace(raw)) == 0 {
			return
		}
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.UseNumber()
		var want map[string]any
		if err := dec.Decode(&want); err != nil {
			t.Fatalf("Object(%q) took what encoding/json refuses: %v", raw, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("Object(%q) = %v, want %v", raw, got, want)
		}
	})
}
