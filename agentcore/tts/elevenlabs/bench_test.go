package elevenlabs

import (
	"encoding/base64"
	"encoding/json"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/tts/live"
)

// second is a message with a second of sound, and when its fifteen characters
// are spoken (elevenlabs.io/docs/api-reference/text-to-speech/
// v-1-text-to-speech-voice-id-multi-stream-input). It comes twice there: of the
// text as it was sent, and as it is read.
func second(b *testing.B, text string) []byte {
	sound := make([]byte, 8000)
	for i := range sound {
		sound[i] = byte(i * 7919)
	}
	var a alignment
	for i, c := range text {
		a.Chars, a.Starts, a.Durations = append(a.Chars, string(c)), append(a.Starts, float64(66*i)), append(a.Durations, 66)
	}
	m, err := json.Marshal(map[string]any{
		"audio": base64.StdEncoding.EncodeToString(sound), "alignment": a, "normalizedAlignment": a, "contextId": "1",
	})
	if err != nil {
		b.Fatal(err)
	}
	return m
}

// BenchmarkTake is a second of sound, as a message.
func BenchmarkTake(b *testing.B) {
	const text = "We are open now"
	m := second(b, text)
	c := &contexts{}
	b.SetBytes(int64(len(m)))
	b.ReportAllocs()
	for b.Loop() {
		c.n = 0
		c.Say(text)
		s, err := c.Take(live.Message{Data: m})
		if err != nil || len(s.Sound) != 8000 || len(s.Words) != 3 {
			b.Fatal(len(s.Sound), s.Words, err)
		}
	}
}
