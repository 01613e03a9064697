package resemble

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/tts/align"
	"github.com/hookswitch/hookswitch/agentcore/tts/live"
)

// stream is one websocket. From the documentation
// (docs.resemble.ai/voice-generation/text-to-speech/streaming-websocket and
// docs.resemble.ai/guides/creating-clips/websocket-streaming): it speaks any
// number of requests, which are told apart by a number.
type stream struct {
	cfg   Config
	id    int // of the phrase
	begun bool
	chars chars
}

func newStream(c Config) *stream { return &stream{cfg: c, chars: chars{text: align.New("")}} }

// Dial implements [live.Protocol].
func (s *stream) Dial() (string, http.Header) {
	own := socketBase
	if s.cfg.StreamURL == "" && s.cfg.BaseURL != "" {
		own = s.cfg.BaseURL
	}
	return provider.Socket(s.cfg.StreamURL, own, "/stream"), http.Header{"Authorization": {"Bearer " + s.cfg.Key}}
}

// request says one phrase.
type request struct {
	Voice     string `json:"voice_uuid"`
	Project   string `json:"project_uuid,omitempty"`
	Data      string `json:"data"`
	Model     string `json:"model,omitempty"`
	ID        int    `json:"request_id"`
	Binary    bool   `json:"binary_response"` // true has no timings
	Format    string `json:"output_format"`
	Rate      int    `json:"sample_rate"`
	Precision string `json:"precision"`
	NoHeader  bool   `json:"no_audio_header"`
}

// Say implements [live.Protocol].
func (s *stream) Say(text string) []live.Message {
	s.id++
	s.begun = false
	s.chars = chars{text: align.New(text)}
	data, _ := json.Marshal(request{ // a struct of strings
		Voice: s.cfg.Voice, Project: s.cfg.Project, Data: text, Model: s.cfg.Model, ID: s.id,
		Format: "wav", Rate: 8000, Precision: "MULAW", NoHeader: true,
	})
	return []live.Message{{Data: data}}
}

// answer is every message that comes, as far as it matters.
type answer struct {
	Type    string     `json:"type"`
	ID      *int       `json:"request_id"`
	Content []byte     `json:"audio_content"` // base64
	Times   timestamps `json:"audio_timestamps"`
	Status  int        `json:"status_code"`
}

var errNotUnderstood = errors.New("its message can't be understood")

// Take implements [live.Protocol].
func (s *stream) Take(m live.Message) (live.Spoken, error) {
	var a answer
	if m.Binary || json.Unmarshal(m.Data, &a) != nil || a.Type == "" {
		return live.Spoken{}, errNotUnderstood
	}
	if a.ID != nil && *a.ID != s.id {
		return live.Spoken{}, nil // of a phrase that is over
	}
	switch a.Type {
	case "audio":
		sound, err := s.sound(a.Content)
		if err != nil {
			return live.Spoken{}, err
		}
		return live.Spoken{Sound: sound, Words: s.chars.take(a.Times)}, nil
	case "audio_end":
		return live.Spoken{Words: s.chars.end(), Done: true}, nil
	case "error":
		if a.Status >= http.StatusBadRequest {
			return live.Spoken{}, provider.Status(Name, "speak", a.Status, nil, m.Data)
		}
		return live.Spoken{}, provider.Said(Name, "speak", m.Data)
	}
	return live.Spoken{}, nil
}

// sound is content without the header that the phrase's first may have: the
// documentation promises its absence for binary answers only.
func (s *stream) sound(content []byte) ([]byte, error) {
	first := !s.begun && len(content) > 0
	s.begun = s.begun || first
	if !first || !bytes.HasPrefix(content, []byte("RIFF")) {
		return content, nil
	}
	r := bufio.NewReader(bytes.NewReader(content))
	h, err := readHeader(r)
	if err != nil || h != (header{mulaw: true, rate: 8000, size: h.size}) {
		return nil, errNotUnderstood
	}
	return io.ReadAll(r)
}

// Again implements [live.Protocol].
func (s *stream) Again() bool { return true }
