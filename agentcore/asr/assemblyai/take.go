package assemblyai

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/asr/live"
	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// message is what the server may say. From the documentation, see [protocol].
type message struct {
	Type string

	// Turn
	TurnOrder  int    `json:"turn_order"`
	Formatted  bool   `json:"turn_is_formatted"`
	EndOfTurn  bool   `json:"end_of_turn"`
	Transcript string // the words that are final
	Words      []word // and those that may still change

	// Error
	ErrorCode int `json:"error_code"`
	Error     string
}

type word struct {
	Text       string
	Confidence float32
}

var errNoMessage = errors.New("no message of theirs")

// Take implements [live.Protocol].
func (p *protocol) Take(m live.Message) ([]live.Heard, error) {
	if m.Binary {
		return nil, errNoMessage
	}
	var msg message
	if err := json.Unmarshal(m.Data, &msg); err != nil {
		return nil, err
	}
	switch {
	case msg.Type == "Error" || msg.Type == "" && msg.Error != "":
		return nil, failure(msg.ErrorCode, msg.Error)
	case msg.Type == "Begin":
		p.begun = true
	case msg.Type == "Turn":
		return p.turn(&msg), nil
	case msg.Type == "Termination":
		return nil, provider.New(Name, "stream", provider.Unavailable, errors.New("the server ended the session"))
	case msg.Type == "":
		return nil, errNoMessage
	}
	return nil, nil // SpeechStarted, Warning, and what is still to be invented
}

// turn takes a state of the turn that is being spoken, or of one that is over.
func (p *protocol) turn(m *message) []live.Heard {
	if m.TurnOrder < p.next {
		return nil // of a turn that is settled: its text again
	}
	h := live.Heard{Text: strings.TrimSpace(m.Transcript), Confidence: confidence(m.Words)}
	if !m.EndOfTurn || p.punctuate && !m.Formatted && h.Text != "" {
		if all := spell(m.Words); !m.EndOfTurn && len(all) > len(h.Text) {
			h.Text = all
		}
		if h.Text == "" {
			return nil
		}
		p.guessed = true
		return []live.Heard{h}
	}
	h.Settled = true
	p.next = m.TurnOrder + 1
	switch {
	case p.asked > 0:
		p.asked--
		h.Finalized = true
	case h.Text != "":
		p.early, h.Finalized = true, true // ours comes too late, and may stay without an answer
	}
	p.guessed = false
	return []live.Heard{h}
}

func spell(words []word) string {
	texts := make([]string, 0, len(words))
	for _, w := range words {
		if w.Text != "" {
			texts = append(texts, w.Text)
		}
	}
	return strings.Join(texts, " ")
}

// confidence is the mean of the words'.
func confidence(words []word) float32 {
	if len(words) == 0 {
		return 0
	}
	sum := float32(0)
	for _, w := range words {
		sum += w.Confidence
	}
	return min(1, max(0, sum/float32(len(words))))
}

// classes are what their codes mean, of errors and of closed streams alike. From
// the documentation: assemblyai.com/docs/streaming/common-session-errors-and-closures,
// and for the codes from 4000 on the table in their Python library. What is not
// here is [provider.Unavailable].
var classes = map[int]provider.Class{
	1008: provider.Auth, 4001: provider.Auth, 4003: provider.Auth,
	4002: provider.Quota,
	3009: provider.RateLimited, 4029: provider.RateLimited, 4102: provider.RateLimited,
	3006: provider.Refused, 3007: provider.Refused, 4000: provider.Refused, 4032: provider.Refused,
	4033: provider.Refused, 4034: provider.Refused, 4100: provider.Refused, 4101: provider.Refused,
}

// Closed implements [live.Closer].
func (p *protocol) Closed(code int) provider.Class { return classes[code] }

// failure makes an error of one of theirs. The text only helps to tell what hides
// behind 1008; it is not shown.
func failure(code int, text string) *provider.Error {
	class, known := classes[code]
	if !known {
		class = provider.Unavailable
	}
	if text = strings.ToLower(text); code == 1008 {
		switch {
		case strings.Contains(text, "concurrent"):
			class = provider.RateLimited
		case strings.Contains(text, "balance"), strings.Contains(text, "funds"):
			class = provider.Quota
		}
	}
	e := provider.New(Name, "stream", class, errors.New("the server says that it failed"))
	e.Code = code
	return e
}
