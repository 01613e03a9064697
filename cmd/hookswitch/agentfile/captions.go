package agentfile

import "github.com/hookswitch/hookswitch/agentcore/asr"

// Captions is how live captions are made. Package hearing makes the recogniser.
type Captions struct {
	Provider string // in providers.Table; empty: the embedded recogniser
	Key      string // secret; empty: the gateway's own, if it has one
	BaseURL  string // empty: the gateway's own, or the provider's
	Model    string // empty: the provider's first
	Options  asr.Options
	Silent   bool // nothing is shown before it is final
}

// Embedded reports whether the recogniser is the process's own.
func (c Captions) Embedded() bool { return c.Provider == "" }
