package trillet

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/agentcore/cost"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
)

// historyItem is a call in the list, key for key the vendor's.
type historyItem struct {
	ID         string         `json:"_id"`
	Timestamp  float64        `json:"timestamp"` // when it began, in seconds of Unix
	Call       string         `json:"callId"`
	From       string         `json:"fromPhoneNumber"`
	To         string         `json:"toPhoneNumber"`
	Direction  string         `json:"direction"`
	Duration   float64        `json:"duration"` // seconds
	Agent      string         `json:"agent"`
	Status     string         `json:"status"`
	Flow       string         `json:"callFlowName"` // there are none
	Cost       float64        `json:"cost"`         // in US dollars, by the operator's prices; 0 while it runs, and without any
	Recording  *string        `json:"recordingUrl"`
	Summary    string         `json:"summary"` // none is made
	Analyzed   analyzed       `json:"analyzedData"`
	Variables  map[string]any `json:"variables"`
	Transcript []line         `json:"transcript"`
	EndReason  string         `json:"endReason,omitempty"` // ours
}

type analyzed struct {
	Voicemail bool `json:"answered_by_voicemail"`
}

// historyDetail is one call with all that is known of it.
type historyDetail struct {
	historyItem
	Workspace string         `json:"workspaceId"`
	AgentID   string         `json:"agentId"`
	FlowID    string         `json:"callFlowId"`
	Room      string         `json:"roomName"`
	Started   *int64         `json:"startTime"` // seconds of Unix
	Over      *int64         `json:"endTime"`
	Metadata  map[string]any `json:"metadata"`
	Functions []functionCall `json:"functionCalls"`
	Cost      charge         `json:"cost"`
	Created   stamp          `json:"createdAt"`
	Updated   stamp          `json:"updatedAt"`
	Error     string         `json:"error,omitempty"` // ours: why a call came to nothing
}

type charge struct {
	Customer float64 `json:"customer_charge"`
}

// charged is what r cost, in US dollars.
func charged(r dispatch.Record) float64 {
	b, _ := cost.DecodeBill(r.Cost)
	return b.Total.Dollars()
}

// line is what somebody said.
type line struct {
	Role    string `json:"role"` // agent, customer
	Content string `json:"content"`
}

// functionCall is what a tool was asked for.
type functionCall struct {
	Name      string          `json:"name"`
	Arguments json.RawMessage `json:"arguments"`
	Result    string          `json:"result"`
	Failed    bool            `json:"failed,omitempty"`
}

// callStatus is the dialect's word for how a call is.
func callStatus(r dispatch.Record) string {
	switch {
	case !r.Over():
		return "active"
	case r.Answered.IsZero():
		return "failed"
	}
	return "completed"
}

// voicemail reports whether a voicemail answered: as we found out, and where
// nothing became clear, as the carrier says.
func voicemail(r dispatch.Record) bool {
	if a, ok := r.WhoAnswered(); ok && a.Class != answer.Unknown {
		return a.Class.Voicemail()
	}
	return strings.HasPrefix(r.Answerer, "machine")
}

// historyItemOf shows a call with its transcript.
func (a *api) historyItemOf(ctx context.Context, r dispatch.Record) (historyItem, []functionCall, error) {
	item := historyItem{ID: string(r.ID), Timestamp: float64(r.Created.UnixMicro()) / 1e6, Call: string(r.ID), From: string(r.From), To: string(r.To),
		Direction: string(r.Direction), Duration: math.Round(lasted(r, a.Now()).Seconds()*10) / 10, Agent: r.Agent, Status: callStatus(r),
		Cost: charged(r), Analyzed: analyzed{voicemail(r)}, Variables: decode(r.Variables), EndReason: string(r.Reason)}
	lines, functions, err := a.talk(ctx, r.ID)
	if err != nil {
		return item, nil, err
	}
	item.Transcript = lines
	if a.Recording != nil && !r.Answered.IsZero() {
		url, err := a.Recording(ctx, r.ID)
		if err != nil {
			return item, nil, err
		}
		if url != "" {
			item.Recording = &url
		}
	}
	return item, functions, nil
}

// maxEntries bounds the journal that is read of one call: some hours of talk.
const maxEntries = 20_000

