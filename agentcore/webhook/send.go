package webhook

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/trace"
	"github.com/hookswitch/hookswitch/agentcore/vars"
)

// sending is one message of a webhook.
type sending struct {
	hook  roster.Webhook
	owed  Delivery // as it is before this attempt
	v     vars.Set
	event Event // the body when the webhook has none of its own
}

// send makes the request and sends it. What went wrong, also before anything
// was sent, is in the Exchange; the error is an [*Error].
func (c Config) send(ctx context.Context, s sending) (Exchange, error) {
	o, err := c.outgoing(ctx, s)
	if err != nil {
		return unsent(err), err
	}
	return c.Client.Do(ctx, o)
}

// unsent is the exchange of a request that could not be made.
func unsent(err error) Exchange {
	x := Exchange{Started: time.Now(), Err: "the request could not be made"}
	if e, ok := errors.AsType[*Error](err); ok {
		x.Err = e.Text
	}
	return x
}

func (c Config) outgoing(ctx context.Context, s sending) (Outgoing, error) {
	r := s.hook.Config.Request
	if r == nil {
		return Outgoing{}, refuse(BadRequest, "the webhook has no api_schema")
	}
	var missing []string
	o, err := Render(*r, s.v, nil, func(name string) {
		if !slices.Contains(missing, name) {
			missing = append(missing, name)
		}
	})
	if err != nil {
		return Outgoing{}, err
	}
	if len(missing) > 0 {
		c.Log.InfoContext(ctx, "a webhook names variables that nobody has set", "webhook", s.hook.ID, "variables", missing)
	}
	if o.Body == nil {
		if o.Body, err = orEvent(*r, s.event); err != nil {
			return Outgoing{}, err
		}
		if o.Body != nil && o.Header.Get("Content-Type") == "" {
			o.Header.Set("Content-Type", "application/json")
		}
	}
	if parent := c.parent(s.owed); parent != "" && o.Header.Get(traceparent) == "" {
		o.Header.Set(traceparent, parent)
	}
	o.Timeout = Timeout(s.hook.Config.Timeout)
	if s.hook.Config.Secret == "" {
		return o, nil
	}
	if c.Sealer == nil {
		return Outgoing{}, &Error{Kind: Sealed, Retryable: true, Text: "the webhook's secret can't be opened: this gateway has no key for secrets"}
	}
	secret, err := c.Sealer.Open(s.hook.Config.Secret)
	if err != nil {
		return Outgoing{}, &Error{Kind: Sealed, Retryable: true, Err: err, Text: "the webhook's secret can't be opened: the key that sealed it is gone"}
	}
	return o, Sign(&o, secret, s.owed.Message, time.Now())
}

// traceparent is the header of the W3C's Trace Context.
const traceparent = "Traceparent"

// parent is the traceparent of the next attempt at owed: empty when nobody traces,
// and for a test, which is of no call.
func (c Config) parent(owed Delivery) string {
	if owed.Call == "" || c.Trace <= 0 {
		return ""
	}
	id := trace.Of(string(owed.Call))
	return c.Trace.Header(id, id.Span(trace.Webhook(owed.ID, owed.Attempts+1)))
}

// find returns a webhook of d: that of an id, or with id 0 that of a type.
func find(d roster.Definition, id int64, kind string) (roster.Webhook, bool) {
	for _, w := range d.Webhooks {
		if w.ID == id || id == 0 && w.Type == kind {
			return w, true
		}
	}
	return roster.Webhook{}, false
}

// record keeps an attempt, also while ctx is ending: what was sent was sent. It
// tries several times, for a delivery whose success is forgotten is sent again.
func (c Config) record(ctx context.Context, id string, a Attempt, status string) (Attempt, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTime)
	defer cancel()
	var err error
	for wait := 50 * time.Millisecond; ; wait *= 2 {
		var kept Attempt
		if kept, err = c.Deliveries.RecordAttempt(ctx, id, a, status, time.Now()); err == nil {
			return kept, nil
		}
		if errors.Is(err, ErrNotFound) {
			return a, err
		}
		select {
		case <-ctx.Done():
			return a, err
		case <-time.After(wait):
		}
	}
}

// recordTime is how long an attempt is tried to be put on record.
const recordTime = 5 * time.Second
