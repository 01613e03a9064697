package deepgram

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/asr/live"
)

// results is what Deepgram says of four seconds of speech, twelve words of it,
// each with its times: we ask for none, it sends them all the same
// (developers.deepgram.com/reference/speech-to-text/listen-streaming).
var results = func() []byte {
	said := strings.Fields("I would like to know whether you are open on Sunday mornings.")
	words := make([]string, len(said))
	for i, w := range said {
		words[i] = fmt.Sprintf(`{"word":%q,"start":%.2f,"end":%.2f,"confidence":0.99487305,"punctuated_word":%q}`, strings.ToLower(strings.Trim(w, ".")), float64(i)/3, float64(i+1)/3, w)
	}
	return fmt.Appendf(nil, `{"type":"Results","channel_index":[0,1],"duration":4.0,"start":12.4,"is_final":false,"speech_final":false,"channel":{"alternatives":[{"transcript":%q,"confidence":0.99487305,"words":[%s]}]},"metadata":{"request_id":"3c3a8b0a-43f5-4b8a-9e1c-6f3f5f0c7a12","model_info":{"name":"2-general-nova","version":"2024-01-09.29447","arch":"nova-2"},"model_uuid":"1dbdfb4d-85b2-4659-9831-16b3c76229aa"},"from_finalize":false}`,
		strings.Join(said, " "), strings.Join(words, ","))
}()

// BenchmarkTake is one of Deepgram's results, a long one. The other is
// encoding/json upon it without knowing what is wanted.
func BenchmarkTake(b *testing.B) {
	b.Run("ours", func(b *testing.B) {
		p := &protocol{}
		b.SetBytes(int64(len(results)))
		b.ReportAllocs()
		for b.Loop() {
			if h, err := p.Take(live.Message{Data: results}); err != nil || len(h) != 1 || h[0].Text == "" {
				b.Fatal(h, err)
			}
		}
	})
	b.Run("any", func(b *testing.B) {
		b.SetBytes(int64(len(results)))
		b.ReportAllocs()
		for b.Loop() {
			var all map[string]any
			if err := json.Unmarshal(results, &all); err != nil {
				b.Fatal(err)
			}
		}
	})
}
