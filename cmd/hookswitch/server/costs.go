package server

import (
	"github.com/hookswitch/hookswitch/agentcore/cost"
	"github.com/hookswitch/hookswitch/agentcore/meter"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/metrics"
	"github.com/hookswitch/hookswitch/telephony"
)

// pricing has calls cost what the settings say. What is built in costs nothing.
func (s *Server) pricing() error {
	table, err := cost.Parse(s.c.Prices, moonshineProvider, fliteProvider, scriptProvider)
	if err != nil {
		return &fault.Fault{What: err.Error(), Where: fault.Keep("--prices"),
			Mend: fault.Keep("--prices model/openai/input_tokens=0.00015,carrier/inbound/minute=0.0085") + "      (or leave it empty)",
			Code: "config/shape", Exit: fault.Wrong, Err: err}
	}
	counted := s.set.Costs()
	s.store.Price(table, func(b cost.Bill) {
		for _, p := range b.Parts {
			counted.Cost(p.Stage, p.Provider, float64(p.Cost)/1e9)
		}
	})
	return nil
}

// counting is a [meter.Meter] that tells all metrics, and the call's own tally
// what was used.
type counting struct {
	*metrics.Set
	tally *cost.Tally
}

// Used implements [meter.Meter].
func (c counting) Used(stage, provider, unit string, n float64) {
	c.Set.Used(stage, provider, unit, n)
	c.tally.Used(stage, provider, unit, n)
}

// Follow implements [meter.Follower].
func (c counting) Follow(tell func()) (gone func()) { return c.tally.Follow(tell) }

// meter is told what providers do in the call that k is for, if it is for one.
func (k *casting) meter() meter.Meter {
	if k.tally == nil {
		return k.s.set
	}
	return counting{k.s.set, k.tally}
}

// tally is what a call that this node talks on has used and its journal does not
// tell yet; nil when it does not.
func (s *Server) tally(call telephony.CallID) *cost.Tally {
	if t, ok := s.tapes.Load(call); ok {
		return &t.(*tape).used
	}
	return nil
}
