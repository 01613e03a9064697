package assemblyai

import (
	"errors"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/asr/live"
	"github.com/hookswitch/hookswitch/agentcore/provider"
)

func text(s string) live.Message { return live.Message{Data: []byte(s)} }

func TestErrorsAreTheClassThatTheirCodeSays(t *testing.T) {
	for _, c := range []struct {
		says string
		want provider.Class
	}{
		{`{"type":"Error","error_code":1008,"error":"Unauthorized Connection: Missing Authorization header"}`, provider.Auth},
		{`{"type":"Error","error_code":1008,"error":"Unauthorized Connection: Too many concurrent sessions"}`, provider.RateLimited},
		{`{"type":"Error","error_code":1008,"error":"Unauthorized Connection: insufficient account balance"}`, provider.Quota},
		{`{"type":"Error","error_code":3005,"error":"Session Cancelled: An error occurred"}`, provider.Unavailable},
		{`{"type":"Error","error_code":3006,"error":"Invalid JSON: {"}`, provider.Refused},
		{`{"type":"Error","error_code":3007,"error":"Audio Transmission Rate Exceeded"}`, provider.Refused},
		{`{"type":"Error","error_code":3008,"error":"Session Expired"}`, provider.Unavailable},
		{`{"type":"Error","error_code":3009,"error":"Unauthorized Connection: Too many concurrent sessions"}`, provider.RateLimited},
		{`{"type":"Error","error_code":4001,"error":"Not Authorized"}`, provider.Auth},
		{`{"type":"Error","error_code":4002,"error":"Insufficient Funds"}`, provider.Quota},
		{`{"error":"something"}`, provider.Unavailable},
		{`{"type":"Termination","audio_duration_seconds":1}`, provider.Unavailable},
	} {
		_, err := newProtocol(Config{}, asr.Options{}).Take(text(c.says))
		if provider.ClassOf(err) != c.want || strings.Contains(err.Error(), "Session") || strings.Contains(err.Error(), "something") {
			t.Errorf("%s: %v of class %s, want %s", c.says, err, provider.ClassOf(err), c.want)
		}
	}
}

func TestAStreamThatIsClosedWithoutAWordIsTheClassOfItsCode(t *testing.T) {
	var p live.Closer = newProtocol(Config{}, asr.Options{})
	for code, want := range map[int]provider.Class{3009: provider.RateLimited, 3006: provider.Refused, 1008: provider.Auth, 3005: "", 1000: ""} {
		if got := p.Closed(code); got != want {
			t.Errorf("Closed(%d) = %q, want %q", code, got, want)
		}
	}
}

func TestATurnThatIsSettledIsNotToldTwice(t *testing.T) {
	p := newProtocol(Config{}, asr.Options{})
	p.Finalize()
	const turn = `{"type":"Turn","turn_order":0,"end_of_turn":true,"transcript":"hi"}`
	if got, err := p.Take(text(turn)); err != nil || len(got) != 1 || !got[0].Settled || !got[0].Finalized {
		t.Errorf("Take() = %+v, %v", got, err)
	}
	if got, err := p.Take(text(turn)); err != nil || len(got) != 0 {
		t.Errorf("the second Take() = %+v, %v", got, err)
	}
}

func TestWhatIsNotKnownIsNotMinded(t *testing.T) {
	p := newProtocol(Config{}, asr.Options{})
	for _, says := range []string{`{"type":"SpeechStarted","timestamp":7}`, `{"type":"Warning","warning_code":1,"warning":"w"}`, `{"type":"LLMGatewayResponse","turn_order":0}`} {
		if got, err := p.Take(text(says)); err != nil || len(got) != 0 {
			t.Errorf("%s: %+v, %v", says, got, err)
		}
	}
}

// Whatever is said, the protocol neither breaks nor hears what can't be.
func FuzzTake(f *testing.F) {
	for _, seed := range []string{
		`{"type":"Begin","id":"x","expires_at":1}`,
		`{"type":"Turn","turn_order":0,"turn_is_formatted":false,"end_of_turn":false,"transcript":"hi","words":[{"text":"hi","word_is_final":true,"confidence":0.9},{"text":"my","confidence":9}]}`,
		`{"type":"Turn","turn_order":1,"turn_is_formatted":true,"end_of_turn":true,"transcript":"Hi.","words":[]}`,
		`{"type":"Error","error_code":3005,"error":"no"}`, `{"error":"no"}`, `{"type":7}`, `[]`, ``, "\xff",
		`{"type":"Turn","turn_order":-9223372036854775808,"end_of_turn":true,"words":null}`,
	} {
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, data []byte, punctuate bool) {
		p := newProtocol(Config{Punctuate: punctuate}, asr.Options{})
		p.Finalize()
		for range 2 {
			all, err := p.Take(live.Message{Data: data})
			if err != nil && len(all) > 0 {
				t.Errorf("heard %+v, and %v", all, err)
			}
			for _, h := range all {
				if h.Confidence < 0 || h.Confidence > 1 || h.Finalized && !h.Settled || strings.TrimSpace(h.Text) != h.Text && h.Settled {
					t.Errorf("heard %+v", h)
				}
			}
			var e *provider.Error
			if errors.As(err, &e) && (e.Provider != Name || e.Retry != e.Class.Retryable()) {
				t.Errorf("err = %+v", e)
			}
		}
	})
}
