package trillet

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/search"
	"github.com/hookswitch/hookswitch/telephony"
)

// activeItem is a call that goes on.
type activeItem struct {
	ID           string        `json:"id"`
	Room         string        `json:"roomName"`
	Phone        string        `json:"customerPhone"`
	Customer     *string       `json:"customerName"`
	Agent        string        `json:"aiAgentName"`
	Duration     int64         `json:"duration"` // whole seconds since it was answered
	Status       string        `json:"status"`
	Sentiment    *string       `json:"sentiment"` // nobody judges it
	Last         string        `json:"lastMessage"`
	Transferring bool          `json:"transferRequested"`
	Type         string        `json:"type"`
	Participants []participant `json:"participants"`
	Transcript   *[]line       `json:"transcript,omitempty"` // of one call
}

type participant struct {
	Identity string         `json:"identity"`
	Agent    bool           `json:"isAgent"`
	Metadata map[string]any `json:"metadata"`
	Joined   stamp          `json:"joinedAt"`
}

// maxActive bounds the calls of one answer.
const maxActive = 1_000

func (a *api) listActive(r *http.Request) (any, error) {
	ctx := r.Context()
	data := []activeItem{}
	var err error
	scanned := a.scan(ctx, search.Query{{Key: search.Live, Yes: true}}, maxActive, func(f found) bool {
		var item activeItem
		if item, err = a.activeItemOf(ctx, f.Call); err == nil {
			data = append(data, item)
		}
		return err == nil
	})
	if scanned != nil {
		return nil, scanned
	}
	return map[string]any{"data": data, "count": len(data), "timestamp": stamp(a.Now())}, err
}

func (a *api) getActive(r *http.Request) (any, error) {
	ctx := r.Context()
	call, err := a.record(ctx, r.PathValue("roomName"))
	if err != nil {
		return nil, err
	}
	if call.Over() {
		return nil, dispatch.ErrNotFound
	}
	item, err := a.activeItemOf(ctx, call)
	if err != nil {
		return nil, err
	}
	lines, _, err := a.talk(ctx, call.ID)
	item.Transcript = &lines
	return item, err
}

// tail is how many of a journal's newest entries tell what goes on.
const tail = 100

func (a *api) activeItemOf(ctx context.Context, r dispatch.Record) (activeItem, error) {
	item := activeItem{ID: string(r.ID), Room: string(r.ID), Phone: string(r.To), Agent: r.Agent, Duration: int64(lasted(r, a.Now()) / time.Second),
		Status: "active", Type: "phone", Participants: []participant{}}
	if r.Direction == telephony.Inbound {
		item.Phone = string(r.From)
	}
	if r.Answered.IsZero() {
		item.Status = "ringing"
	} else {
		item.Participants = []participant{{Identity: "agent-" + r.AgentUUID, Agent: true, Metadata: map[string]any{}, Joined: stamp(r.Answered)},
			{Identity: "customer-" + string(r.ID), Metadata: map[string]any{}, Joined: stamp(r.Answered)}}
	}
	item.Customer = customer(decode(r.Variables))
	entries, err := a.Calls.JournalPage(ctx, r.ID, max(0, r.Last-tail), tail)
	if err != nil {
		return item, err
	}
	for _, e := range entries {
		switch ev := e.Event.(type) {
		case agentcore.CallerSaid:
			item.Last = ev.Text
		case agentcore.AgentSaid:
			if ev.Text != "" {
				item.Last = ev.Text
			}
		case agentcore.TransferBegan:
			item.Transferring = true
		case agentcore.TransferOver:
			item.Transferring = false
		}
	}
	return item, nil
}

// customer is the name that a call's variables give, as people call such a one.
func customer(set map[string]any) *string {
	for _, name := range []string{"customer_name", "customerName", "name", "first_name"} {
		if s, ok := set[name].(string); ok && s != "" && !strings.Contains(s, "{{") {
			return &s
		}
	}
	return nil
}
