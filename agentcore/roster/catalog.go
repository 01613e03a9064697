package roster

import "context"

// Capability is a provider's model that an agent may be set to.
type Capability struct {
	Provider    string
	Model       string
	Description string
	Available   bool   // a call could use it now
	Why         string // it is not, as something to do about it; empty when available
}

// Voice is one that an agent may speak with.
type Voice struct {
	UUID     string
	Name     string
	Provider string
	Language string // BCP 47
}

// Catalog is what this build and its settings offer a workspace.
type Catalog interface {
	ASR(ctx context.Context, workspace string) []Capability
	LLM(ctx context.Context, workspace string) []Capability
	Voices(ctx context.Context, workspace string) ([]Voice, error)
}

// Find returns the capability of provider and model.
func Find(all []Capability, provider, model string) (Capability, bool) {
	for _, c := range all {
		if c.Provider == provider && c.Model == model {
			return c, true
		}
	}
	return Capability{}, false
}
