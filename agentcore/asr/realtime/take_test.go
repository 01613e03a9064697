package realtime

import (
	"errors"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/asr/live"
	"github.com/hookswitch/hookswitch/agentcore/provider"
)

func text(s string) live.Message { return live.Message{Data: []byte(s)} }

// spoken is a protocol that has n commits open.
func spoken(n int) *protocol {
	p := newProtocol(Config{Model: "gpt-4o-transcribe", Format: live.Mulaw}, asr.Options{})
	for range n {
		p.Audio(nil, make([]byte, 1600))
		p.Finalize()
	}
	return p
}

func TestErrorsAreTheClassThatTheySay(t *testing.T) {
	for _, c := range []struct {
		kind, code string
		want       provider.Class
	}{
		{"invalid_request_error", "invalid_api_key", provider.Auth},
		{"authentication_error", "", provider.Auth},
		{"insufficient_quota", "insufficient_quota", provider.Quota},
		{"rate_limit_error", "rate_limit_exceeded", provider.RateLimited},
		{"invalid_request_error", "invalid_value", provider.Refused},
		{"invalid_request_error", "session_expired", provider.Unavailable},
		{"server_error", "", provider.Unavailable},
		{"", "", provider.Unavailable},
	} {
		_, err := spoken(1).Take(text(`{"type":"error","error":{"type":"` + c.kind + `","code":"` + c.code + `","message":"see my notes"}}`))
		if provider.ClassOf(err) != c.want || strings.Contains(err.Error(), "notes") {
			t.Errorf("%s, %s: %v of class %s, want %s", c.kind, c.code, err, provider.ClassOf(err), c.want)
		}
	}
}

// A server whose buffer is emptier than ours refuses the commit: there was
// nothing to hear.
func TestACommitThatIsRefusedAsEmptyIsAnEmptyResult(t *testing.T) {
	p := spoken(2)
	got, err := p.Take(text(`{"type":"error","error":{"type":"invalid_request_error","code":"input_audio_buffer_commit_empty"}}`))
	if err != nil || len(got) != 1 || got[0].Text != "" || !got[0].Finalized || got[0].Err != nil {
		t.Errorf("Take() = %+v, %v", got, err)
	}
	p.Take(text(`{"type":"input_audio_buffer.committed","item_id":"b"}`))
	got, err = p.Take(text(`{"type":"conversation.item.input_audio_transcription.completed","item_id":"b","transcript":" hi\n"}`))
	if err != nil || len(got) != 1 || got[0].Text != "hi" {
		t.Errorf("the next Take() = %+v, %v", got, err)
	}
}

func TestWordsBeforeTheCommitAreAGuess(t *testing.T) {
	p := spoken(0)
	p.Take(text(`{"type":"conversation.item.input_audio_transcription.delta","item_id":"a","delta":" one"}`))
	got, err := p.Take(text(`{"type":"conversation.item.input_audio_transcription.delta","item_id":"a","delta":" two"}`))
	if err != nil || len(got) != 1 || got[0].Text != "one two" || got[0].Settled {
		t.Errorf("Take() = %+v, %v", got, err)
	}
}

func TestWordsOfALaterItemAreNoGuessAtAnEarlier(t *testing.T) {
	p := spoken(1)
	p.Take(text(`{"type":"input_audio_buffer.committed","item_id":"a"}`))
	if got, err := p.Take(text(`{"type":"conversation.item.input_audio_transcription.delta","item_id":"b","delta":"two"}`)); err != nil || len(got) != 0 {
		t.Errorf("Take() = %+v, %v", got, err)
	}
}

func TestItemsThatNobodyAskedForAreForgotten(t *testing.T) {
	p := spoken(0)
	for n := range 1000 {
		p.Take(text(`{"type":"conversation.item.input_audio_transcription.delta","item_id":"` + strings.Repeat("x", n%200) + `","delta":"` + strings.Repeat("word ", 1000) + `"}`))
	}
	size := 0
	for _, i := range p.items {
		size += len(i.text)
	}
	if len(p.items) > mostItems || size > mostItems*mostText {
		t.Errorf("%d items of %d bytes are kept", len(p.items), size)
	}
}

// Whatever is said, the protocol neither breaks nor answers more than was asked.
func FuzzTake(f *testing.F) {
	for _, seed := range []string{
		`{"type":"session.created"}`, `{"type":"session.updated","session":{}}`, `{"type":"input_audio_buffer.cleared"}`,
		`{"type":"input_audio_buffer.committed","item_id":"a","previous_item_id":null}`,
		`{"type":"conversation.item.input_audio_transcription.delta","item_id":"a","delta":"hi"}`,
		`{"type":"conversation.item.input_audio_transcription.completed","item_id":"a","transcript":"hi there"}`,
		`{"type":"conversation.item.input_audio_transcription.failed","item_id":"a","error":{"code":"x"}}`,
		`{"type":"error","error":{"type":"invalid_request_error","code":"input_audio_buffer_commit_empty"}}`,
		`{"type":"error","error":null}`, `{"type":7}`, `{}`, `[]`, ``, "\xff",
	} {
		f.Add([]byte(`{"type":"input_audio_buffer.committed","item_id":"a"}`), []byte(seed))
	}
	f.Fuzz(func(t *testing.T, before, data []byte) {
		p := spoken(2)
		p.Finalize() // a clear
		answers := 0
		for _, d := range [][]byte{before, data, data, before} {
			all, err := p.Take(live.Message{Data: d})
			if err != nil && len(all) > 0 {
				t.Errorf("heard %+v, and %v", all, err)
			}
			for _, h := range all {
				if h.Finalized || h.Err != nil {
					answers++
				}
				if strings.TrimSpace(h.Text) != h.Text || h.Err != nil && h.Text != "" {
					t.Errorf("heard %+v", h)
				}
			}
			var e *provider.Error
			if errors.As(err, &e) && (e.Provider != Name || e.Retry != e.Class.Retryable()) {
				t.Errorf("err = %+v", e)
			}
		}
		if answers > 3 {
			t.Errorf("%d answers to 3 questions", answers)
		}
	})
}
