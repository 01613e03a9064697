package webhook

import (
	"context"
	"slices"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/vars"
)

// tell sends a post_call delivery once. Every attempt has the same body: it is
// made of what never changes once the call's transfers are over, and of a summary
// that is kept. Only who answered may be missing from the first of them: the
// carrier's verdict may come after the end.
func (d *Deliverer) tell(ctx context.Context, owed Delivery, m matter) (Exchange, error) {
	if m.problem != nil {
		return unsent(m.problem), m.problem
	}
	summary := ""
	if wantsSummary(m.hook) {
		var err error
		if summary, err = d.summary(ctx, owed, m); err != nil {
			err = &Error{Kind: Stopped, Retryable: true, Err: err, Text: "the call's summary could not be kept"}
			return unsent(err), err
		}
	}
	return d.c.post(ctx, m, owed, summary)
}

// post sends a post_call.
func (c Config) post(ctx context.Context, m matter, owed Delivery, summary string) (Exchange, error) {
	v, err := After(m.call, m.said)
	if err != nil {
		err = refuse(BadRequest, "the call's variables are no JSON object")
		return unsent(err), err
	}
	v[CallSummary] = summary
	event, err := ending(m, summary)
	if err != nil {
		return unsent(err), err
	}
	return c.send(ctx, sending{hook: m.hook, owed: owed, v: v, event: event})
}

// summary is the one on record, or else made and put there.
func (d *Deliverer) summary(ctx context.Context, owed Delivery, m matter) (string, error) {
	if owed.Summary != nil {
		return *owed.Summary, nil
	}
	made := Summary(ctx, d.c.Model(ctx, owed.Workspace, m.agent), m.said, m.transfers)
	return d.c.Deliveries.SetSummary(ctx, owed.ID, made)
}

// wantsSummary reports whether a webhook tells call_summary: a model is not
// asked for what nobody reads.
func wantsSummary(w roster.Webhook) bool {
	r := w.Config.Request
	if r == nil {
		return false
	}
	if !hasBody(*r) {
		return true
	}
	texts := []string{r.URL, string(r.Body)}
	for _, v := range r.Headers {
		texts = append(texts, v)
	}
	return slices.ContainsFunc(texts, func(t string) bool { return slices.Contains(vars.Names(t), CallSummary) })
}
