package deepgram

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr/live"
	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// message is what Deepgram says. From the documentation:
// developers.deepgram.com/reference/speech-to-text/listen-streaming (Results,
// Metadata, UtteranceEnd, SpeechStarted), .../docs/finalize (from_finalize).
type message struct {
	Type         string          `json:"type"`
	Start        float64         `json:"start"`    // seconds
	Duration     float64         `json:"duration"` // seconds
	IsFinal      bool            `json:"is_final"`
	FromFinalize bool            `json:"from_finalize"`
	Channel      json.RawMessage `json:"channel"`
}

type channel struct {
	Alternatives []struct {
		Transcript string  `json:"transcript"`
		Confidence float32 `json:"confidence"`
	} `json:"alternatives"`
}

var (
	errBinary = errors.New("binary where text was expected")
	errSaysSo = errors.New("it says that it failed")
)

// Take implements [live.Protocol]. What is new to us is let pass: they add kinds
// of messages.
func (p *protocol) Take(m live.Message) ([]live.Heard, error) {
	if m.Binary {
		return nil, errBinary
	}
	var got message
	if err := json.Unmarshal(m.Data, &got); err != nil {
		return nil, err
	}
	switch got.Type {
	case "Results":
		return got.heard()
	case "Error":
		// Its text may hold anything, and its code is not documented for what we send.
		return nil, provider.New(Name, "stream", provider.Unavailable, errSaysSo)
	}
	return nil, nil
}

func (g message) heard() ([]live.Heard, error) {
	h := live.Heard{Settled: g.IsFinal || g.FromFinalize, Finalized: g.FromFinalize}
	if until := g.Start + g.Duration; h.Settled && until > 0 && until < (24*time.Hour).Seconds() {
		h.Until = time.Duration(until * float64(time.Second))
	}
	var c channel
	if len(g.Channel) > 0 {
		if err := json.Unmarshal(g.Channel, &c); err != nil {
			return nil, err
		}
	}
	if len(c.Alternatives) > 0 {
		best := c.Alternatives[0]
		h.Text, h.Confidence = best.Transcript, min(1, max(0, best.Confidence))
	}
	return []live.Heard{h}, nil
}
