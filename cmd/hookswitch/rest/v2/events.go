package v2

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
	"github.com/hookswitch/hookswitch/storage"
)

// journalEvent is an entry of a call's journal, as it is kept.
type journalEvent json.RawMessage

// MarshalJSON implements [json.Marshaler].
func (e journalEvent) MarshalJSON() ([]byte, error) { return json.RawMessage(e).MarshalJSON() }

// UnmarshalJSON implements [json.Unmarshaler].
func (e *journalEvent) UnmarshalJSON(b []byte) error {
	*e = bytes.Clone(b)
	return nil
}

// journalHead is what all entries have.
type journalHead struct {
	Call string  `json:"call_id,omitempty" doc:"Of the workspace's events."`
	Seq  int64   `json:"seq,omitempty" doc:"Number in the workspace's feed."`
	N    int     `json:"n" doc:"Number in the call's journal: from 1, without gaps."`
	V    int     `json:"v"`
	AtMS int64   `json:"at_ms" doc:"Since the call was answered."`
	Wall instant `json:"wall"`
	Kind string  `json:"kind" doc:"What happened: opened, caller_said, planned, heard, agent_said, talk_over, tool_intent, tool_result, transfer_began, transfer_over, who_answered, message_began, ended and others. More fields belong to each kind; new kinds may come."`
	Sync bool    `json:"sync,omitempty"`
}

// Schema implements [huma.SchemaProvider].
func (journalEvent) Schema(r huma.Registry) *huma.Schema {
	const name = "Event"
	if _, ok := r.Map()[name]; !ok {
		s := huma.SchemaFromType(r, reflect.TypeFor[journalHead]())
		s.AdditionalProperties = &huma.Schema{} // of any kind: each event has fields of its own
		r.Map()[name] = s
	}
	return &huma.Schema{Ref: "#/components/schemas/" + name}
}

type eventsAnswer struct {
	Success bool           `json:"success"`
	Items   []journalEvent `json:"items"`
	Count   int            `json:"count"`
	Next    int64          `json:"next_after" doc:"Where the list goes on: the highest number so far."`
}

// EventsQuery is the input of an operation on events.
type EventsQuery struct {
	Resume
	Limit int `query:"limit" minimum:"1" maximum:"500" default:"500" doc:"Events of a list; a stream has no limit."`
}

type callEventsInput struct {
	CallPath
	EventsQuery
}

const aboutStreams = " With `Accept: text/event-stream` they are sent as they happen, as server-sent events: `id` is the event's number, " +
	"`event` its kind, `data` its JSON. A stream that broke is resumed with `Last-Event-ID` or `after`: nothing comes twice, nothing is left out. "

// events registers what happens in calls.
func (a *API) events() {
	handle(a, operation{
		ID: "list-call-events", Method: http.MethodGet, Path: "/calls/{id}/events", Tag: tagEvents, Thing: "Call",
		Summary: "Events of a call", Scope: roster.CallsRead, Fail: "Failed to list events",
		About: "Lists the events of a call, in order." + aboutStreams + "A call's stream ends after its `ended`; " +
			"when nothing is left to send, the answer is 204, at which a browser does not connect again.",
		Errors: []int{http.StatusBadRequest, http.StatusServiceUnavailable},
	}, a.callEvents)
	handle(a, operation{
		ID: "list-events", Method: http.MethodGet, Path: "/events", Tag: tagEvents,
		Summary: "Events of the workspace", Scope: roster.CallsRead, Fail: "Failed to list events",
		About: "Lists the events of all calls, in one order that never changes; each has its `call_id` and its number `seq`." + aboutStreams +
			"Without a number, a stream begins now and a list at the beginning.",
		Errors: []int{http.StatusBadRequest, http.StatusServiceUnavailable},
	}, a.workspaceEvents)
	for _, path := range []string{"/calls/{id}/events", "/events"} {
		answersAlso(a, path, "200", "application/json", schemaOf[eventsAnswer](a.huma.OpenAPI().Components.Schemas), "Done.")
		answersAlso(a, path, "200", "text/event-stream", &huma.Schema{Type: "string"}, "Done.")
	}
	answersAlso(a, "/calls/{id}/events", "204", "", nil, "The call is over, and all of its events are known.")
}

// answersAlso adds a kind of answer to a GET's document.
func answersAlso(a *API, path, status, kind string, schema *huma.Schema, about string) {
	all := a.huma.OpenAPI().Paths[Base+path].Get.Responses
	if all[status] == nil {
		all[status] = &huma.Response{}
	}
	r := all[status]
	r.Description, r.Headers = about, numbered()
	if kind == "" {
		return
	}
	if r.Content == nil {
		r.Content = map[string]*huma.MediaType{}
	}
	r.Content[kind] = &huma.MediaType{Schema: schema}
}

