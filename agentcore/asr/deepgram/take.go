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
	Type         string  `json:"type"`
	Start        float64 `json:"start"`    // seconds
	Duration     float64 `json:"duration"` // seconds
	IsFinal      bool    `json:"is_final"`
	FromFinalize bool    `json:"from_finalize"`
	Channel      channel `json:"channel"` // of Results; others have something else by that name
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
	if err := json.Unmarshal(m.Data, &got); err != nil && !got.other(err) {
		return nil, err
	}
	switch got.Type {
	case "Results":
		return got.heard(), nil
	case "Error":
		// Its text may hold anything, and its code is not documented for what we send.
		return nil, provider.New(Name, "stream", provider.Unavailable, errSaysSo)
	}
	return nil, nil
}

// other reports whether err is only that another kind of message has a channel
// of another form: [0,1]. Looking twice at each result would cost as much again.
func (g message) other(err error) bool {
	var e *json.UnmarshalTypeError
	return g.Type != "Results" && errors.As(err, &e) && e.Field == "channel"
}

func (g message) heard() []live.Heard {
	h := live.Heard{Settled: g.IsFinal || g.FromFinalize, Finalized: g.FromFinalize}
	if until := g.Start + g.Duration; h.Settled && until > 0 && until < (24*time.Hour).Seconds() {
		h.Until = time.Duration(until * float64(time.Second))
	}
	if all := g.Channel.Alternatives; len(all) > 0 {
		h.Text, h.Confidence = all[0].Transcript, min(1, max(0, all[0].Confidence))
	}
	return []live.Heard{h}
}
