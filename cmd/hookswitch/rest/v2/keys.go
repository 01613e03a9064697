package v2

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
)

// keyItem is an API key in an answer. Its secret is there once, when it is made.
type keyItem struct {
	ID      string      `json:"id"`
	Name    string      `json:"name"`
	Prefix  string      `json:"prefix" doc:"First characters of the key, to recognise it by."`
	Scopes  []string    `json:"scopes"`
	Created stamp       `json:"created_at"`
	Used    stampOrNull `json:"last_used_at" doc:"To the minute."`
	Revoked stampOrNull `json:"revoked_at"`
	Secret  string      `json:"key,omitempty" doc:"The key itself: only in the answer that made it."`
}

type keyAnswer struct {
	Success bool    `json:"success"`
	Item    keyItem `json:"item"`
	Message string  `json:"message"`
}

type keysAnswer struct {
	Success bool      `json:"success"`
	Items   []keyItem `json:"items"`
	Count   int       `json:"count"`
}

type keyBody struct {
	Name   string   `json:"name" maxLength:"64" doc:"What it is for."`
	Scopes []string `json:"scopes" doc:"What it may do: admin, or some of agents:read, agents:write, numbers:read, numbers:write, calls:read, calls:write, providers:read, providers:write, keys:write. Who may write may read."`
}

type changeItem struct {
	Who    string `json:"who" doc:"key:ID, or cli:USER."`
	What   string `json:"what" example:"agent.create"`
	Target string `json:"target" doc:"Id of what was changed."`
	Detail string `json:"detail"`
	At     stamp  `json:"at"`
}

type changesAnswer struct {
	Success bool         `json:"success"`
	Items   []changeItem `json:"items"`
	Count   int          `json:"count"`
}

func keyOf(k roster.Key) keyItem {
	item := keyItem{ID: k.ID, Name: k.Name, Prefix: k.Prefix, Scopes: []string{}, Created: stamp(k.Created),
		Used: stampOrNull{stamp(k.Used)}, Revoked: stampOrNull{stamp(k.Revoked)}}
	for _, s := range k.Scopes {
		item.Scopes = append(item.Scopes, string(s))
	}
	return item
}

// keys registers what is done with API keys, and the audit.
func (a *API) keys() {
	handle(a, operation{ID: "list-keys", Method: http.MethodGet, Path: "/keys", Tag: tagKeys,
		Summary: "List API keys", Scope: roster.KeysWrite, Fail: "Failed to list keys"}, a.listKeys)
	handle(a, operation{ID: "create-key", Method: http.MethodPost, Path: "/keys", Tag: tagKeys,
		Summary: "Create an API key", Scope: roster.KeysWrite, Fail: "Failed to create key",
		About: "Makes a key of the same workspace. It is shown once. A key cannot give what it may not do itself.",
		Body:  keyBody{}, Example: `{"name":"reports","scopes":["calls:read"]}`}, a.createKey)
	handle(a, operation{ID: "revoke-key", Method: http.MethodDelete, Path: "/keys/{key}", Tag: tagKeys, Thing: "Key",
		Summary: "Revoke an API key", Scope: roster.KeysWrite, Fail: "Failed to revoke key",
		About:  "Ends a key at once. A key cannot end one that may do more than itself.",
		Answer: `{"success":true,"message":"Key revoked successfully"}`}, a.revokeKey)
	handle(a, operation{ID: "list-changes", Method: http.MethodGet, Path: "/audit", Tag: tagKeys,
		Summary: "List changes", Scope: roster.Admin, Fail: "Failed to list changes", Errors: []int{http.StatusBadRequest},
		About: "Lists who changed what in the workspace, the newest first."}, a.listChanges)
}

func (a *API) listKeys(ctx context.Context, _ *struct{}) (*reply[keysAnswer], error) {
	all, err := a.Roster.ListKeys(ctx, gate.Workspace(ctx))
	if err != nil {
		return nil, err
	}
	items := make([]keyItem, 0, len(all))
	for _, k := range all {
		items = append(items, keyOf(k))
	}
	return &reply[keysAnswer]{keysAnswer{Success: true, Items: items, Count: len(items)}}, nil
}

