package cartesia

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/tts/align"
	"github.com/hookswitch/hookswitch/agentcore/tts/live"
)

// stream is one websocket. From the documentation
// (docs.cartesia.ai/2026-03-01/api-reference/tts/websocket): a connection speaks
// any number of contexts, one for each phrase here, and is closed by the server
// when it was idle for 5 minutes.
type stream struct {
	cfg     Config
	id      string // of the connection, so that its contexts are nobody else's
	phrases int
	context string // of the phrase
	text    *align.Text
}

func newStream(c Config) *stream { return &stream{cfg: c, id: rand.Text()[:12], text: align.New("")} }

// Dial implements [live.Protocol].
func (s *stream) Dial() (string, http.Header) {
	return provider.Socket(s.cfg.BaseURL, base, "/tts/websocket"), s.cfg.header()
}

// request says one phrase, whole.
type request struct {
	Context    string `json:"context_id"`
	Model      string `json:"model_id"`
	Transcript string `json:"transcript"`
	Voice      voice  `json:"voice"`
	Language   string `json:"language,omitempty"`
	Format     format `json:"output_format"`
	Timestamps bool   `json:"add_timestamps"`
	Continue   bool   `json:"continue"`
}

type voice struct {
	Mode string `json:"mode"`
	ID   string `json:"id"`
}

type format struct {
	Container string `json:"container"`
	Encoding  string `json:"encoding"`
	Rate      int    `json:"sample_rate"`
}

// Say implements [live.Protocol].
func (s *stream) Say(text string) []live.Message {
	s.phrases++
	s.context = s.id + "-" + strconv.Itoa(s.phrases)
	s.text = align.New(text)
	data, _ := json.Marshal(request{ // a struct of strings
		Context: s.context, Model: s.cfg.Model, Transcript: text,
		Voice: voice{"id", s.cfg.Voice}, Language: s.cfg.Language,
		Format: format{"raw", "pcm_mulaw", 8000}, Timestamps: true,
	})
	return []live.Message{{Data: data}}
}

// answer is every message that comes, as far as it matters.
type answer struct {
	Type    string `json:"type"`
	Context string `json:"context_id"`
	Data    []byte `json:"data"` // base64
	Status  int    `json:"status_code"`
	Words   struct {
		Words []string  `json:"words"`
		Start []float64 `json:"start"` // seconds from the context's first sample
		End   []float64 `json:"end"`
	} `json:"word_timestamps"`
}

var errNotUnderstood = errors.New("its message can't be understood")

// Take implements [live.Protocol].
func (s *stream) Take(m live.Message) (live.Spoken, error) {
	var a answer
	if m.Binary || json.Unmarshal(m.Data, &a) != nil || a.Type == "" {
		return live.Spoken{}, errNotUnderstood
	}
	if a.Context != "" && a.Context != s.context {
		return live.Spoken{}, nil // of a phrase that is over
	}
	switch a.Type {
	case "chunk":
		return live.Spoken{Sound: a.Data}, nil
	case "timestamps":
		return live.Spoken{Words: s.text.Words(a.Words.Words, a.Words.Start, a.Words.End)}, nil
	case "done":
		return live.Spoken{Done: true}, nil
	case "error":
		if a.Status >= http.StatusBadRequest {
			return live.Spoken{}, provider.Status(Name, "speak", a.Status, nil, m.Data)
		}
		return live.Spoken{}, provider.Said(Name, "speak", m.Data)
	}
	return live.Spoken{}, nil // flush_done, and what may be added
}

// Again implements [live.Protocol].
func (s *stream) Again() bool { return true }
