package server

import (
	"fmt"
	"strconv"

	"github.com/hookswitch/hookswitch/agentcore/trace"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/tracing"
)

// tracing makes what exports traces, if the settings say to whom.
func (s *Server) tracing() (err error) {
	if s.c.Trace.Endpoint == "" {
		return nil
	}
	share, err := strconv.ParseFloat(s.c.Trace.Sample, 64)
	if err != nil {
		return fmt.Errorf("server: trace.sample: %w", err)
	}
	s.traced = trace.Share(share)
	s.tracer, err = tracing.New(tracing.Config{
		Endpoint: s.c.Trace.Endpoint, Headers: pairs(s.c.Trace.Headers), Share: s.traced,
		Version: s.o.Version, Node: s.node, Calls: s.store, Counter: s.set, Log: s.log,
	})
	if err != nil {
		return fmt.Errorf("server: %w", err)
	}
	return nil
}

// pairs is a table of the settings.
func pairs(table string) map[string]string {
	all := map[string]string{}
	for _, p := range config.Pairs(table) {
		all[p[0]] = p[1]
	}
	return all
}
