package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/failover"
	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/webhook"
	"github.com/hookswitch/hookswitch/storage/jobs"
)

// hooks makes what asks before calls and tells after them.
func (s *Server) hooks() (err error) {
	s.client = webhook.NewClient(webhook.Policy{
		AllowHTTP:    s.c.Webhooks != "https",
		AllowPrivate: s.c.Webhooks == "private",
	}, s.log)
	c := webhook.Config{
		Client: s.client, Deliveries: s.store, Calls: s.store, Agents: s.store, Sealer: s.keyring,
		Model: s.summariser, Trace: s.traced, Sent: s.tracer.Sent, Counter: s.set, Log: s.log,
	}
	if s.runner, err = webhook.NewRunner(c); err != nil {
		return fmt.Errorf("server: webhooks: %w", err)
	}
	if s.deliverer, err = webhook.NewDeliverer(c); err != nil {
		return fmt.Errorf("server: webhooks: %w", err)
	}
	return nil
}

// summariser is what sums up the calls of an agent: its own model, unless that
// is a script, or has no key.
func (s *Server) summariser(ctx context.Context, workspace string, d roster.Definition) llm.Model {
	if d.LLM == nil || text(d.LLM.Provider) == scriptProvider {
		return nil
	}
	keys, err := s.purse(ctx, workspace)
	if err != nil {
		s.log.WarnContext(ctx, "an agent's model can't sum up its calls", "error", err)
		return nil
	}
	k := &casting{s: s, ctx: ctx, keys: keys.with(d.Keys), w: wish{workspace: workspace, temperature: &d.LLM.Temperature, effort: text(d.LLM.ReasoningEffort)}}
	defer k.release() // a model that is no longer kept ready answers all the same
	all := engage(k, provider.Model, d.LLM.Choices(), k.model)
	if len(all) == 0 {
		s.log.WarnContext(ctx, "an agent's model can't sum up its calls", "error", errors.Join(k.skips...))
		return nil
	}
	return failover.Model(failover.Config[llm.Model]{Candidates: all})
}

// work does what is due later, until ctx ends.
func (s *Server) work(ctx context.Context) {
	for ctx.Err() == nil {
		err := jobs.Run(ctx, s.store, jobs.Config{
			Workers: s.workers(), Log: s.log,
		})
		if ctx.Err() != nil {
			return
		}
		s.log.ErrorContext(ctx, "work that is due waits: it is tried again in 5 s", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(retry):
		}
	}
}
