package v2

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
	"github.com/hookswitch/hookswitch/storage"
)

// scheduleItem is an errand in an answer: a call or a chat that is to begin, and
// what became of it.
type scheduleItem struct {
	ID        string        `json:"id" doc:"Of its first call, or of its chat." example:"call_7q2f"`
	Kind      string        `json:"kind" enum:"call,chat"`
	Source    string        `json:"source" doc:"Who asked for it: v2, whippy, trillet, batch, agent (a tool), callback."`
	Status    string        `json:"status" enum:"scheduled,ready,placing,live,done,failed,refused,cancelled"`
	Code      orNull[text]  `json:"code" doc:"Why it is as it is: an end reason, or quiet_hours, cancelled, series_open and others."`
	Why       orNull[text]  `json:"why" doc:"The same for people."`
	AgentUUID orNull[text]  `json:"agent_uuid"`
	AgentName string        `json:"agent_name"`
	Channel   orNull[text]  `json:"channel_id"`
	From      orNull[text]  `json:"from" doc:"null: the agent's first number that calls out."`
	To        string        `json:"to"`
	Batch     orNull[text]  `json:"batch_id"`
	Line      orNull[int64] `json:"line" doc:"Of the batch's file."`
	Attempt   int           `json:"attempt" doc:"Attempts that were begun."`
	Call      orNull[text]  `json:"call_id" doc:"Of the newest attempt."`
	Variables object        `json:"dynamic_variables"`
	Metadata  object        `json:"metadata" doc:"The client's own."`
	Asked     instantOrNull `json:"schedule_at" doc:"When it was asked for; null: at once."`
	Due       instantOrNull `json:"due_at" doc:"When it is looked at next; null when it does not wait."`
	Created   instant       `json:"created_at"`
	Updated   instant       `json:"updated_at"`
	Ended     instantOrNull `json:"ended_at"`

	Bypass   bool               `json:"bypass_quiet_hours"`
	Consent  orNull[text]       `json:"consent"`
	Callback orNull[retryItem]  `json:"smart_callback" doc:"null: as the agent has it."`
	Attempts *[]scheduleAttempt `json:"attempts,omitempty" maxItems:"30" doc:"Its calls, oldest first; absent in lists."`
}

// retryItem is smart callback in an answer.
type retryItem struct {
	Max  int       `json:"max_attempts" doc:"Callbacks; the first call is not counted. 0: none."`
	Gaps []gapPart `json:"gaps" doc:"From the end of an attempt to the next; the last one repeats."`
}

// scheduleAttempt is one call of a series.
type scheduleAttempt struct {
	Attempt   int           `json:"attempt"`
	Call      string        `json:"call_id"`
	Status    string        `json:"status" enum:"queued,ringing,in-progress,ended"`
	EndReason orNull[text]  `json:"end_reason"`
	Answered  orNull[text]  `json:"answered_by" doc:"In the word of the carrier."`
	Class     orNull[text]  `json:"answer_class" doc:"Who answered, as we found out: the class of answer of the call; null: nobody found out."`
	Created   instant       `json:"created_at"`
	Ended     instantOrNull `json:"ended_at"`
}

func scheduleOf(e agenda.Errand) scheduleItem {
	item := scheduleItem{
		ID: e.ID, Kind: e.Kind, Source: e.Source, Status: e.Status, Code: textOrNull(e.Code), Why: textOrNull(e.Why),
		AgentUUID: textOrNull(e.AgentUUID), AgentName: e.Agent, Channel: textOrNull(e.Channel), From: textOrNull(e.From), To: e.To,
		Batch: textOrNull(e.Batch), Line: numberOrNull(int64(e.Line)), Attempt: e.Attempt, Call: textOrNull(string(e.Call)),
		Variables: objectOf(json.RawMessage(e.Variables)), Metadata: objectOf(json.RawMessage(e.Metadata)),
		Asked: instantOrNull{instant(e.Asked)}, Created: instant(e.Created), Updated: instant(e.Updated), Ended: instantOrNull{instant(e.Ended)},
		Bypass: e.Options.BypassQuietHours, Consent: textOrNull(e.Options.Consent), Callback: retryOf(e.Options.Retry),
	}
	if e.Status == agenda.Scheduled || e.Status == agenda.Ready {
		item.Due = instantOrNull{instant(e.Due)}
	}
	return item
}

