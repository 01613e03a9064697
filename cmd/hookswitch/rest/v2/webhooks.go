package v2

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
)

// webhookItem is a webhook in an answer.
type webhookItem struct {
	ID      int64         `json:"id"`
	UUID    string        `json:"uuid"`
	Type    string        `json:"webhook_type" enum:"pre_call,post_call"`
	Config  webhookConfig `json:"webhook_config"`
	Created stamp         `json:"created_at"`
	Updated stamp         `json:"updated_at"`
}

type webhookConfig struct {
	Request     *requestPart     `json:"api_schema"`
	Assignments []assignmentPart `json:"assignments"`
	Timeout     int              `json:"response_timeout_secs"`
	SecretSet   bool             `json:"secret_set,omitempty" doc:"There when it signs; the secret itself is never shown."`
}

type WebhookPath struct {
	AgentPath
	Webhook string `path:"webhook" doc:"Integer id or UUID of the webhook."`
}

type webhookAnswer struct {
	Success bool        `json:"success"`
	Item    webhookItem `json:"item"`
	Message string      `json:"message,omitempty"`
}

type webhooksAnswer struct {
	Success bool          `json:"success"`
	Items   []webhookItem `json:"items"`
	Count   int           `json:"count"`
}

func webhookOf(w roster.Webhook) webhookItem {
	return webhookItem{ID: w.ID, UUID: w.UUID, Type: w.Type, Created: stamp(w.Created), Updated: stamp(w.Updated),
		Config: webhookConfig{requestOf(w.Config.Request), assignmentsOf(w.Config.Assignments), w.Config.Timeout, w.Config.Secret != ""}}
}

// webhooks registers what is done with an agent's webhooks.
func (a *API) webhooks() {
	handle(a, operation{ID: "list-webhooks", Method: http.MethodGet, Path: "/agents/{uuid}/webhooks", Tag: tagWebhooks, Thing: "Agent",
		Summary: "List webhooks", Scope: roster.AgentsRead, Fail: "Failed to list webhooks"}, a.listWebhooks)
	handle(a, operation{ID: "create-webhook", Method: http.MethodPost, Path: "/agents/{uuid}/webhooks", Tag: tagWebhooks, Thing: "Agent",
		Summary: "Create a webhook", Scope: roster.AgentsWrite, Fail: "Failed to create webhook", Errors: []int{http.StatusConflict},
		About: "Tells somebody before (`pre_call`) or after (`post_call`) every call; an agent has at most one of each. " +
			"The templated `request_body` is all that is sent. With a secret, the request is signed by Standard Webhooks.",
		Body: webhookBody{}, Example: exampleWebhook}, a.createWebhook)
	handle(a, operation{ID: "get-webhook", Method: http.MethodGet, Path: "/agents/{uuid}/webhooks/{webhook}", Tag: tagWebhooks, Thing: "Webhook",
		Summary: "Get a webhook", Scope: roster.AgentsRead, Fail: "Failed to get webhook"}, a.getWebhook)
	handle(a, operation{ID: "update-webhook", Method: http.MethodPatch, Path: "/agents/{uuid}/webhooks/{webhook}", Tag: tagWebhooks, Thing: "Webhook",
		Summary: "Update a webhook", Scope: roster.AgentsWrite, Fail: "Failed to update webhook", Errors: []int{http.StatusConflict},
		About: "Merges the body into the webhook; `assignments`, `request_headers` and `request_body` are replaced as a whole.",
		Body:  webhookBody{}, Example: `{"webhook_config":{"response_timeout_secs":5}}`}, a.updateWebhook)
	handle(a, operation{ID: "delete-webhook", Method: http.MethodDelete, Path: "/agents/{uuid}/webhooks/{webhook}", Tag: tagWebhooks, Thing: "Webhook",
		Summary: "Delete a webhook", Scope: roster.AgentsWrite, Fail: "Failed to delete webhook", Errors: []int{http.StatusConflict},
		Answer: `{"success":true,"message":"Webhook deleted successfully"}`}, a.deleteWebhook)
}

