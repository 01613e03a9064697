package server

import (
	"context"

	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	v2 "github.com/hookswitch/hookswitch/cmd/hookswitch/rest/v2"
)

// accounts tells the API of providers: those of the table, and those built in.
type accounts struct{ s *Server }

var _ v2.Providers = accounts{}

// List implements [v2.Providers].
func (k accounts) List(ctx context.Context, workspace string) ([]v2.ProviderState, error) {
	keys, err := k.s.purse(ctx, workspace)
	if err != nil {
		return nil, err
	}
	var all []v2.ProviderState
	for _, p := range k.s.table {
		state := v2.ProviderState{Name: p.Name, Stages: p.Stages()}
		state.Source, state.Why = keys.why(ctx, p)
		state.Configured = state.Why == ""
		state.Updated = keys.kept[p.Name].Updated
		all = append(all, state)
	}
	for _, own := range []v2.ProviderState{
		{Name: moonshineProvider, Stages: []provider.Stage{provider.Recogniser}},
		{Name: scriptProvider, Stages: []provider.Stage{provider.Model}},
		{Name: fliteProvider, Stages: []provider.Stage{provider.Voice}},
	} {
		own.Source, own.Configured = roster.BuiltIn, true
		if own.Name == moonshineProvider && k.s.c.Speech.Recogniser == "none" {
			own.Configured, own.Why = false, "this gateway is deaf on purpose: recogniser is none"
		}
		all = append(all, own)
	}
	return all, nil
}

// Check implements [v2.Providers]. What is built in is not checked: it works, or
// the gateway is not ready.
func (k accounts) Check(ctx context.Context, workspace, name string) ([]v2.ProviderCheck, error) {
	p, ok := k.s.provider(name)
	if !ok {
		return nil, roster.ErrNotFound
	}
	keys, err := k.s.purse(ctx, workspace)
	if err != nil {
		return nil, err
	}
	a, _, err := keys.access(p)
	if err != nil {
		return nil, err
	}
	var all []v2.ProviderCheck
	for _, c := range p.Check(ctx, a) {
		all = append(all, v2.ProviderCheck{Stage: c.Stage, Model: c.Model, Latency: c.Latency, Cost: c.Cost, Err: c.Err})
	}
	return all, nil
}
