// Package v2 is the API under /api/v2, in the words of seeds 000 and 001:
// agents, their tools and webhooks, phone numbers, keys, and calls.
package v2

import (
	"errors"
	"log/slog"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

// Config is what the API works on.
type Config struct {
	Roster    roster.Store     // Required.
	Catalog   roster.Catalog   // Required.
	Sealer    roster.Sealer    // Required.
	Pairs     roster.Pairs     // nil: LiveKit's clients have no key pairs
	Providers Providers        // nil: the document has no operations on outside services
	Trunk     Trunk            // nil: numbers are not set up anywhere
	Road      Road             // nil: the way to the carrier can't be proved
	Log       *slog.Logger     // nil discards
	Now       func() time.Time // nil means time.Now
	AllowHTTP bool             // webhooks and tools may be plain http
	Calls     CallsConfig
	Later     LaterConfig
}

// API is the handlers over one [Config].
type API struct {
	Config
	huma    huma.API
	streams *streams
	checks  checks
}

// Register adds the API's operations to to.
func Register(to huma.API, cfg Config) error {
	for name, missing := range map[string]bool{"Roster": cfg.Roster == nil, "Catalog": cfg.Catalog == nil, "Sealer": cfg.Sealer == nil} {
		if missing {
			return errors.New("v2: " + name + " is required")
		}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	a := &API{Config: cfg, huma: to}
	a.describe()
	a.agents()
	a.versions()
	a.tools()
	a.webhooks()
	a.numbers()
	a.dialing()
	a.numberChecks()
	a.roads()
	a.keys()
	a.pairs()
	a.providers()
	a.capabilities()
	if err := a.calls(); err != nil {
		return err
	}
	return a.later()
}
