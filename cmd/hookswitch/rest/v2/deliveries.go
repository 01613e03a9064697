package v2

import (
	"context"
	"errors"
	"net/http"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/webhook"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
	"github.com/hookswitch/hookswitch/telephony"
)

// deliveryItem is a webhook that was to be told, in an answer.
type deliveryItem struct {
	ID       string         `json:"id" example:"dlv_3f9a"`
	Message  string         `json:"webhook_message_id" doc:"The webhook-id header: the same in every attempt, so that a receiver can drop repeats." example:"msg_3f9a"`
	Call     orNull[text]   `json:"call_id" doc:"null: a test's."`
	Agent    string         `json:"agent_uuid"`
	Version  int            `json:"agent_version"`
	Webhook  int64          `json:"webhook_id"`
	Kind     string         `json:"kind" enum:"pre_call,post_call,test"`
	Status   string         `json:"status" enum:"pending,delivered,dead,cancelled" doc:"cancelled: a pre_call that was cut short, because the call ended before the answer came."`
	Tries    int            `json:"attempts_count"`
	Created  instant        `json:"created_at"`
	Next     instantOrNull  `json:"next_attempt_at" doc:"null: there is none by itself."`
	Done     instantOrNull  `json:"done_at"`
	Attempts *[]attemptItem `json:"attempts,omitempty" doc:"The newest 50, oldest first; absent in lists."`
}

// attemptItem is one time that it was sent. Secrets are masked.
type attemptItem struct {
	N               int               `json:"attempt"`
	Started         instant           `json:"started_at"`
	TookMS          int64             `json:"took_ms"`
	Method          string            `json:"method,omitempty"`
	URL             string            `json:"url" doc:"Without its query."`
	Status          int               `json:"status_code" doc:"0: there was no answer."`
	Error           orNull[text]      `json:"error" doc:"null: the receiver took it."`
	RequestHeaders  map[string]string `json:"request_headers"`
	RequestBody     string            `json:"request_body"`
	ResponseHeaders map[string]string `json:"response_headers"`
	ResponseBody    string            `json:"response_body"`
	Next            instantOrNull     `json:"next_attempt_at" doc:"As it was planned then."`
}

type deliveriesAnswer struct {
	Success bool           `json:"success"`
	Items   []deliveryItem `json:"items"`
	Count   int            `json:"count" doc:"Of the items on this page."`
	Next    orNull[text]   `json:"next_cursor" doc:"The cursor of the next page; null after the last."`
}

type deliveryAnswer struct {
	Success bool         `json:"success"`
	Item    deliveryItem `json:"item"`
	Message string       `json:"message,omitempty"`
}

type attemptAnswer struct {
	Success bool        `json:"success" doc:"A sample was sent; item says whether the receiver took it."`
	Item    attemptItem `json:"item"`
	Message string      `json:"message"`
}