func (a *API) createKey(ctx context.Context, in *Posted) (*reply[keyAnswer], error) {
	body, err := parse(in.RawBody)
	if err != nil {
		return nil, err
	}
	name, scopes, wrong := wishedKey(body)
	if len(wrong) > 0 {
		return nil, wrong
	}
	for _, s := range scopes {
		if !gate.Key(ctx).May(s) {
			return nil, Fail(http.StatusForbidden, "The API key lacks the scope "+string(s)+", and can't give it.")
		}
	}
	k, secret, err := roster.Issue(ctx, a.Roster, gate.Workspace(ctx), name, scopes, gate.Actor(ctx), a.Now())
	if err != nil {
		return nil, err
	}
	item := keyOf(k)
	item.Secret = secret
	return &reply[keyAnswer]{keyAnswer{true, item, "Key created successfully. Keep it: it is not shown again."}}, nil
}

// wishedKey reads the body of a new key.
func wishedKey(body map[string]any) (name string, scopes []roster.Scope, wrong roster.Problems) {
	name = nameOf(body, &wrong)
	list, isList := body["scopes"].([]any)
	switch {
	case body["scopes"] != nil && !isList:
		wrong.Add("scopes", "must be an array of strings")
	case len(list) == 0:
		wrong.Add("scopes", "can't be blank")
	}
	for _, v := range list {
		s, is := v.(string)
		switch {
		case !is:
			wrong.Add("scopes", "must be an array of strings")
		case !slices.Contains(roster.Scopes, roster.Scope(s)):
			wrong.Add("scopes", "is not included in the list")
		case !slices.Contains(scopes, roster.Scope(s)):
			scopes = append(scopes, roster.Scope(s))
		}
	}
	return name, scopes, wrong
}

// nameOf reads what a key is called.
func nameOf(body map[string]any, wrong *roster.Problems) string {
	name, isText := body["name"].(string)
	switch {
	case body["name"] != nil && !isText:
		wrong.Add("name", "must be a string")
	case strings.TrimSpace(name) == "":
		wrong.Add("name", "can't be blank")
	case utf8.RuneCountInString(name) > roster.MaxKeyName:
		wrong.Add("name", "is too long (maximum is %d characters)", roster.MaxKeyName)
	case strings.ContainsFunc(name, unicode.IsControl):
		wrong.Add("name", "is invalid")
	}
	return name
}

func (a *API) revokeKey(ctx context.Context, in *struct {
	Key string `path:"key" doc:"ID of the key: key_..."`
}) (*reply[doneAnswer], error) {
	all, err := a.Roster.ListKeys(ctx, gate.Workspace(ctx))
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(all, func(k roster.Key) bool { return k.ID == in.Key })
	if at < 0 {
		return nil, roster.ErrNotFound
	}
	for _, s := range all[at].Scopes {
		if !gate.Key(ctx).May(s) {
			return nil, Fail(http.StatusForbidden, "The API key lacks the scope "+string(s)+", which the other one has.")
		}
	}
	if err := a.Roster.RevokeKey(ctx, gate.Workspace(ctx), in.Key, gate.Actor(ctx), a.Now()); err != nil {
		return nil, err
	}
	return &reply[doneAnswer]{doneAnswer{true, "Key revoked successfully"}}, nil
}

func (a *API) listChanges(ctx context.Context, in *struct {
	Limit int `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"At most so many."`
}) (*reply[changesAnswer], error) {
	all, err := a.Roster.Changes(ctx, gate.Workspace(ctx), in.Limit)
	if err != nil {
		return nil, err
	}
	items := make([]changeItem, 0, len(all))
	for _, c := range all {
		items = append(items, changeItem{string(c.Who), c.What, c.Target, c.Detail, stamp(c.At)})
	}
	return &reply[changesAnswer]{changesAnswer{Success: true, Items: items, Count: len(items)}}, nil
}
