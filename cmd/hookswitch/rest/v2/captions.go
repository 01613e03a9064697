package v2

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hookswitch/hookswitch/agentcore/captions"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
	"github.com/hookswitch/hookswitch/telephony"
)

// Captions keeps what those who listen to calls write down. [storage.DB.Captions]
// is one.
type Captions interface {
	Captions(ctx context.Context, workspace string, call telephony.CallID, after, limit int) ([]captions.Caption, error)
}

// captionsTail is how long after a call's end a caption may still come: a
// recogniser takes its time over the last words.
const captionsTail = 5 * time.Second

// captionItem is a caption in an answer.
type captionItem struct {
	N          int             `json:"n" doc:"Number in the call: from 1, without gaps."`
	Agent      string          `json:"agent" doc:"Who listened and wrote it." example:"live-captions"`
	Job        orNull[text]    `json:"job_id" doc:"Of who wrote it, in the call's room."`
	Side       string          `json:"side" enum:"caller,agent,person" doc:"Who spoke. person: who was connected by a transfer."`
	Speaker    orNull[text]    `json:"speaker" doc:"The agent's name, if an agent spoke."`
	Text       string          `json:"text"`
	Confidence orNull[float64] `json:"confidence" doc:"Of the recogniser, from 0 to 1; null when it gave none, or the words are known."`
	Start      instant         `json:"started_at" doc:"When the voice began."`
	End        instant         `json:"ended_at"`
}

// interimItem is what somebody is saying just now.
type interimItem struct {
	Job   orNull[text] `json:"job_id"`
	Side  string       `json:"side"`
	Text  string       `json:"text"`
	Start instant      `json:"started_at"`
}

type captionsAnswer struct {
	Success  bool          `json:"success"`
	Items    []captionItem `json:"items"`
	Count    int           `json:"count"`
	Next     int64         `json:"next_after" doc:"Where the list goes on: the highest number so far."`
	Complete bool          `json:"complete" doc:"The call is over: nothing will be added."`
}

func captionOf(c captions.Caption) captionItem {
	item := captionItem{
		N: c.N, Agent: c.Agent, Job: textOrNull(c.Job), Side: string(c.Side), Speaker: textOrNull(c.Speaker), Text: c.Text,
		Start: instant(c.Start), End: instant(c.End),
	}
	if c.Confidence > 0 {
		sure := float64(int(c.Confidence*1000+0.5)) / 1000 // more is noise
		item.Confidence = orNull[float64]{&sure}
	}
	return item
}

// captions registers what was said in calls, as listeners wrote it.
func (a *API) captions() {
	if a.Calls.Captions == nil {
		return
	}
	const path = "/calls/{id}/captions"
	handle(a, operation{
		ID: "list-call-captions", Method: http.MethodGet, Path: path, Tag: tagCalls, Thing: "Call",
		Summary: "Captions of a call", Scope: roster.CallsRead, Fail: "Failed to list captions",
		About: "Lists what was said, on both sides, as an agent that listens wrote it down; also after the call was handed to a person." +
			" With `Accept: text/event-stream` captions are sent as they are made: `event` is `caption`, `id` its number, `data` its JSON." +
			" Events called `interim` have no id: what somebody is saying just now, which the next `interim` of the same job and side, or their `caption`, replaces;" +
			" one with an empty text takes it back." +
			" They are sent on the node that has the call only. A stream that broke is resumed with `Last-Event-ID` or `after`." +
			" It ends some seconds after the call; when nothing is left to send, the answer is 204, at which a browser does not connect again.",
		Errors: []int{http.StatusBadRequest, http.StatusServiceUnavailable},
	}, a.callCaptions)
	answersAlso(a, path, "200", "application/json", schemaOf[captionsAnswer](a.huma.OpenAPI().Components.Schemas), "Done.")
	answersAlso(a, path, "200", "text/event-stream", &huma.Schema{Type: "string"}, "Done.")
	answersAlso(a, path, "204", "", nil, "The call is over, and all of its captions are known.")
}

func (a *API) callCaptions(ctx context.Context, in *callEventsInput) (*huma.StreamResponse, error) {
	after, _, err := in.from()
	if err != nil {
		return nil, err
	}
	r, err := a.call(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	after = min(after, maxCaption)
	workspace := gate.Workspace(ctx)
	if !in.live() {
		some, err := a.Calls.Captions.Captions(ctx, workspace, r.ID, int(after), in.Limit)
		if err != nil {
			return nil, err
		}
		list := captionsAnswer{Success: true, Items: []captionItem{}, Count: len(some), Next: after, Complete: a.captioned(r) && len(some) < in.Limit}
		for _, c := range some {
			list.Items, list.Next = append(list.Items, captionOf(c)), int64(c.N)
		}
		return listed(list), nil
	}
	if a.captioned(r) {
		left, err := a.Calls.Captions.Captions(ctx, workspace, r.ID, int(after), 1)
		if err != nil {
			return nil, err
		}
		if len(left) == 0 {
			return &huma.StreamResponse{Body: func(c huma.Context) { c.SetStatus(http.StatusNoContent) }}, nil
		}
	}
	leave, err := a.streams.enter(gate.Key(ctx).ID)
	if err != nil {
		return nil, err
	}
	wake, stop := a.Calls.Hub.listen(r.ID) // before the first look: nothing falls between
	now, quiet := a.Calls.Hub.interims.follow(r.ID)
	return a.streamWith(a.captionsOf(workspace, r.ID), after, wake, now, func() { quiet(); stop(); leave() }), nil
}

// maxCaption is above every caption's number, and within every engine's.
const maxCaption = 1 << 30

// captioned reports whether no caption of r can come any more.
func (a *API) captioned(r dispatch.Record) bool {
	return r.Over() && a.Now().Sub(r.Ended) > captionsTail
}

// captionsOf is the source of one call's captions.
func (a *API) captionsOf(workspace string, call telephony.CallID) source {
	return func(ctx context.Context, after int64, limit int) (events []event, over bool, err error) {
		r, err := a.Calls.Store.Call(ctx, call) // first: what came before its end was read is read then
		if err != nil {
			return nil, false, err
		}
		some, err := a.Calls.Captions.Captions(ctx, workspace, call, int(after), limit)
		for _, c := range some {
			b, err := json.Marshal(captionOf(c))
			if err != nil {
				return nil, false, err
			}
			events = append(events, event{int64(c.N), "caption", b})
		}
		return events, err == nil && a.captioned(r) && len(some) < limit, err
	}
}

// interim is one server-sent event without a number: nothing resumes behind it.
func interim(i captions.Interim) ([]byte, error) {
	b, err := json.Marshal(interimItem{textOrNull(i.Job), string(i.Side), i.Text, instant(i.Start)})
	if err != nil {
		return nil, err
	}
	return append(append([]byte("event: interim\ndata: "), b...), "\n\n"...), nil
}
