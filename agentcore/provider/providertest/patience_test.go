package providertest

import (
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/provider"
)

func TestOnlyStallsAreWaitedOutInAHurry(t *testing.T) {
	for _, f := range append([]Fault{None, Slow, Fast}, Faults...) {
		stalls := wanted[f] != nil && wanted[f][0] == provider.Timeout
		if p := f.Patience(); (p == Patience) != stalls || p.First < Patience.First {
			t.Errorf("%s: %+v", f, p)
		}
	}
}