func retryOf(r *agenda.Retry) orNull[retryItem] {
	if r == nil {
		return orNull[retryItem]{}
	}
	item := &retryItem{Max: r.Max, Gaps: []gapPart{}}
	for _, g := range r.Gaps {
		item.Gaps = append(item.Gaps, gapPart(g))
	}
	return orNull[retryItem]{item}
}

type scheduleAnswer struct {
	Success bool         `json:"success"`
	Item    scheduleItem `json:"item"`
	Message string       `json:"message,omitempty"`
}

type schedulesAnswer struct {
	Success bool           `json:"success"`
	Items   []scheduleItem `json:"items"`
	Count   int            `json:"count" doc:"Of the items on this page."`
	Next    orNull[text]   `json:"next_cursor" doc:"The cursor of the next page; null after the last."`
}

// SchedulePath is the input of an operation on one.
type SchedulePath struct {
	ID string `path:"id" maxLength:"128" doc:"The schedule's id." example:"call_7q2f"`
}

// Page is where a page of a list begins, and how long it is.
type Page struct {
	Cursor string `query:"cursor" maxLength:"512" doc:"The next_cursor of the page before."`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"Items on a page."`
}

type listSchedulesInput struct {
	Status string `query:"status" maxLength:"128" doc:"One or more statuses with commas between them. Empty: all." example:"scheduled,ready"`
	Kind   string `query:"kind" enum:"call,chat"`
	Agent  string `query:"agent_uuid" maxLength:"64"`
	Number string `query:"phone_number" maxLength:"254" doc:"Whom: a number in E.164 form, its + as %2B, or an e-mail address."`
	Batch  string `query:"batch_id" maxLength:"128"`
	Page
}

// scheduleStatuses are an errand's.
var scheduleStatuses = []string{agenda.Scheduled, agenda.Ready, agenda.Placing, agenda.Live, agenda.Done, agenda.Failed, agenda.Refused, agenda.Cancelled}

const exampleSchedule = `{"success":true,"item":{"id":"call_7q2f","kind":"call","source":"v2","status":"scheduled","code":"no_answer","why":null,"agent_uuid":"550e8400-e29b-41d4-a716-446655440000","agent_name":"Reminder","channel_id":null,"from":null,"to":"+14155550177","batch_id":null,"line":null,"attempt":1,"call_id":"call_7q2f","dynamic_variables":{"customer_name":"Ada"},"metadata":{},"schedule_at":"2026-11-23T17:00:00.000Z","due_at":"2026-11-24T17:01:02.000Z","created_at":"2026-11-22T09:31:02.381Z","updated_at":"2026-11-23T17:01:02.000Z","ended_at":null,"bypass_quiet_hours":false,"consent":null,"smart_callback":{"max_attempts":3,"gaps":[{"days":1,"hours":0}]}}}`

// schedules registers what is done with what waits for its time.
func (a *API) schedules() {
	a.chapter(tagSchedules, "Calls and chats that are to begin at a time, and those that are made again because nobody was reached.")
	handle(a, operation{
		ID: "list-schedules", Method: http.MethodGet, Path: "/schedules", Tag: tagSchedules, Errors: []int{http.StatusBadRequest},
		Summary: "List schedules", Scope: roster.CallsRead, Fail: "Failed to list schedules",
		About: "Lists calls and chats that were asked for at a time, by a batch, or by a callback, newest first: those that wait, and what became of the others.",
	}, a.listSchedules)
	handle(a, operation{
		ID: "get-schedule", Method: http.MethodGet, Path: "/schedules/{id}", Tag: tagSchedules, Thing: "Schedule",
		Summary: "Get a schedule", Scope: roster.CallsRead, Fail: "Failed to get the schedule", Answer: exampleSchedule,
		About: "Shows one with its `attempts`: each is a call. `due_at` is when the next one is made, `code` why.",
	}, a.getSchedule)
	handle(a, operation{
		ID: "cancel-schedule", Method: http.MethodPost, Path: "/schedules/{id}/cancel", Tag: tagSchedules, Thing: "Schedule",
		Summary: "Cancel a schedule", Scope: roster.CallsWrite, Fail: "Failed to cancel the schedule", Errors: []int{http.StatusConflict},
		About: "Ends what waits. A call that goes on is not cut short, but there is no further attempt. To cancel twice is no error; what is over is 409.",
	}, a.cancelSchedule)
}

func (a *API) listSchedules(ctx context.Context, in *listSchedulesInput) (*reply[schedulesAnswer], error) {
	f := agenda.Filter{Kind: in.Kind, AgentUUID: in.Agent, To: plus(in.Number), Batch: in.Batch}
	var err error
	if f.Statuses, err = statusesOf(in.Status); err != nil {
		return nil, err
	}
	return a.errands(ctx, f, in.Page)
}

// statusesOf reads the statuses of a query; empty: all.
func statusesOf(said string) ([]string, error) {
	if said == "" {
		return nil, nil
	}
	all := strings.Split(said, ",")
	if slices.ContainsFunc(all, func(s string) bool { return !slices.Contains(scheduleStatuses, s) }) {
		return nil, roster.Problems{{Field: "status", Messages: []string{"must be some of " + strings.Join(scheduleStatuses, ",")}}}
	}
	return all, nil
}

// errands is a page of those that f chooses.
func (a *API) errands(ctx context.Context, f agenda.Filter, page Page) (*reply[schedulesAnswer], error) {
	all, next, err := a.Later.Errands.Errands(ctx, gate.Workspace(ctx), f, page.Cursor, page.Limit)
	if err != nil {
		return nil, cursorError(err)
	}
	out := schedulesAnswer{Success: true, Items: make([]scheduleItem, 0, len(all)), Count: len(all), Next: textOrNull(next)}
	for _, e := range all {
		out.Items = append(out.Items, scheduleOf(e))
	}
	return &reply[schedulesAnswer]{out}, nil
}

// cursorError tells a cursor that no page gave as the client's mistake.
func cursorError(err error) error {
	if errors.Is(err, storage.ErrCursor) {
		return roster.Problems{{Field: "cursor", Messages: []string{"is not one that a page gave"}}}
	}
	return err
}

func (a *API) getSchedule(ctx context.Context, in *SchedulePath) (*reply[scheduleAnswer], error) {
	e, err := a.Later.Errands.Errand(ctx, gate.Workspace(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	item := scheduleOf(e)
	if item.Attempts, err = a.attemptsOf(ctx, e); err != nil {
		return nil, err
	}
	return &reply[scheduleAnswer]{scheduleAnswer{Success: true, Item: item}}, nil
}

// attemptsOf are the calls of an errand. One of which there is no record was
// never placed.
func (a *API) attemptsOf(ctx context.Context, e agenda.Errand) (*[]scheduleAttempt, error) {
	all := []scheduleAttempt{}
	if e.Kind != agenda.Call || a.Calls.Store == nil {
		return &all, nil
	}
	for n := 1; n <= e.Attempt; n++ {
		r, err := a.call(ctx, string(e.CallOf(n)))
		if errors.Is(err, roster.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, scheduleAttempt{
			Attempt: n, Call: string(r.ID), Status: statusOf(r), EndReason: textOrNull(string(r.Reason)), Answered: textOrNull(r.Answerer), Class: classOf(r),
			Created: instant(r.Created), Ended: instantOrNull{instant(r.Ended)},
		})
	}
	return &all, nil
}

func (a *API) cancelSchedule(ctx context.Context, in *SchedulePath) (*reply[scheduleAnswer], error) {
	e, err := a.Later.Clerk.Cancel(ctx, gate.Workspace(ctx), in.ID)
	if errors.Is(err, agenda.ErrOver) {
		return nil, Fail(http.StatusConflict, "It is over already: "+e.Status+".")
	}
	if err != nil {
		return nil, err
	}
	message := "Schedule cancelled successfully"
	if e.Status != agenda.Cancelled {
		message = "There will be no further attempt; the call that goes on is not cut short"
	}
	return &reply[scheduleAnswer]{scheduleAnswer{true, scheduleOf(e), message}}, nil
}
