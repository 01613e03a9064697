package webhook

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/roster"
)

// Deliverer delivers post_call webhooks, and tests of either kind.
type Deliverer struct {
	c     Config
	hosts hosts
}

// NewDeliverer returns a Deliverer.
func NewDeliverer(c Config) (*Deliverer, error) {
	c, err := c.withDefaults()
	switch {
	case err != nil:
		return nil, err
	case c.Calls == nil:
		return nil, errors.New("webhook: Config.Calls is required")
	case c.Agents == nil:
		return nil, errors.New("webhook: Config.Agents is required")
	}
	return &Deliverer{c: c}, nil
}

// When to look again at a receiver that has its hands full: after a quarter of the
// time for which the delivery has been due, between these. Hundreds that wait for
// a receiver that hangs would else look every second, each look being a write,
// and be in everybody's way.
const (
	crowded        = time.Second
	longestCrowded = time.Minute
)

func crowdedFor(owed Delivery, now time.Time) time.Duration {
	return min(max(crowded, now.Sub(owed.Next)/4), longestCrowded)
}

// claimTime is how long nobody else takes a delivery that is being sent: longer
// than a summary, an exchange and the note of it last together, and not much
// longer, for nobody sends it either after a crash.
func claimTime(owed Delivery, w roster.Webhook) time.Duration {
	t := Timeout(w.Config.Timeout) + recordTime + 10*time.Second
	if owed.Summary == nil && wantsSummary(w) {
		t += summaryTime
	}
	return t
}

// Work is the worker of a job of [JobKind]: it sends the delivery if it is due.
// again is when to come back, 0 for never. It may run twice, here or elsewhere:
// one of them sends. The error is the store's own; receivers' failures are
// attempts.
func (d *Deliverer) Work(ctx context.Context, id string) (again time.Duration, err error) {
	owed, err := d.c.Deliveries.Due(ctx, id)
	switch {
	case errors.Is(err, ErrNotFound):
		return 0, nil
	case err != nil:
		return 0, err
	}
	if again, due := dueIn(owed, time.Now()); !due {
		return again, nil
	}
	m, err := d.matter(ctx, owed)
	if err != nil {
		return 0, err
	}
	if again := m.unsettled(time.Now()); again > 0 {
		return again, nil
	}
	host := m.host()
	if !d.hosts.enter(ctx, host) {
		return time.Duration(float64(crowdedFor(owed, time.Now())) * (0.8 + 0.4*d.c.Jitter())), nil
	}
	defer d.hosts.leave(host)
	if err := d.listen(ctx, owed, &m); err != nil {
		return 0, err
	}

	now := time.Now()
	owed, mine, err := d.c.Deliveries.Claim(ctx, id, now, now.Add(claimTime(owed, m.hook)))
	if err != nil {
		return 0, err
	}
	if !mine {
		again, _ := dueIn(owed, now)
		return again, nil
	}
	x, err := d.tell(ctx, owed, m)
	return d.close(ctx, owed, x, err)
}

// dueIn reports whether d is to be sent now, or else when.
func dueIn(d Delivery, now time.Time) (time.Duration, bool) {
	if d.Status != Pending {
		return 0, false
	}
	wait := d.Next.Sub(now)
	return max(wait, time.Millisecond), wait <= 0
}

// close puts the attempt on record and says when the next one is.
func (d *Deliverer) close(ctx context.Context, owed Delivery, x Exchange, failure error) (time.Duration, error) {
	n := owed.Attempts + 1
	status, wait := verdict(n, failure, d.c.Jitter())
	a := Attempt{Exchange: x}
	if status == Pending {
		a.Next = time.Now().Add(wait)
	}
	outcome := status
	if status == Pending {
		outcome = "failed"
	}
	d.c.Counter.WebhookSent(owed.Kind, outcome, x.Took)
	d.c.Sent(owed, n, x)
	if status == Dead {
		d.c.Log.WarnContext(ctx, "a webhook is given up", "delivery", owed.ID, "call", owed.Call, "attempts", n, "error", failure)
	} else {
		d.c.Log.InfoContext(ctx, "webhook sent", "delivery", owed.ID, "call", owed.Call, "attempt", n, "status", x.Status, "outcome", outcome, "took", x.Took)
	}
	if _, err := d.c.record(ctx, owed.ID, a, status); err != nil && !errors.Is(err, ErrNotFound) {
		return 0, fmt.Errorf("webhook: attempt %d of %s is not on record: %w", n, owed.ID, err)
	}
	return wait, nil
}

// matter is what a delivery tells, and whom.
type matter struct {
	hook      roster.Webhook
	call      dispatch.Record
	transfers []dispatch.Transfer // of call, oldest first
	agent     roster.Definition
	said      []agentcore.Utterance
	problem   error // it can't be told
}

func (m matter) host() string {
	if m.hook.Config.Request == nil {
		return ""
	}
	return Host(m.hook.Config.Request.URL)
}

// matter reads what owed tells, but for what was said, of the version of the agent that the call ran:
// also when the webhook was changed or deleted since, or the agent was.
func (d *Deliverer) matter(ctx context.Context, owed Delivery) (matter, error) {
	var m matter
	var err error
	if m.call, err = d.c.Calls.Call(ctx, owed.Call); err != nil {
		return m, m.gone(err, dispatch.ErrNotFound, "the call is not on record any more")
	}
	if m.transfers, err = d.c.Calls.TransfersOf(ctx, owed.Call); err != nil {
		return m, err
	}
	v, err := d.c.Agents.Version(ctx, owed.Workspace, owed.AgentUUID, owed.Version)
	if err != nil {
		return m, m.gone(err, roster.ErrNotFound, "the version of the agent is not on record any more")
	}
	m.agent = v.Definition
	ok := false
	if m.hook, ok = find(v.Definition, owed.Webhook, owed.Kind); !ok {
		m.problem = refuse(BadRequest, "the version of the agent has no such webhook")
	}
	return m, nil
}

// listen reads what was said: hours of it, perhaps, which is why it is not read
// before the receiver has room.
func (d *Deliverer) listen(ctx context.Context, owed Delivery, m *matter) error {
	if m.problem != nil {
		return nil
	}
	entries, err := d.c.Calls.Journal(ctx, owed.Call, 0)
	if err == nil {
		m.said = agentcore.Transcript(entries)
	}
	return err
}

// gone makes a problem of what isn't there; other errors are the store's.
func (m *matter) gone(err, missing error, text string) error {
	if errors.Is(err, missing) {
		m.problem = refuse(BadRequest, text)
		return nil
	}
	return err
}

// Resend has a post_call delivery sent once more, at once, under the same
// webhook-id. It is [ErrNotFound], [ErrBusy] or [ErrNotAgain].
func (d *Deliverer) Resend(ctx context.Context, workspace, id string) (Delivery, error) {
	return d.c.Deliveries.Resend(ctx, workspace, id, time.Now())
}
