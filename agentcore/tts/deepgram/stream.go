package deepgram

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/tts/live"
)

// A connection takes 20 flushes in 60 seconds; one that is beyond them is warned
// of and not spoken. From the documentation: developers.deepgram.com/docs/tts-ws-flush.
const (
	mostFlushes = 20
	flushWindow = 60 * time.Second
)

// oldest is how old a connection becomes. Deepgram closes it after an hour.
const oldest = 45 * time.Minute

// stream is one connection. From the documentation:
// developers.deepgram.com/reference/text-to-speech/speak-streaming, and
// developers.deepgram.com/docs/tts-ws-flush. Flux differs in how a phrase ends:
// developers.deepgram.com/docs/flux-tts/server-messages.
type stream struct {
	url     string
	header  http.Header
	flux    bool
	now     func() time.Time
	began   time.Time
	flushes []time.Time // the last mostFlushes
}

func newStream(url string, h http.Header, flux bool) *stream {
	return &stream{url: url, header: h, flux: flux, now: time.Now, began: time.Now()}
}

// request is a message to the server.
type request struct {
	Type string `json:"type"`
	Text string `json:"text,omitempty"`
}

func (r request) message() live.Message {
	data, _ := json.Marshal(r) // strings: it can't fail
	return live.Message{Data: data}
}

// Dial implements [live.Protocol].
func (s *stream) Dial() (string, http.Header) { return s.url, s.header }

// Say implements [live.Protocol].
func (s *stream) Say(text string) []live.Message {
	s.flushes = append(s.flushes, s.now())
	if n := len(s.flushes) - mostFlushes; n > 0 {
		s.flushes = s.flushes[n:]
	}
	return []live.Message{request{"Speak", text}.message(), request{Type: "Flush"}.message()}
}

// Again reports whether one more flush is allowed now. A connection that has had
// its share makes room for a new one. Flux keeps the tone of a conversation on a
// connection (developers.deepgram.com/docs/flux-tts/quickstart): it must not be
// that of another call's.
func (s *stream) Again() bool {
	now := s.now()
	if s.flux || now.Sub(s.began) > oldest {
		return false
	}
	return len(s.flushes) < mostFlushes || now.Sub(s.flushes[0]) > flushWindow
}

// answer is a message from the server that is no sound.
type answer struct {
	Type    string          `json:"type"`
	Code    json.RawMessage `json:"code"`     // of an Error
	ErrCode string          `json:"err_code"` // the same, elsewhere
}

// Take implements [live.Protocol]. Flushed, and SpeechMetadata of Flux, come
// behind the last sound of what was flushed.
func (s *stream) Take(m live.Message) (live.Spoken, error) {
	if m.Binary {
		return live.Spoken{Sound: m.Data}, nil
	}
	var a answer
	if err := json.Unmarshal(m.Data, &a); err != nil {
		return live.Spoken{}, err
	}
	switch a.Type {
	case "Flushed", "SpeechMetadata":
		return live.Spoken{Done: s.flux == (a.Type == "SpeechMetadata")}, nil
	case "Warning":
		if strings.Contains(strings.ToLower(string(m.Data)), "flush") {
			return live.Spoken{}, provider.New(Name, "speak", provider.RateLimited, errors.New("the server was asked to flush too often"))
		}
		return live.Spoken{}, nil // it speaks all the same
	case "Error":
		var code string
		_ = json.Unmarshal(a.Code, &code) // it may be none, or a number
		said, _ := json.Marshal(map[string]string{"code": cmp.Or(a.ErrCode, code)})
		return live.Spoken{}, provider.Said(Name, "speak", said)
	case "":
		return live.Spoken{}, errors.New("a message without a type")
	}
	return live.Spoken{}, nil // Metadata, Connected, SpeechStarted and what may come to be
}

var _ live.Protocol = (*stream)(nil)