func (a *API) listWebhooks(ctx context.Context, in *AgentPath) (*reply[webhooksAnswer], error) {
	g, err := a.Roster.Agent(ctx, gate.Workspace(ctx), in.UUID)
	if err != nil {
		return nil, err
	}
	items := make([]webhookItem, 0, len(g.Webhooks))
	for _, w := range g.Webhooks {
		items = append(items, webhookOf(w))
	}
	return &reply[webhooksAnswer]{webhooksAnswer{Success: true, Items: items, Count: len(items)}}, nil
}

func findWebhook(g roster.Agent, id string) (int, error) {
	at := slices.IndexFunc(g.Webhooks, func(w roster.Webhook) bool { return id == w.UUID || id == strconv.FormatInt(w.ID, 10) })
	if at < 0 {
		return 0, roster.ErrNotFound
	}
	return at, nil
}

func showWebhook(g roster.Agent, id, message string) (*reply[webhookAnswer], error) {
	at, err := findWebhook(g, id)
	if err != nil {
		return nil, err
	}
	return &reply[webhookAnswer]{webhookAnswer{Success: true, Item: webhookOf(g.Webhooks[at]), Message: message}}, nil
}

func (a *API) getWebhook(ctx context.Context, in *WebhookPath) (*reply[webhookAnswer], error) {
	g, err := a.Roster.Agent(ctx, gate.Workspace(ctx), in.UUID)
	if err != nil {
		return nil, err
	}
	return showWebhook(g, in.Webhook, "")
}

func (a *API) createWebhook(ctx context.Context, in *struct {
	AgentPath
	Posted
}) (*reply[webhookAnswer], error) {
	body, err := parse(in.RawBody)
	if err != nil {
		return nil, err
	}
	terms, err := a.terms(ctx)
	if err != nil {
		return nil, err
	}
	made := ""
	g, err := a.change(ctx, in.UUID, func(g roster.Agent) (roster.Definition, *int64, error) {
		w, err := terms.CreateWebhook(g.Definition, body)
		made = w.UUID
		g.Webhooks = append(slices.Clone(g.Webhooks), w)
		return g.Definition, nil, err
	})
	if err != nil {
		return nil, err
	}
	return showWebhook(g, made, "Webhook created successfully")
}

func (a *API) updateWebhook(ctx context.Context, in *struct {
	WebhookPath
	Posted
}) (*reply[webhookAnswer], error) {
	body, err := parse(in.RawBody)
	if err != nil {
		return nil, err
	}
	terms, err := a.terms(ctx)
	if err != nil {
		return nil, err
	}
	g, err := a.change(ctx, in.UUID, func(g roster.Agent) (roster.Definition, *int64, error) {
		d := g.Definition
		at, err := findWebhook(g, in.Webhook)
		if err != nil {
			return d, nil, err
		}
		d.Webhooks = slices.Clone(d.Webhooks)
		d.Webhooks[at], err = terms.ChangeWebhook(d, d.Webhooks[at], body)
		return d, nil, err
	})
	if err != nil {
		return nil, err
	}
	return showWebhook(g, in.Webhook, "Webhook updated successfully")
}

func (a *API) deleteWebhook(ctx context.Context, in *WebhookPath) (*reply[doneAnswer], error) {
	_, err := a.change(ctx, in.UUID, func(g roster.Agent) (roster.Definition, *int64, error) {
		at, err := findWebhook(g, in.Webhook)
		if err != nil {
			return g.Definition, nil, err
		}
		g.Webhooks = slices.Delete(slices.Clone(g.Webhooks), at, at+1)
		return g.Definition, nil, nil
	})
	if err != nil {
		return nil, err
	}
	return &reply[doneAnswer]{doneAnswer{true, "Webhook deleted successfully"}}, nil
}