func (a *API) callEvents(ctx context.Context, in *callEventsInput) (*huma.StreamResponse, error) {
	after, _, err := in.from()
	if err != nil {
		return nil, err
	}
	r, err := a.call(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if !in.live() {
		entries, err := a.Calls.Store.JournalPage(ctx, r.ID, int(after), in.Limit)
		if err != nil {
			return nil, err
		}
		list := eventsAnswer{Success: true, Items: []journalEvent{}, Next: after}
		for _, e := range entries {
			b, err := json.Marshal(e)
			if err != nil {
				return nil, err
			}
			list.Items, list.Next = append(list.Items, b), int64(e.N)
		}
		list.Count = len(list.Items)
		return listed(list), nil
	}
	if r.Over() && after >= int64(r.Last) {
		return &huma.StreamResponse{Body: func(c huma.Context) { c.SetStatus(http.StatusNoContent) }}, nil
	}
	leave, err := a.streams.enter(gate.Key(ctx).ID)
	if err != nil {
		return nil, err
	}
	wake, stop := a.Calls.Hub.listen(r.ID) // before the first look: nothing falls between
	return a.stream(a.journalOf(r), after, wake, func() { stop(); leave() }), nil
}

// journalOf is the source of one call's events.
func (a *API) journalOf(r dispatch.Record) source {
	return func(ctx context.Context, after int64, limit int) (events []event, over bool, err error) {
		entries, err := a.Calls.Store.JournalPage(ctx, r.ID, int(after), limit)
		for _, e := range entries {
			b, err := json.Marshal(e)
			if err != nil {
				return nil, false, err
			}
			_, over = e.Event.(agentcore.Ended)
			events = append(events, event{int64(e.N), e.Event.Kind(), b})
		}
		return events, over, err
	}
}

func (a *API) workspaceEvents(ctx context.Context, in *EventsQuery) (*huma.StreamResponse, error) {
	after, given, err := in.from()
	if err != nil {
		return nil, err
	}
	workspace := gate.Workspace(ctx)
	if !in.live() {
		entries, err := a.Calls.Store.Feed(ctx, workspace, after, in.Limit)
		if err != nil {
			return nil, err
		}
		list := eventsAnswer{Success: true, Items: []journalEvent{}, Next: after}
		for _, e := range entries {
			b, err := feedEvent(e)
			if err != nil {
				return nil, err
			}
			list.Items, list.Next = append(list.Items, b), e.Seq
		}
		list.Count = len(list.Items)
		return listed(list), nil
	}
	leave, err := a.streams.enter(gate.Key(ctx).ID)
	if err != nil {
		return nil, err
	}
	if !given {
		if after, err = a.Calls.Store.FeedLast(ctx, workspace); err != nil {
			leave()
			return nil, err
		}
	}
	wake, stop := a.Calls.Hub.listen("")
	return a.stream(a.feedOf(workspace), after, wake, func() { stop(); leave() }), nil
}

// feedOf is the source of a workspace's events.
func (a *API) feedOf(workspace string) source {
	return func(ctx context.Context, after int64, limit int) (events []event, over bool, err error) {
		entries, err := a.Calls.Store.Feed(ctx, workspace, after, limit)
		for _, e := range entries {
			b, err := feedEvent(e)
			if err != nil {
				return nil, false, err
			}
			events = append(events, event{e.Seq, e.Entry.Event.Kind(), b})
		}
		return events, false, err
	}
}

// feedEvent is an entry with its call and its number in the feed.
func feedEvent(e storage.FeedEntry) ([]byte, error) {
	head, err := json.Marshal(struct {
		Call string `json:"call_id"`
		Seq  int64  `json:"seq"`
	}{string(e.Call), e.Seq})
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(e.Entry)
	if err != nil {
		return nil, err
	}
	return append(append(head[:len(head)-1], ','), body[1:]...), nil
}

// listed is a JSON answer of an operation that may stream instead.
func listed(v any) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(c huma.Context) {
		b, err := json.Marshal(v)
		if err != nil {
			c.SetStatus(http.StatusInternalServerError) // what was unmarshalled a moment ago can be marshalled
			return
		}
		c.SetHeader("Content-Type", "application/json")
		c.SetStatus(http.StatusOK)
		_, _ = c.BodyWriter().Write(append(b, '\n')) // the client may be gone
	}}
}
