package elevenlabs

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/agentcore/tts/align"
	"github.com/hookswitch/hookswitch/agentcore/tts/live"
	"github.com/hookswitch/hookswitch/media"
)

// contexts is one connection, on which each phrase is a context of its own. From
// the documentation: elevenlabs.io/docs/api-reference/text-to-speech/
// v-1-text-to-speech-voice-id-multi-stream-input.
type contexts struct {
	url      string
	header   http.Header
	settings *settings

	n     int    // of phrases so far
	id    string // of the phrase's context
	sound int    // bytes of the phrase's sound so far
	words speller
}

// settings are a context's voice_settings; nil fields are the voice's own.
type settings struct {
	Stability  *float64 `json:"stability,omitempty"`
	Similarity *float64 `json:"similarity_boost,omitempty"`
	Speed      float64  `json:"speed,omitempty"`
}

func (c Config) settings() *settings {
	if c.Stability == nil && c.Similarity == nil && c.Speed == 0 {
		return nil
	}
	return &settings{c.Stability, c.Similarity, c.Speed}
}

// request is a message to the server.
type request struct {
	Text     *string   `json:"text,omitempty"`
	Context  string    `json:"context_id"`
	Settings *settings `json:"voice_settings,omitempty"`
	Flush    bool      `json:"flush,omitempty"`
	Close    bool      `json:"close_context,omitempty"`
}

func (r request) message() live.Message {
	data, _ := json.Marshal(r) // strings, numbers in bounds: it can't fail
	return live.Message{Data: data}
}

// Dial implements [live.Protocol].
func (c *contexts) Dial() (string, http.Header) { return c.url, c.header }

// Again implements [live.Protocol].
func (c *contexts) Again() bool { return true }

// Say opens a context with the blank that it must begin with, and sends text,
// which should end with one.
func (c *contexts) Say(text string) []live.Message {
	c.n++
	c.id, c.sound, c.words = strconv.Itoa(c.n), 0, speller{text: align.New(text)}
	blank, all := " ", text+" "
	return []live.Message{
		request{Text: &blank, Context: c.id, Settings: c.settings}.message(),
		request{Text: &all, Context: c.id, Flush: true}.message(),
	}
}

// answer is a message from the server, in both spellings that the documentation
// and the vendor's own clients have.
type answer struct {
	Audio     []byte     `json:"audio"` // base64
	Alignment *alignment `json:"alignment"`
	Final     bool       `json:"isFinal"`
	FinalToo  bool       `json:"is_final"`
	ID        string     `json:"contextId"`
	IDToo     string     `json:"context_id"`

	Error   string          `json:"error"` // "quota_exceeded"
	Message string          `json:"message"`
	Code    json.RawMessage `json:"code"` // 1008
}

// Take implements [live.Protocol]. Once the first sound has come, the context is
// closed, which is how its end is told: the server says isFinal behind the last
// sound. A context that is closed sooner may be dropped unspoken
// (github.com/pipecat-ai/pipecat/issues/4681), and one that is only flushed
// never says that it is final (github.com/bolna-ai/bolna/pull/790).
func (c *contexts) Take(m live.Message) (s live.Spoken, err error) {
	var a answer
	if m.Binary {
		return s, errors.New("a binary message")
	}
	if err := json.Unmarshal(m.Data, &a); err != nil {
		return s, err
	}
	if a.Error != "" || a.Message != "" {
		return s, a.failure()
	}
	if id := cmp.Or(a.ID, a.IDToo); id != "" && id != c.id {
		return s, nil // the rest of an earlier context
	}
	if len(a.Audio) > 0 && c.sound == 0 {
		s.Send = []live.Message{request{Context: c.id, Close: true}.message()}
	}
	began := time.Duration(c.sound) * time.Second / media.Rate
	c.sound += len(a.Audio)
	s.Sound, s.Done = a.Audio, a.Final || a.FinalToo
	s.Words = c.words.take(began, a.Alignment)
	if s.Done {
		s.Words = append(s.Words, c.words.rest()...)
	}
	return s, nil
}

// failure is the error that the server tells before it closes with code 1008.
// Its message is not kept.
func (a answer) failure() *provider.Error {
	code, _ := json.Marshal(map[string]string{"code": a.Error})
	e := provider.Said(Name, "speak", code)
	class := e.Class
	switch {
	case strings.Contains(a.Error, "concurrent"), strings.Contains(a.Error, "max_active"):
		class = provider.RateLimited
	case strings.Contains(a.Error, "does_not_exist"), strings.Contains(a.Error, "policy"):
		class = provider.Refused
	}
	e = provider.New(Name, "speak", class, e.Err)
	e.Code, _ = strconv.Atoi(string(a.Code)) // 0 if it is no number
	return e
}

var _ live.Protocol = (*contexts)(nil)

// alignment tells when characters of the text are spoken, in milliseconds from
// the beginning of the sound that comes with it.
type alignment struct {
	Chars     []string  `json:"chars"`
	Starts    []float64 `json:"charStartTimesMs"`
	Durations []float64 `json:"charDurationsMs"`
}

// speller makes words of characters, and finds them in the text.
type speller struct {
	text *align.Text
	word string        // that is being spoken; empty between words
	end  time.Duration // of its last character
}

const (
	mostWord = 256     // bytes; what is longer is no word
	mostMS   = 600_000 // beyond any phrase
)

// take returns the words that are known to end in a, whose sound began at began.
func (s *speller) take(began time.Duration, a *alignment) (ends []tts.Word) {
	if a == nil || len(a.Starts) != len(a.Chars) || len(a.Durations) != len(a.Chars) {
		return nil
	}
	for i, char := range a.Chars {
		if ms := a.Starts[i] + a.Durations[i]; ms >= 0 && ms < mostMS && strings.TrimSpace(char) != "" && len(s.word) < mostWord {
			s.word += char
			s.end = began + time.Duration(ms*float64(time.Millisecond))
			continue
		}
		ends = append(ends, s.rest()...)
	}
	return ends
}

// rest is the word that is being spoken, if any, which has ended.
func (s *speller) rest() []tts.Word {
	if s.word == "" {
		return nil
	}
	word := s.word
	s.word = ""
	return s.text.Words([]string{word}, nil, []float64{s.end.Seconds()})
}
