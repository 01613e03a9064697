package chat

import (
	"encoding/json"
	"testing"
	"testing/synctest"
)

// The model names a time that somebody may have talked it into.
func TestACallIsWithinAYear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // it is 2000-01-01T00:00:00Z
		for args, ok := range map[string]bool{
			`{}`: true, `{"when":""}`: true, `{"when":"2000-01-01T01:00:00Z"}`: true, `{"when":"2001-01-01T00:00:00Z"}`: true,
			`{"when":"1999-12-31T23:59:59Z"}`: false, `{"when":"2001-01-01T00:00:01Z"}`: false, `{"when":"9999-12-31T23:59:59Z"}`: false,
			`{"when":"2000-02-30T00:00:00Z"}`: false, `{"when":"tomorrow"}`: false, `{"when":"2000-06-01T10:00:00"}`: false, `{"when":7}`: false,
		} {
			if at, err := whenOf(json.RawMessage(args)); (err == nil) != ok {
				t.Errorf("whenOf(%s) = %v, %v", args, at, err)
			}
		}
	})
}