// talk is what was said in a call, and what tools were asked for.
func (a *api) talk(ctx context.Context, id telephony.CallID) ([]line, []functionCall, error) {
	lines, functions := []line{}, []functionCall{}
	asked := map[string]int{}
	for after, n := 0, 0; n < maxEntries; {
		page, err := a.Calls.JournalPage(ctx, id, after, 0)
		if err != nil {
			return nil, nil, err
		}
		for _, e := range page {
			switch ev := e.Event.(type) {
			case agentcore.CallerSaid:
				lines = append(lines, line{"customer", ev.Text})
			case agentcore.AgentSaid:
				if ev.Text != "" {
					lines = append(lines, line{"agent", ev.Text})
				}
			case agentcore.ToolIntent:
				if _, again := asked[ev.Key]; !again {
					asked[ev.Key] = len(functions)
					functions = append(functions, functionCall{Name: ev.Name, Arguments: raw(ev.Arguments)})
				}
			case agentcore.ToolResult:
				if i, ok := asked[ev.Key]; ok {
					functions[i].Result, functions[i].Failed = ev.Text, ev.Failed
				}
			}
		}
		if len(page) < storage.MaxFeed {
			break
		}
		n, after = n+len(page), page[len(page)-1].N
	}
	return lines, functions, nil
}

// raw is a model's arguments as JSON, whatever it wrote.
func raw(text string) json.RawMessage {
	if json.Valid([]byte(text)) {
		return json.RawMessage(text)
	}
	quoted, err := json.Marshal(text)
	if err != nil {
		return json.RawMessage("null")
	}
	return quoted
}

// record is a call of the key's workspace.
func (a *api) record(ctx context.Context, id string) (dispatch.Record, error) {
	r, err := a.Calls.Call(ctx, telephony.CallID(id))
	if err == nil && r.Workspace != gate.Workspace(ctx) {
		return dispatch.Record{}, dispatch.ErrNotFound
	}
	return r, err
}

func (a *api) getHistory(r *http.Request) (any, error) {
	ctx, id := r.Context(), r.PathValue("id")
	call, err := a.record(ctx, id)
	if notFound(err) {
		return a.errandDetail(ctx, id)
	}
	if err != nil {
		return nil, err
	}
	item, functions, err := a.historyItemOf(ctx, call)
	if err != nil {
		return nil, err
	}
	out := historyDetail{historyItem: item, Workspace: call.Workspace, AgentID: call.AgentUUID, Room: string(call.ID), Cost: charge{item.Cost}, Metadata: map[string]any{},
		Functions: functions, Created: stamp(call.Created), Updated: stamp(newest(call)), Started: new(call.Created.Unix()), Error: call.Why}
	if call.Over() {
		out.Over = new(call.Ended.Unix())
	}
	e, err := a.errandOf(ctx, call)
	switch {
	case err == nil:
		out.Metadata = decode(e.Metadata)
	case !errors.Is(err, agenda.ErrNotFound):
		return nil, err
	}
	return out, nil
}

// errandOf is the errand that a call is an attempt of: the call's id is its own,
// or follows from it.
func (a *api) errandOf(ctx context.Context, call dispatch.Record) (agenda.Errand, error) {
	id := string(call.ID)
	e, err := a.Errands.Errand(ctx, call.Workspace, id)
	if cut := strings.LastIndexByte(id, '_'); errors.Is(err, agenda.ErrNotFound) && cut > 0 {
		if n, ok := digits(id[cut+1:]); ok && n > 1 {
			return a.Errands.Errand(ctx, call.Workspace, id[:cut])
		}
	}
	return e, err
}

// newest is when something of a call was written last, as its record tells.
func newest(r dispatch.Record) time.Time {
	return slices.MaxFunc([]time.Time{r.Created, r.Answered, r.Ended}, time.Time.Compare)
}

// errandDetail shows a call that was asked for and has not been placed yet, or
// never will be.
func (a *api) errandDetail(ctx context.Context, id string) (any, error) {
	e, err := a.Errands.Errand(ctx, gate.Workspace(ctx), id)
	if err != nil || e.Kind != agenda.Call {
		return nil, errors.Join(err, agenda.ErrNotFound)
	}
	return historyDetail{
		historyItem: historyItem{ID: e.ID, Timestamp: float64(e.Created.UnixMicro()) / 1e6, Call: e.ID, From: e.From, To: e.To,
			Direction: string(telephony.Outbound), Agent: e.Agent, Status: status(e.Status), Variables: decode(e.Variables), Transcript: []line{}},
		Workspace: e.Workspace, AgentID: e.AgentUUID, Room: e.ID, Metadata: decode(e.Metadata), Functions: []functionCall{},
		Created: stamp(e.Created), Updated: stamp(e.Updated), Error: trouble(e),
	}, nil
}
