package providertest

import (
	"time"

	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// Patience is for a client of a server that has f: [Patience] where it is spent,
// and long where only a busy machine could spend it.
func (f Fault) Patience() provider.Patience {
	if f == NoAnswer || f == StallsIn {
		return Patience
	}
	return provider.Patience{Connect: 10 * time.Second, First: 10 * time.Second, Gap: 10 * time.Second}
}