type deliveriesInput struct {
	Status string `query:"status" enum:"pending,delivered,dead,cancelled" doc:"Only those of this status."`
	Kind   string `query:"kind" enum:"pre_call,post_call,test" doc:"Only those of this kind."`
	Call   string `query:"call_id" maxLength:"128" doc:"Only those of this call."`
	Agent  string `query:"agent_uuid" maxLength:"64" doc:"Only those of this agent."`
	Cursor string `query:"cursor" maxLength:"128" doc:"The next_cursor of the page before."`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"Deliveries on a page."`
}

type deliveryPath struct {
	ID string `path:"id" maxLength:"128" doc:"The delivery's id." example:"dlv_3f9a"`
}

// deliveries registers what webhooks were told.
func (a *API) deliveries() {
	if a.Calls.Deliveries == nil {
		return
	}
	handle(a, operation{ID: "list-deliveries", Method: http.MethodGet, Path: "/deliveries", Tag: tagWebhooks,
		Summary: "List deliveries", Scope: roster.CallsRead, Fail: "Failed to list deliveries", Errors: []int{http.StatusBadRequest},
		About: "Lists what webhooks were told or are to be told, newest first. `status=dead` are those that nobody took in eight attempts; `status=cancelled`, each a `pre_call` whose call ended before its answer came, are no failures."}, a.listDeliveries)
	handle(a, operation{ID: "get-delivery", Method: http.MethodGet, Path: "/deliveries/{id}", Tag: tagWebhooks, Thing: "Delivery",
		Summary: "Get a delivery", Scope: roster.CallsRead, Fail: "Failed to get delivery",
		About: "Returns a delivery and every attempt at it, with what was sent and answered, secrets masked, bodies up to 64 KB."}, a.getDelivery)
	if a.Calls.Sender == nil {
		return
	}
	handle(a, operation{ID: "resend-delivery", Method: http.MethodPost, Path: "/deliveries/{id}/resend", Tag: tagWebhooks, Thing: "Delivery",
		Summary: "Resend a delivery", Scope: roster.CallsWrite, Fail: "Failed to resend delivery", Errors: []int{http.StatusConflict},
		About: "Has a `post_call` delivery sent once more, at once, with the same `webhook-id`, whatever became of it."}, a.resendDelivery)
	handle(a, operation{ID: "test-webhook", Method: http.MethodPost, Path: "/agents/{uuid}/webhooks/{webhook}/test", Tag: tagWebhooks, Thing: "Webhook",
		Summary: "Test a webhook", Scope: roster.CallsWrite, Fail: "Failed to test webhook",
		About: "Sends a sample of a call that nobody made to the webhook, now and once, and returns how that went."}, a.testWebhook)
}

func (a *API) listDeliveries(ctx context.Context, in *deliveriesInput) (*reply[deliveriesAnswer], error) {
	all, err := a.Calls.Deliveries.Deliveries(ctx, webhook.Filter{
		Workspace: gate.Workspace(ctx), Status: in.Status, Kind: in.Kind, Call: telephony.CallID(in.Call), Agent: in.Agent,
		After: in.Cursor, Limit: in.Limit,
	})
	if errors.Is(err, webhook.ErrNotFound) {
		return nil, roster.Problems{{Field: "cursor", Messages: []string{"is not one that a page gave"}}}
	}
	if err != nil {
		return nil, err
	}
	out := deliveriesAnswer{Success: true, Items: make([]deliveryItem, 0, len(all)), Count: len(all)}
	for _, d := range all {
		out.Items = append(out.Items, deliveryOf(d))
	}
	if len(all) == in.Limit {
		out.Next = textOrNull(all[len(all)-1].ID)
	}
	return &reply[deliveriesAnswer]{out}, nil
}

func (a *API) getDelivery(ctx context.Context, in *deliveryPath) (*reply[deliveryAnswer], error) {
	d, err := a.Calls.Deliveries.Delivery(ctx, gate.Workspace(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return a.showDelivery(ctx, d, "")
}

func (a *API) showDelivery(ctx context.Context, d webhook.Delivery, message string) (*reply[deliveryAnswer], error) {
	attempts, err := a.Calls.Deliveries.Attempts(ctx, d.Workspace, d.ID)
	if err != nil {
		return nil, err
	}
	item, list := deliveryOf(d), make([]attemptItem, 0, len(attempts))
	for _, t := range attempts {
		list = append(list, attemptOf(t))
	}
	item.Attempts = &list
	return &reply[deliveryAnswer]{deliveryAnswer{true, item, message}}, nil
}

func (a *API) resendDelivery(ctx context.Context, in *deliveryPath) (*reply[deliveryAnswer], error) {
	d, err := a.Calls.Sender.Resend(ctx, gate.Workspace(ctx), in.ID)
	switch {
	case errors.Is(err, webhook.ErrBusy):
		return nil, Fail(http.StatusConflict, "The delivery is being sent at this moment, or is about to be.")
	case errors.Is(err, webhook.ErrNotAgain):
		return nil, Fail(http.StatusConflict, "Only post_call deliveries are sent again: a call waited for a pre_call, and a test is made anew.")
	case err != nil:
		return nil, err
	}
	return a.showDelivery(ctx, d, "Delivery is sent again")
}

func (a *API) testWebhook(ctx context.Context, in *WebhookPath) (*reply[attemptAnswer], error) {
	g, err := a.Roster.Agent(ctx, gate.Workspace(ctx), in.UUID)
	if err != nil {
		return nil, err
	}
	at, err := findWebhook(g, in.Webhook)
	if err != nil {
		return nil, err
	}
	t, err := a.Calls.Sender.Test(ctx, g.Workspace, g.UUID, g.Webhooks[at].ID)
	if err != nil {
		return nil, err
	}
	message := "The receiver took it"
	if t.Err != "" {
		message = "The receiver did not take it"
	}
	return &reply[attemptAnswer]{attemptAnswer{true, attemptOf(t), message}}, nil
}

func deliveryOf(d webhook.Delivery) deliveryItem {
	return deliveryItem{
		ID: d.ID, Message: d.Message, Call: textOrNull(string(d.Call)), Agent: d.AgentUUID, Version: d.Version,
		Webhook: d.Webhook, Kind: d.Kind, Status: d.Status, Tries: d.Attempts,
		Created: instant(d.Created), Next: instantOrNull{instant(d.Next)}, Done: instantOrNull{instant(d.Done)},
	}
}

func attemptOf(t webhook.Attempt) attemptItem {
	item := attemptItem{
		N: t.N, Started: instant(t.Started), TookMS: t.Took.Milliseconds(), Method: t.Method, URL: t.URL, Status: t.Status,
		Error: textOrNull(t.Err), RequestHeaders: t.RequestHeaders, RequestBody: t.RequestBody,
		ResponseHeaders: t.ResponseHeaders, ResponseBody: t.ResponseBody, Next: instantOrNull{instant(t.Next)},
	}
	if item.RequestHeaders == nil {
		item.RequestHeaders = map[string]string{}
	}
	if item.ResponseHeaders == nil {
		item.ResponseHeaders = map[string]string{}
	}
	return item
}
