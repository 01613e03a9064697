package webhook

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/trace"
	"github.com/hookswitch/hookswitch/telephony"
)

// Records are the calls that webhooks tell of. [dispatch.Calls] and
// [dispatch.Transfers] have them.
type Records interface {
	Call(ctx context.Context, id telephony.CallID) (dispatch.Record, error)
	Journal(ctx context.Context, id telephony.CallID, after int) ([]agentcore.Entry, error)
	TransfersOf(ctx context.Context, call telephony.CallID) ([]dispatch.Transfer, error)
}

// Agents are whose webhooks they are. [roster.Store] has them.
type Agents interface {
	Agent(ctx context.Context, workspace, uuid string) (roster.Agent, error)
	Version(ctx context.Context, workspace, uuid string, number int) (roster.Version, error)
}

// Counter is told numbers as they arise, without names. It must not block.
type Counter interface {
	// WebhookSent counts an attempt. kind is pre_call, post_call or test; outcome
	// is delivered, failed (it will be tried again), dead (it won't) or cancelled
	// (the call ended first).
	WebhookSent(kind, outcome string, took time.Duration)
}

// Config is what a [Runner] and a [Deliverer] need.
type Config struct {
	Client     *Client       // Required.
	Deliveries Deliveries    // Required.
	Calls      Records       // a Deliverer's. Required.
	Agents     Agents        // a Deliverer's. Required.
	Sealer     roster.Sealer // opens webhooks' secrets. nil: those with a secret fail

	// Model is what an agent thinks with, to summarise its calls. nil, and a nil
	// model (the agent's is a script, or has no key), mean that summaries are
	// picked from what was said.
	Model func(ctx context.Context, workspace string, d roster.Definition) llm.Model

	// Trace is the share of the calls whose requests say to which trace they belong:
	// header traceparent, unless the webhook has one of its own. Zero: none do.
	Trace trace.Share
	// Sent is told every attempt that tells of a call, counted from 1, once it is
	// over. It must not block. Nil: nobody is.
	Sent func(d Delivery, attempt int, x Exchange)

	Jitter  func() float64 // from 0 to below 1. nil draws it
	Counter Counter        // nil counts nothing
	Log     *slog.Logger   // nil discards
}

func (c Config) withDefaults() (Config, error) {
	switch {
	case c.Client == nil:
		return c, errors.New("webhook: Config.Client is required")
	case c.Deliveries == nil:
		return c, errors.New("webhook: Config.Deliveries is required")
	}
	if c.Model == nil {
		c.Model = func(context.Context, string, roster.Definition) llm.Model { return nil }
	}
	if c.Sent == nil {
		c.Sent = func(Delivery, int, Exchange) {}
	}
	if c.Jitter == nil {
		c.Jitter = rand.Float64
	}
	if c.Counter == nil {
		c.Counter = uncounted{}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c, nil
}

type uncounted struct{}

func (uncounted) WebhookSent(string, string, time.Duration) {}
