package v2

import (
	"context"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/roster"
)

// Providers tells of the outside services that hear, think and speak for a
// workspace, and of those that are built in.
type Providers interface {
	// List tells of every provider that this build has a client for, each once,
	// in the order in which people read them. It asks nobody outside.
	List(ctx context.Context, workspace string) ([]ProviderState, error)
	// Check makes one real round trip for each stage that the provider plays, with
	// the key that a call would use, and ends when ctx does. What fails is in the
	// checks; an error is the gateway's own, a name that is not in List
	// [roster.ErrNotFound].
	Check(ctx context.Context, workspace, name string) ([]ProviderCheck, error)
}

// ProviderState is how one provider stands in a workspace.
type ProviderState struct {
	Name       string           // "deepgram"
	Stages     []provider.Stage // that it can play; never empty
	Source     roster.KeySource
	Configured bool      // a call could use it now
	Why        string    // it is not, as something to do about it; empty when configured
	Updated    time.Time // when the workspace's key was set; zero unless the Source is [roster.FromWorkspace]
}

// ProviderCheck is what came of one round trip.
type ProviderCheck struct {
	Stage   provider.Stage
	Model   string        // or the voice; empty when it has one only
	Latency time.Duration // to the first byte that matters: a word, a token, a sound
	Cost    *float64      // list price in US dollars; nil: not known
	Err     error         // nil: it works. Anything but a *provider.Error is not shown
}
