package v2

import (
	"context"
	"errors"
	"slices"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/webhook"
)

// callWebhooks is how many deliveries a call shows. It has one of each of its
// agent's webhooks and kinds.
const callWebhooks = 20

// callWebhook is what one webhook did for a call.
type callWebhook struct {
	ID     string       `json:"id" doc:"The delivery: GET /deliveries/{id} has what was sent and answered." example:"dlv_3f9a"`
	Kind   string       `json:"kind" enum:"pre_call,post_call"`
	Status string       `json:"status" enum:"pending,delivered,dead,cancelled"`
	Tries  int          `json:"attempts" doc:"How often it was sent."`
	Error  orNull[text] `json:"error" doc:"What the newest attempt failed with, or could not assign; null: nothing."`
}

// webhooksOf reads what webhooks did for r, oldest first; nil without any
// deliveries at all.
func (a *API) webhooksOf(ctx context.Context, r dispatch.Record) (*[]callWebhook, error) {
	if a.Calls.Deliveries == nil {
		return nil, nil //nolint:nilnil // absent from the answer
	}
	all, err := a.Calls.Deliveries.Deliveries(ctx, webhook.Filter{Workspace: r.Workspace, Call: r.ID, Limit: callWebhooks})
	if err != nil {
		return nil, err
	}
	list := make([]callWebhook, 0, len(all))
	for _, d := range slices.Backward(all) {
		last, err := a.Calls.Deliveries.LastError(ctx, r.Workspace, d.ID)
		if errors.Is(err, webhook.ErrNotFound) {
			continue // deleted meanwhile
		}
		if err != nil {
			return nil, err
		}
		list = append(list, callWebhook{d.ID, d.Kind, d.Status, d.Attempts, textOrNull(last)})
	}
	return &list, nil
}
