package v2

import (
	"context"
	"errors"
	"net/http"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
)

// pairItem is a key pair in an answer. Its secret is there once, when it is made.
type pairItem struct {
	Key     string      `json:"api_key" example:"APIZ4RBXNP6UVQA"`
	Name    string      `json:"name"`
	Created stamp       `json:"created_at"`
	Used    stampOrNull `json:"last_used_at" doc:"To the minute."`
	Revoked stampOrNull `json:"revoked_at"`
	Secret  string      `json:"api_secret,omitempty" doc:"What signs the tokens: only in the answer that made it."`
}

type pairAnswer struct {
	Success bool     `json:"success"`
	Item    pairItem `json:"item"`
	Message string   `json:"message"`
}

type pairsAnswer struct {
	Success bool       `json:"success"`
	Items   []pairItem `json:"items"`
	Count   int        `json:"count"`
}

type pairBody struct {
	Name string `json:"name" maxLength:"64" doc:"What it is for."`
}

func pairOf(p roster.Pair) pairItem {
	return pairItem{Key: p.Key, Name: p.Name, Created: stamp(p.Created), Used: stampOrNull{stamp(p.Used)}, Revoked: stampOrNull{stamp(p.Revoked)}}
}

// pairs registers what is done with the key pairs of LiveKit's clients.
func (a *API) pairs() {
	if a.Pairs == nil {
		return
	}
	handle(a, operation{ID: "list-key-pairs", Method: http.MethodGet, Path: "/livekit/keys", Tag: tagKeys,
		Summary: "List LiveKit key pairs", Scope: roster.KeysWrite, Fail: "Failed to list key pairs"}, a.listPairs)
	handle(a, operation{ID: "create-key-pair", Method: http.MethodPost, Path: "/livekit/keys", Tag: tagKeys,
		Summary: "Create a LiveKit key pair", Scope: roster.KeysWrite, Fail: "Failed to create key pair",
		About: "Makes an API key and a secret as LiveKit's clients use them: `LIVEKIT_API_KEY` and `LIVEKIT_API_SECRET`. " +
			"Whoever has them can send agents into the workspace's calls, and take part as a worker, so the key that makes one needs `calls:write`, too. The secret is shown once.",
		Body: pairBody{}, Example: `{"name":"dispatcher"}`, Errors: []int{http.StatusConflict}}, a.createPair)
	handle(a, operation{ID: "revoke-key-pair", Method: http.MethodDelete, Path: "/livekit/keys/{key}", Tag: tagKeys, Thing: "Key pair",
		Summary: "Revoke a LiveKit key pair", Scope: roster.KeysWrite, Fail: "Failed to revoke key pair",
		About:  "Ends a pair at once: tokens that it signed are refused from then on.",
		Answer: `{"success":true,"message":"Key pair revoked successfully"}`}, a.revokePair)
}

func (a *API) listPairs(ctx context.Context, _ *struct{}) (*reply[pairsAnswer], error) {
	all, err := a.Pairs.ListPairs(ctx, gate.Workspace(ctx))
	if err != nil {
		return nil, err
	}
	items := make([]pairItem, 0, len(all))
	for _, p := range all {
		items = append(items, pairOf(p))
	}
	return &reply[pairsAnswer]{pairsAnswer{Success: true, Items: items, Count: len(items)}}, nil
}

func (a *API) createPair(ctx context.Context, in *Posted) (*reply[pairAnswer], error) {
	body, err := parse(in.RawBody)
	if err != nil {
		return nil, err
	}
	var wrong roster.Problems
	name := nameOf(body, &wrong)
	if len(wrong) > 0 {
		return nil, wrong
	}
	if !gate.Key(ctx).May(roster.CallsWrite) {
		return nil, Fail(http.StatusForbidden, "The API key lacks the scope "+string(roster.CallsWrite)+", which a key pair has.")
	}
	p, secret, err := roster.IssuePair(ctx, a.Pairs, a.Sealer, gate.Workspace(ctx), name, gate.Actor(ctx), a.Now())
	if errors.Is(err, roster.ErrTooMany) {
		return nil, Fail(http.StatusConflict, "The workspace has as many key pairs as it may. Revoke one first.")
	}
	if err != nil {
		return nil, err
	}
	item := pairOf(p)
	item.Secret = secret
	return &reply[pairAnswer]{pairAnswer{true, item, "Key pair created successfully. Keep its secret: it is not shown again."}}, nil
}

func (a *API) revokePair(ctx context.Context, in *struct {
	Key string `path:"key" maxLength:"64" doc:"The pair's API key: API..."`
}) (*reply[doneAnswer], error) {
	if err := a.Pairs.RevokePair(ctx, gate.Workspace(ctx), in.Key, gate.Actor(ctx), a.Now()); err != nil {
		return nil, err
	}
	return &reply[doneAnswer]{doneAnswer{true, "Key pair revoked successfully"}}, nil
}
