package webhook

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/vars"
)

// Runner asks pre_call webhooks.
type Runner struct{ c Config }

// NewRunner returns a Runner.
func NewRunner(c Config) (*Runner, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Runner{c}, nil
}

// PreCall asks the pre_call webhook of agent what a call that is about to be
// answered should know, and waits for it at most its response_timeout_secs. It
// returns the call's variables, without the call's own: those on its record,
// under what the answer assigns. When the webhook fails they are as they were,
// and the error, an [*Error], is to be told and not to stop the call. What
// happened is on record either way; what of it can't be kept is logged.
//
// Without a pre_call webhook nothing happens.
func (r *Runner) PreCall(ctx context.Context, call dispatch.Record, agent roster.Definition) (vars.Set, Exchange, error) {
	given, err := vars.Decode(call.Variables)
	if err != nil {
		return vars.Set{}, Exchange{}, err
	}
	hook, ok := find(agent, 0, roster.PreCall)
	if !ok {
		return given, Exchange{}, nil
	}
	owed := Owed(roster.PreCall, call.Workspace, call.ID, call.AgentUUID, call.Version, hook.ID, time.Now())
	x, got, err := r.c.ask(ctx, hook, owed, call, agent)
	owed.Status, owed.Next, owed.Done = Delivered, time.Time{}, time.Now()
	switch {
	case err == nil:
	case endedFirst(ctx, err):
		owed.Status = Cancelled
		r.c.Log.DebugContext(ctx, "pre_call webhook was cut short: the call is over", "call", call.ID)
	default:
		owed.Status = Dead
		r.c.Log.WarnContext(ctx, "pre_call webhook failed: the call goes on without it", "call", call.ID, "error", err)
	}
	r.c.Counter.WebhookSent(roster.PreCall, owed.Status, x.Took)
	r.c.Sent(owed, 1, x)
	if _, err := r.c.keep(ctx, owed, x); err != nil {
		r.c.Log.ErrorContext(ctx, "pre_call webhook is not on record", "call", call.ID, "error", err)
	}
	return vars.Merge(given, got), x, err
}

// endedFirst reports whether nobody waits for the webhook any more: that is no
// failure of its receiver.
func endedFirst(ctx context.Context, err error) bool {
	var e *Error
	return ctx.Err() != nil && errors.As(err, &e) && e.Kind == Stopped
}

// ask sends a pre_call and takes what it assigns. Problems with that are told
// in the Exchange and are no failure.
func (c Config) ask(ctx context.Context, hook roster.Webhook, owed Delivery, call dispatch.Record, agent roster.Definition) (Exchange, vars.Set, error) {
	event, err := beginning(call)
	if err != nil {
		return unsent(err), nil, err
	}
	x, err := c.send(ctx, sending{hook: hook, owed: owed, v: vars.Merge(event.Variables, Known(call)), event: event})
	if err != nil {
		return x, nil, err
	}
	known := slices.DeleteFunc(slices.Clone(hook.Config.Assignments), func(a roster.Assignment) bool {
		_, ok := agent.Variables[a.Variable]
		return !ok
	})
	got, problems := Assign(known, x.Answer)
	if left := len(hook.Config.Assignments) - len(known); left > 0 {
		problems = append(problems, fmt.Sprintf("%d assignments name variables that the agent doesn't have", left))
	}
	x.Err = cut(strings.Join(problems, "; "), 1000)
	return x, got, nil
}

// keep puts a delivery that is over, and its one attempt, on record, also while
// ctx is ending. It tries once: somebody waits. A call that asks again, because
// whoever asked first died, adds an attempt.
func (c Config) keep(ctx context.Context, d Delivery, x Exchange) (Attempt, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTime)
	defer cancel()
	on, _, err := c.Deliveries.CreateDelivery(ctx, d)
	if err != nil {
		return Attempt{Exchange: x}, err
	}
	return c.Deliveries.RecordAttempt(ctx, on.ID, Attempt{Exchange: x}, d.Status, time.Now())
}
