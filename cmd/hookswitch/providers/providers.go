// Package providers is the table of the outside services that the gateway can
// use. A new one is a folder under agentcore and a line here.
package providers

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/asr/live"
	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/tts"
)

// Provider is one line of the table. The stages that it has no part in are nil.
type Provider struct {
	Name    string // as the API, the settings and metrics have it: "deepgram"
	Title   string // as its people write it: "Deepgram"
	Keyless bool   // under an address of one's own it may want no key
	Home    string // the domain of its own servers; empty: any address is another's

	Imitated bool // others speak its protocol, without all of its parts: see [Settled]
	Hears    *Hears
	Thinks   *Thinks
	Speaks   *Speaks
}

// Access is how one workspace reaches a provider.
type Access struct {
	Key     string // secret
	BaseURL string // empty means the provider's own
	Model   string // that speaks. Empty has a default

	OptOut   bool              // calls are kept out of the training of models, where there is a choice
	Patience provider.Patience // zero fields have the client's defaults

	HTTP *http.Client // shared by all calls. Required
	Log  *slog.Logger // nil discards
}

// Hears is a recogniser.
type Hears struct {
	Models  []string // those that fit a phone call; others are refused
	Formats []live.Format
	Prices  map[string]provider.Prices
	New     func(a Access, h Hearing) (asr.Recognizer, error)
}

// Hearing is what an agent asks of a recogniser.
type Hearing struct {
	Model    string
	Format   live.Format // what the provider is sent
	Language string      // BCP 47
}

// Thinks is a language model.
type Thinks struct {
	Models []string
	Window func(model string) int // tokens that it can be told and say at once
	Prices map[string]provider.Prices
	New    func(a Access, t Thinking) (llm.Model, error)
}

// Thinking is what an agent asks of a model.
type Thinking struct {
	Model       string
	Temperature *float64 // nil leaves it to the provider
	Effort      string   // of reasoning; empty leaves it to the provider
	Replaceable bool     // another takes over: it need not try again
}

// Speaks is a voice.
type Speaks struct {
	Prices map[string]provider.Prices
	New    func(a Access, voice string) (Voice, error)
	Voices func(ctx context.Context, a Access) ([]tts.Info, error)
	Model  func(a Access) string // that New speaks with
}

// Voice keeps connections warm until it is closed.
type Voice interface {
	tts.Synthesizer
	Close() error
}

// Find returns the provider called name.
func Find(name string) (Provider, bool) {
	for _, p := range Table {
		if p.Name == name {
			return p, true
		}
	}
	return Provider{}, false
}

// Stages are those that p has a part in.
func (p Provider) Stages() []provider.Stage {
	var all []provider.Stage
	if p.Hears != nil {
		all = append(all, provider.Recogniser)
	}
	if p.Thinks != nil {
		all = append(all, provider.Model)
	}
	if p.Speaks != nil {
		all = append(all, provider.Voice)
	}
	return all
}
