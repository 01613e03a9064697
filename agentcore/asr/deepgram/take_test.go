package deepgram

import (
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr/live"
	"github.com/hookswitch/hookswitch/agentcore/provider"
)

func TestMessagesAreUnderstood(t *testing.T) {
	const channel = `"channel":{"alternatives":[{"transcript":"two of them","confidence":0.5},{"transcript":"too"}]}`
	for said, want := range map[string]live.Heard{
		`{"type":"Results","is_final":false,"start":1,"duration":2,` + channel + `}`:                     {Text: "two of them", Confidence: 0.5},
		`{"type":"Results","is_final":true,"start":1,"duration":2.5,` + channel + `}`:                    {Text: "two of them", Confidence: 0.5, Settled: true, Until: 3500 * time.Millisecond},
		`{"type":"Results","is_final":true,"from_finalize":true,"start":1,"duration":1,` + channel + `}`: {Text: "two of them", Confidence: 0.5, Settled: true, Finalized: true, Until: 2 * time.Second},
		`{"type":"Results","is_final":true,"speech_final":true}`:                                         {Settled: true},
		`{"type":"Results","is_final":true,"start":1e300,"channel":{"alternatives":[]}}`:                 {Settled: true},
		`{"type":"Results","channel":{"alternatives":[{"transcript":"","confidence":7}]}}`:               {Confidence: 1},
	} {
		got, err := (&protocol{}).Take(live.Message{Data: []byte(said)})
		if err != nil || len(got) != 1 || got[0] != want {
			t.Errorf("Take(%s) = %+v, %v, want %+v", said, got, err, want)
		}
	}
}

func TestOtherMessagesAreLetPass(t *testing.T) {
	for _, said := range []string{
		`{"type":"Metadata","duration":1.5,"channels":1}`,
		`{"type":"UtteranceEnd","channel":[0,1],"last_word_end":2.1}`,
		`{"type":"SpeechStarted","channel":[0,1],"timestamp":2.1}`,
		`{"type":"ConfigureSuccess"}`, `{}`, `null`,
	} {
		if got, err := (&protocol{}).Take(live.Message{Data: []byte(said)}); err != nil || len(got) != 0 {
			t.Errorf("Take(%s) = %+v, %v", said, got, err)
		}
	}
}

func TestWhatIsNoMessageIsAnError(t *testing.T) {
	for _, m := range []live.Message{
		{Binary: true, Data: []byte{1}}, {Data: []byte(`<html>`)}, {Data: []byte(`[]`)}, {Data: []byte(`{"type":7}`)},
		{Data: []byte(`{"type":"Results","channel":[]}`)},
	} {
		if got, err := (&protocol{}).Take(m); err == nil {
			t.Errorf("Take(%s) = %+v, want an error", m.Data, got)
		}
	}
	_, err := (&protocol{}).Take(live.Message{Data: []byte(`{"type":"Error","description":"my secret"}`)})
	if provider.ClassOf(err) != provider.Unavailable || strings.Contains(err.Error(), "secret") {
		t.Errorf("err = %v", err)
	}
}

func FuzzTake(f *testing.F) {
	for _, seed := range []string{
		`{"type":"Results","channel_index":[0,1],"duration":1.98,"start":5.99,"is_final":true,"speech_final":true,"channel":{"alternatives":[{"transcript":"Tell me more.","confidence":0.99,"words":[{"word":"tell","start":6.07,"end":6.3,"confidence":0.99,"punctuated_word":"Tell"}]}]},"metadata":{"request_id":"x"},"from_finalize":false}`,
		`{"type":"Metadata","transaction_key":"deprecated","request_id":"x","sha256":"0","created":"x","duration":0.0,"channels":0}`,
		`{"type":"UtteranceEnd","channel":[0,1],"last_word_end":2.1}`,
		`{"type":"Error","description":"x","message":"y","variant":"z"}`,
		`{"type":"Results","start":-1e308,"duration":1e308,"is_final":true,"channel":null}`,
	} {
		f.Add([]byte(seed), false)
	}
	f.Fuzz(func(t *testing.T, data []byte, binary bool) {
		got, err := (&protocol{}).Take(live.Message{Binary: binary, Data: data})
		if err != nil && len(got) > 0 {
			t.Errorf("words and an error: %+v, %v", got, err)
		}
		for _, h := range got {
			if !(h.Confidence >= 0 && h.Confidence <= 1) || h.Until < 0 || h.Until > 24*time.Hour || h.Finalized && !h.Settled {
				t.Errorf("heard %+v", h)
			}
		}
	})
}
