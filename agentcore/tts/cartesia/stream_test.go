package cartesia

import (
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/tts/live"
)

func TestALatePhraseIsNotHeardInTheNext(t *testing.T) {
	s := newStream(Config{})
	s.Say("One.")
	late := `{"type":"done","context_id":"` + s.context + `"}`
	s.Say("Two.")
	if got, err := s.Take(live.Message{Data: []byte(late)}); err != nil || got.Done {
		t.Errorf("Take = %+v, %v", got, err)
	}
}

// Whatever Cartesia says, Take returns.
func FuzzTake(f *testing.F) {
	for _, m := range []string{
		`{"type":"chunk","data":"aSDinaTvuI8gbWludGxpZnk=","done":false,"status_code":206,"step_time":123}`,
		`{"type":"timestamps","word_timestamps":{"words":["Hello","world"],"start":[0,0.5],"end":[0.4]}}`,
		`{"type":"done","done":true,"status_code":206}`,
		`{"type":"error","done":true,"status_code":429,"error_code":"concurrency_limited","title":"Too many concurrent requests"}`,
		`{"type":"error","error":"x"}`, `{"type":7}`, `null`, `{`, ``,
	} {
		f.Add([]byte(m), false)
	}
	f.Fuzz(func(t *testing.T, data []byte, binary bool) {
		s := newStream(Config{})
		for range 2 {
			got, err := s.Take(live.Message{Binary: binary, Data: data})
			if err != nil && (got.Done || len(got.Sound) > 0) {
				t.Errorf("Take = %+v with %v", got, err)
			}
			s.Say("Hello, world.")
		}
	})
}
