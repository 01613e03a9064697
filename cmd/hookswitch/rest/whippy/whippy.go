// Package whippy speaks seed 002, Whippy's API under /v1: agents that begin a
// chat or a call, now or at a time, and the channels on which they do. It is a
// dialect: what it takes and says is translated, what it means is done by the
// same core as everything else. docs/compat.md tells what differs.
package whippy

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/chat"
	"github.com/hookswitch/hookswitch/agentcore/dialplan"
	"github.com/hookswitch/hookswitch/agentcore/roster"
)

// Roster is what is kept of a workspace.
type Roster interface {
	roster.Agents
	roster.Channels
	ListNumbers(ctx context.Context, workspace string) ([]roster.Number, error)
	OptedOut(ctx context.Context, workspace, contact, scope string) (roster.OptOut, error)
}

// Errands reads what is to be done later. [agenda.Store] is one.
type Errands interface {
	Errand(ctx context.Context, workspace, id string) (agenda.Errand, error)
	ErrandByKey(ctx context.Context, workspace, key string, now time.Time) (agenda.Errand, error)
	Errands(ctx context.Context, workspace string, f agenda.Filter, cursor string, limit int) (all []agenda.Errand, next string, err error)
	CountErrands(ctx context.Context, workspace string, f agenda.Filter) (int, error)
}

// Clerk does what is to be done. [agenda.Clerk] is one.
type Clerk interface {
	Book(ctx context.Context, e agenda.Errand) (on agenda.Errand, replayed bool, err error)
	Cancel(ctx context.Context, workspace, id string) (agenda.Errand, error)
}

// Chats reads conversations in writing, and ends them. [chat.Store] is one.
type Chats interface {
	Chat(ctx context.Context, workspace, id string) (chat.Chat, error)
	Chats(ctx context.Context, workspace string, f chat.Filter, cursor string, limit int) (all []chat.Chat, next string, err error)
	OpenChatWith(ctx context.Context, channel, contact string) (chat.Chat, error)
	CloseChat(ctx context.Context, workspace, id, reason string, now time.Time) (chat.Chat, error)
	Messages(ctx context.Context, chat string, after, limit int) ([]chat.Message, error)
}

// Planner says when a call may be placed. [dialplan.Gate] is one.
type Planner interface {
	// When is the first time from at on at which both ask.Hours and the workspace
	// let the call be placed. A call that may never be is a [*dialplan.Refusal].
	When(ctx context.Context, ask dialplan.Ask, at time.Time) (time.Time, error)
}

// Config is what the dialect works on.
type Config struct {
	Roster  Roster         // Required.
	Catalog roster.Catalog // Required.
	Sealer  roster.Sealer  // Required.
	Errands Errands        // Required.
	Clerk   Clerk          // Required.
	Chats   Chats          // Required.
	Planner Planner        // Required.

	Log       *slog.Logger     // nil discards
	Now       func() time.Time // nil means time.Now
	AllowHTTP bool             // as in [roster.Terms]
}

// api is the operations over one [Config].
type api struct{ Config }

// New makes the handler of the paths under /v1/. Requests come through a gate
// with [Dialect]: it has read their bodies and knows their keys.
func New(cfg Config) (http.Handler, error) {
	for name, missing := range map[string]bool{
		"Roster": cfg.Roster == nil, "Catalog": cfg.Catalog == nil, "Sealer": cfg.Sealer == nil, "Errands": cfg.Errands == nil,
		"Clerk": cfg.Clerk == nil, "Chats": cfg.Chats == nil, "Planner": cfg.Planner == nil,
	} {
		if missing {
			return nil, errors.New("whippy: Config." + name + " is required")
		}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	a := &api{cfg}
	mux := http.NewServeMux()
	for _, op := range a.operations() {
		mux.Handle(op.pattern, a.serve(op))
	}
	return known(mux), nil
}

// operations are all that the dialect has.
func (a *api) operations() []operation {
	return []operation{
		{"POST /v1/agents/{uuid}/chat", roster.CallsWrite, "Agent", a.startChat},
		{"POST /v1/agents/{uuid}/call", roster.CallsWrite, "Agent", a.startCall},

		{"GET /v1/scheduled_sessions", roster.CallsRead, "", a.listSessions},
		{"GET /v1/scheduled_sessions/{id}", roster.CallsRead, "Session", a.getSession},
		{"POST /v1/scheduled_sessions/{id}/cancel", roster.CallsWrite, "Session", a.cancelSession},
		{"DELETE /v1/scheduled_sessions/{id}", roster.CallsWrite, "Session", a.cancelSession},

		{"GET /v1/chats", roster.CallsRead, "", a.listChats},
		{"GET /v1/chats/{id}", roster.CallsRead, "Chat", a.getChat},
		{"GET /v1/chats/{id}/messages", roster.CallsRead, "Chat", a.listMessages},
		{"POST /v1/chats/{id}/close", roster.CallsWrite, "Chat", a.closeChat},

		{"GET /v1/agents", roster.AgentsRead, "", a.listAgents},
		{"POST /v1/agents", roster.AgentsWrite, "", a.createAgent},
		{"GET /v1/agents/{uuid}", roster.AgentsRead, "Agent", a.getAgent},

		{"GET /v1/channels", roster.NumbersRead, "", a.listChannels},
		{"POST /v1/channels", roster.NumbersWrite, "", a.createChannel},
		{"GET /v1/channels/{id}", roster.NumbersRead, "Channel", a.getChannel},
		{"PATCH /v1/channels/{id}", roster.NumbersWrite, "Channel", a.changeChannel},
		{"DELETE /v1/channels/{id}", roster.NumbersWrite, "Channel", a.deleteChannel},
		{"POST /v1/channels/{id}/enable", roster.NumbersWrite, "Channel", a.enableChannel},
		{"POST /v1/channels/{id}/disable", roster.NumbersWrite, "Channel", a.disableChannel},
	}
}
