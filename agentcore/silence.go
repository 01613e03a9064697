package agentcore

import (
	"time"

	"github.com/hookswitch/hookswitch/agentcore/turn"
)

// defaultSilence is how long nobody need speak.
const defaultSilence = 10 * time.Second

// silences puts in what zero means.
func (a *Agent) silences() {
	orDuration(&a.Silence, defaultSilence)
	switch {
	case a.SilenceEnd != 0:
	case a.Silence < 0:
		a.SilenceEnd = defaultSilence
	case a.asks():
		a.SilenceEnd = 2 * a.Silence
	default:
		a.SilenceEnd = a.Silence
	}
}

// asks reports whether the agent ever asks if anybody is there.
func (a *Agent) asks() bool { return a.StillThere != "" && a.Silence > 0 }

// silence is what a silence that begins now brings, and after how long; kind 0
// means nothing. asked is set if the agent has asked and nobody spoke since.
func (a *Agent) silence(asked bool) (after time.Duration, kind turn.EventKind) {
	switch {
	case !asked && a.asks() && (a.SilenceEnd < 0 || a.Silence < a.SilenceEnd):
		return a.Silence, turn.Quiet
	case a.SilenceEnd < 0:
		return 0, 0
	case asked:
		return a.SilenceEnd - a.Silence, turn.Silent
	}
	return a.SilenceEnd, turn.Silent
}
