package rime

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/tts/align"
	"github.com/hookswitch/hookswitch/agentcore/tts/live"
)

// stream is one websocket. From the documentation (docs.rime.ai/docs/websockets.md
// and docs.rime.ai/api-reference/coda/websockets-json): /ws3 is the endpoint for
// every model; all settings are in its address.
type stream struct {
	cfg     Config
	phrases int
	context string // of the phrase
	text    *align.Text
}

func newStream(c Config) *stream { return &stream{cfg: c, text: align.New("")} }

// Dial implements [live.Protocol].
func (s *stream) Dial() (string, http.Header) {
	q := url.Values{
		"speaker": {s.cfg.Voice}, "modelId": {s.cfg.Model}, "audioFormat": {"mulaw"}, "samplingRate": {"8000"},
		// Rime speaks when it is told to, and all that it was given as one; then one
		// done comes (docs.rime.ai/docs/websockets-segment).
		"segment": {"never"},
	}
	if s.cfg.Language != "" {
		q.Set("lang", s.cfg.Language)
	}
	return provider.Socket(s.cfg.StreamURL, streamBase, "/ws3?"+q.Encode()), http.Header{"Authorization": {"Bearer " + s.cfg.Key}}
}

type words struct {
	Text    string `json:"text"`
	Context string `json:"contextId"`
}

// Say implements [live.Protocol].
func (s *stream) Say(text string) []live.Message {
	s.phrases++
	s.context = strconv.Itoa(s.phrases)
	s.text = align.New(text)
	data, _ := json.Marshal(words{text, s.context}) // a struct of strings
	return []live.Message{{Data: data}, {Data: []byte(`{"operation":"flush"}`)}}
}

// answer is every message that comes, as far as it matters.
type answer struct {
	Type    string `json:"type"`
	Context string `json:"contextId"`
	Data    []byte `json:"data"` // base64
	Words   struct {
		Words []string  `json:"words"`
		Start []float64 `json:"start"` // seconds from the synthesis' first sample
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
	case "error": // a sentence for people, and no code
		return live.Spoken{}, provider.Said(Name, "speak", m.Data)
	}
	return live.Spoken{}, nil
}

// Again implements [live.Protocol].
func (s *stream) Again() bool { return true }
