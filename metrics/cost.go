package metrics

import "github.com/prometheus/client_golang/prometheus"

// Costs counts what calls cost, by the operator's own prices.
type Costs struct {
	set *Set
	usd *prometheus.CounterVec
}

// Costs adds what calls cost to s. It is called once.
func (s *Set) Costs() *Costs {
	usd := s.factory.counters("call_cost_usd_total",
		"What calls cost that have ended, in US dollars by the setting prices. Of a carrier, the provider is the direction.", "stage", "provider")
	for _, d := range directions {
		usd.WithLabelValues("carrier", d)
	}
	return &Costs{s, usd}
}

// Cost counts a part of what a call cost.
func (c *Costs) Cost(stage, provider string, usd float64) {
	if usd < 0 {
		return // a counter can't fall
	}
	p := c.set.providers
	switch stage {
	case "recogniser", "model", "voice":
		provider = p.names.admit(provider)
	case "carrier":
		provider = direction(provider)
	default:
		stage, provider = other, p.names.admit(provider)
	}
	c.usd.WithLabelValues(stage, provider).Add(usd)
}
