// Package hearing makes the recognisers that agents' files ask for. It stands
// beside agentfile so that who only reads the files need not know every provider.
package hearing

import (
	"fmt"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/agentfile"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/providers"
)

// New makes the recogniser of c's provider, which is reached as base says where c
// is silent. It has none for the embedded one, which is the process's own.
func New(c agentfile.Captions, base providers.Access) (asr.Recognizer, error) {
	p, ok := providers.Find(c.Provider)
	if !ok || p.Hears == nil {
		return nil, fmt.Errorf("hearing: no recogniser of %q", c.Provider)
	}
	if c.BaseURL != "" { // a key of ours is not for another's host
		base.BaseURL, base.Key = c.BaseURL, ""
	}
	if c.Key != "" {
		base.Key = c.Key
	}
	model := c.Model
	if model == "" {
		model = p.Hears.Models[0]
	}
	r, err := p.Hears.New(base, providers.Hearing{Model: model, Language: c.Options.Language})
	if err != nil {
		return nil, fmt.Errorf("hearing: %s: %w", c.Provider, err)
	}
	return r, nil
}
