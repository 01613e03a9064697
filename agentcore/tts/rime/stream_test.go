package rime

import (
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/tts/live"
)

func TestStreamsAreDialledWhereTheyAre(t *testing.T) {
	for _, tt := range []struct{ base, stream, want string }{
		{"", "", "wss://users-ws.rime.ai/ws3?"},
		{"http://localhost:1", "", "ws://localhost:1/ws3?"},
		{"http://localhost:1", "https://east.example/x/", "wss://east.example/x/ws3?"},
	} {
		url, h := newStream(Config{BaseURL: tt.base, StreamURL: tt.stream, Key: "k", Voice: "v"}.withDefaults()).Dial()
		if !strings.HasPrefix(url, tt.want) || strings.Contains(url, "lang") || h.Get("Authorization") != "Bearer k" {
			t.Errorf("Dial = %s, %v, want %s", url, h, tt.want)
		}
	}
}

// Whatever Rime says, Take returns.
func FuzzTake(f *testing.F) {
	for _, m := range []string{
		`{"type":"chunk","data":"aSDinaTvuI8gbWludGxpZnk=","contextId":null}`,
		`{"type":"timestamps","word_timestamps":{"words":["Hello","world"],"start":[0,0.5],"end":[0.4]},"contextId":"1"}`,
		`{"type":"done"}`, `{"type":"error","message":"no"}`, `{"type":7}`, `null`, `{`, ``,
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
