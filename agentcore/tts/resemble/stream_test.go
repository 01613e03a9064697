package resemble

import (
	"bufio"
	"bytes"
	"io"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/tts/live"
)

func TestStreamsAreDialledWhereTheyAre(t *testing.T) {
	for _, tt := range []struct{ base, stream, want string }{
		{"", "", "wss://websocket.cluster.resemble.ai/stream"},
		{"http://localhost:1", "", "ws://localhost:1/stream"},
		{"http://localhost:1", "https://east.example/x/", "wss://east.example/x/stream"},
	} {
		url, h := newStream(Config{BaseURL: tt.base, StreamURL: tt.stream, Key: "k"}).Dial()
		if url != tt.want || h.Get("Authorization") != "Bearer k" {
			t.Errorf("Dial = %s, %v, want %s", url, h, tt.want)
		}
	}
}

// Whatever Resemble says, Take returns.
func FuzzTake(f *testing.F) {
	for _, m := range []string{
		`{"type":"audio","audio_content":"aSDinaTvuI8gbWludGxpZnk=","audio_timestamps":{"graph_chars":["H","e"," "],"graph_times":[[0.03,0.12],[0.08]]},"sample_rate":8000,"request_id":0}`,
		`{"type":"audio","audio_content":"UklGRiQAAABXQVZFZm10IBAAAAAHAAEAQB8AAEAfAAABAAgAZGF0YQAAAAB/fw=="}`,
		`{"type":"audio_end","request_id":1}`, `{"type":"error","success":false,"error_name":"BadJSON","status_code":400}`, `{"type":7}`, `null`, `{`, ``,
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

// Whatever a file says of itself, its sound ends, and is not more than there is.
func FuzzWave(f *testing.F) {
	f.Add([]byte("RIFF\xff\xff\xff\xffWAVEfmt \x10\x00\x00\x00\x07\x00\x01\x00\x40\x1f\x00\x00\x40\x1f\x00\x00\x01\x00\x08\x00data\xff\xff\xff\xff\x7f\x7f\x7f"))
	f.Add([]byte("RIFF\xff\xff\xff\xffWAVEcue \x01\x00\x00\x00xxfmt \x12\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00xxdata\x02\x00\x00\x00\x7f\x7f\x7f"))
	f.Add([]byte("RIFF\xff\xff\xff\xffWAVEdata"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := &samples{r: bufio.NewReader(bytes.NewReader(data)), body: io.NopCloser(nil)}
		sound, err := io.ReadAll(s)
		if len(sound) > 2*len(data) || err == nil && s.head == nil {
			t.Errorf("%d bytes of %d, %v", len(sound), len(data), err)
		}
	})
}
