package v2

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"testing"
)

// FuzzParse: what is read is what encoding/json reads, or it is refused with a
// place; nothing makes it panic.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{``, `{}`, `{"a":[1,2.5e3,"x",null,true,{"b":{}}]}`, `{"a":1,"a":2}`, `[1]`, `{"a":`, "{\"a\":\"\xff\"}", `{"":0}`, `{"a":1}x`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := parse(body)
		if err != nil {
			var wrong *Failure
			if !errors.As(err, &wrong) || wrong.status != 400 || len(wrong.Errors) != 1 {
				t.Fatalf("parse(%q) = %v", body, err)
			}
			return
		}
		if len(bytes.TrimSpace(body)) == 0 {
			return
		}
		dec := json.NewDecoder(bytes.NewReader(body))
		dec.UseNumber()
		var want map[string]any
		if err := dec.Decode(&want); err != nil {
			t.Fatalf("parse(%q) took what encoding/json refuses: %v", body, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("parse(%q) = %v, want %v", body, got, want)
		}
	})
}
