package v2

import (
	"context"
	"net/http"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
)

// firstProblems is how many of a batch's problems stand in its item.
const firstProblems = 20

// batchItem is a batch in an answer.
type batchItem struct {
	ID        string        `json:"id" example:"batch_3f9a"`
	Name      string        `json:"name"`
	Source    string        `json:"source" doc:"v2, trillet, and others."`
	Status    string        `json:"status" enum:"loading,scheduled,running,completed,cancelled,failed" doc:"failed: its file never came to an end, and nobody is called."`
	AgentUUID string        `json:"agent_uuid"`
	AgentName string        `json:"agent_name"`
	Total     int           `json:"total" doc:"Calls: rows that were taken."`
	Invalid   int           `json:"invalid_rows" doc:"Lines that were left out."`
	Columns   []string      `json:"columns" doc:"Of the file: the names of variables."`
	Bypass    bool          `json:"bypass_quiet_hours"`
	Consent   orNull[text]  `json:"consent"`
	At        instantOrNull `json:"schedule_at" doc:"Not before; null: at once."`
	Created   instant       `json:"created_at"`
	Started   instantOrNull `json:"started_at"`
	Ended     instantOrNull `json:"ended_at"`

	Callback orNull[retryItem] `json:"smart_callback" doc:"null: as the agent has it."`
	Progress *batchProgress    `json:"progress,omitempty" doc:"Absent in lists."`
	Errors   *[]batchProblem   `json:"errors,omitempty" maxItems:"20" doc:"What is wrong with the first lines that were left out; /errors has more. Absent in lists."`
}

// batchProgress is how far a batch is: calls by status, which sum to total.
type batchProgress struct {
	Status    string        `json:"status" enum:"loading,scheduled,running,completed,cancelled,failed"`
	Total     int           `json:"total"`
	Scheduled int           `json:"scheduled" doc:"Wait for their time, or for the next attempt."`
	Ready     int           `json:"ready" doc:"Wait for a place among the calls."`
	Placing   int           `json:"placing"`
	Live      int           `json:"live"`
	Done      int           `json:"done" doc:"Somebody was reached."`
	Failed    int           `json:"failed" doc:"Nobody was, and there is no attempt left."`
	Refused   int           `json:"refused" doc:"Must not be called."`
	Cancelled int           `json:"cancelled"`
	Calls     int           `json:"calls" doc:"That ended, repeats included."`
	Talked    float64       `json:"talked_seconds" doc:"In all of them."`
	LastBegan instantOrNull `json:"last_started_at"`
	LastOver  instantOrNull `json:"last_ended_at"`
}

// batchProblem is what is wrong with a line.
type batchProblem struct {
	Line  int          `json:"line" doc:"From 1, the header's."`
	Field orNull[text] `json:"field"`
	Error string       `json:"error"`
}

func batchOf(b agenda.Batch) batchItem {
	return batchItem{
		ID: b.ID, Name: b.Name, Source: b.Source, Status: b.Status, AgentUUID: b.AgentUUID, AgentName: b.Agent,
		Total: b.Total, Invalid: b.Wrong, Columns: notNil(b.Columns), Bypass: b.Options.BypassQuietHours, Consent: textOrNull(b.Options.Consent),
		At: instantOrNull{instant(b.At)}, Created: instant(b.Created), Started: instantOrNull{instant(b.Started)},
		Ended: instantOrNull{instant(b.Ended)}, Callback: retryOf(b.Options.Retry),
	}
}

func progressOf(b agenda.Batch, p agenda.Progress) batchProgress {
	return batchProgress{
		Status: b.Status, Total: b.Total, Scheduled: p.Scheduled, Ready: p.Ready, Placing: p.Placing, Live: p.Live, Done: p.Done,
		Failed: p.Failed, Refused: p.Refused, Cancelled: p.Cancelled, Calls: p.Calls, Talked: p.Talked.Seconds(),
		LastBegan: instantOrNull{instant(p.LastStarted)}, LastOver: instantOrNull{instant(p.LastOver)},
	}
}

func problemsOf(all []agenda.Problem) []batchProblem {
	out := make([]batchProblem, 0, len(all))
	for _, p := range all {
		out = append(out, batchProblem{p.Line, textOrNull(p.Field), p.Text})
	}
	return out
}

type batchAnswer struct {
	Success bool      `json:"success"`
	Item    batchItem `json:"item"`
	Message string    `json:"message,omitempty"`
}

type batchesAnswer struct {
	Success bool         `json:"success"`
	Items   []batchItem  `json:"items"`
	Count   int          `json:"count"`
	Next    orNull[text] `json:"next_cursor"`
}

type problemsAnswer struct {
	Success bool           `json:"success"`
	Items   []batchProblem `json:"items" doc:"The first 1000, in the order of the file."`
	Count   int            `json:"count"`
	Total   int            `json:"total" doc:"Lines that were left out."`
}

// BatchPath is the input of an operation on one.
type BatchPath struct {
	ID string `path:"id" maxLength:"128" doc:"The batch's id." example:"batch_3f9a"`
}

type batchCallsInput struct {
	BatchPath
	Status string `query:"status" maxLength:"128" doc:"One or more statuses of schedules with commas between them. Empty: all." example:"failed,refused"`
	Page
}

const exampleBatch = `{"success":true,"item":{"id":"batch_3f9a","name":"november.csv","source":"batch","status":"running","agent_uuid":"550e8400-e29b-41d4-a716-446655440000","agent_name":"Reminder","total":9998,"invalid_rows":2,"columns":["name","amount"],"bypass_quiet_hours":false,"consent":null,"schedule_at":null,"created_at":"2026-11-22T09:31:02.381Z","started_at":"2026-11-22T09:31:04.001Z","ended_at":null,"smart_callback":null,"progress":{"status":"running","total":9998,"scheduled":12,"ready":9000,"placing":4,"live":20,"done":900,"failed":60,"refused":2,"cancelled":0,"calls":972,"talked_seconds":41230.5,"last_started_at":"2026-11-22T09:48:11.020Z","last_ended_at":"2026-11-22T09:48:10.750Z"},"errors":[{"line":17,"field":"phone_number","error":"must begin with + and the country code"}]}}`

// batches registers what is done with many calls of one file.
func (a *API) batches() {
	a.chapter(tagBatches, "Many calls from one CSV file: a row each, its column `phone_number` saying whom, the others being variables.")
	handle(a, operation{
		ID: "list-batches", Method: http.MethodGet, Path: "/batches", Tag: tagBatches, Errors: []int{http.StatusBadRequest},
		Summary: "List batches", Scope: roster.CallsRead, Fail: "Failed to list batches", About: "Lists batches, newest first.",
	}, a.listBatches)
	handle(a, operation{
		ID: "get-batch", Method: http.MethodGet, Path: "/batches/{id}", Tag: tagBatches, Thing: "Batch", Answer: exampleBatch,
		Summary: "Get a batch", Scope: roster.CallsRead, Fail: "Failed to get the batch", About: "Shows a batch with its progress.",
	}, a.getBatch)
	handle(a, operation{
		ID: "list-batch-errors", Method: http.MethodGet, Path: "/batches/{id}/errors", Tag: tagBatches, Thing: "Batch",
		Summary: "Errors of a batch", Scope: roster.CallsRead, Fail: "Failed to list the errors", About: "Lists what is wrong with the lines that were left out.",
	}, a.batchProblems)
	handle(a, operation{
		ID: "list-batch-calls", Method: http.MethodGet, Path: "/batches/{id}/calls", Tag: tagBatches, Thing: "Batch", Errors: []int{http.StatusBadRequest},
		Summary: "Calls of a batch", Scope: roster.CallsRead, Fail: "Failed to list the calls", About: "Lists the batch's rows as schedules.",
	}, a.batchCalls)
	handle(a, operation{
		ID: "cancel-batch", Method: http.MethodPost, Path: "/batches/{id}/cancel", Tag: tagBatches, Thing: "Batch",
		Summary: "Cancel a batch", Scope: roster.CallsWrite, Fail: "Failed to cancel the batch",
		About: "Cancels the calls that wait. Those that go on are not cut short, and are not made again. A batch that is over stays as it is, which is no error.",
	}, a.cancelBatch)
	a.batchEvents()
	if a.Later.Batches != nil {
		a.batchUpload()
	}
}

func (a *API) listBatches(ctx context.Context, in *Page) (*reply[batchesAnswer], error) {
	all, next, err := a.Later.Errands.Batches(ctx, gate.Workspace(ctx), in.Cursor, in.Limit)
	if err != nil {
		return nil, cursorError(err)
	}
	out := batchesAnswer{Success: true, Items: make([]batchItem, 0, len(all)), Count: len(all), Next: textOrNull(next)}
	for _, b := range all {
		out.Items = append(out.Items, batchOf(b))
	}
	return &reply[batchesAnswer]{out}, nil
}

func (a *API) getBatch(ctx context.Context, in *BatchPath) (*reply[batchAnswer], error) {
	b, err := a.Later.Errands.Batch(ctx, gate.Workspace(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return a.showBatch(ctx, b, "")
}

// showBatch is b with its progress and its first problems.
func (a *API) showBatch(ctx context.Context, b agenda.Batch, message string) (*reply[batchAnswer], error) {
	p, err := a.Later.Errands.Progress(ctx, b.ID)
	if err != nil {
		return nil, err
	}
	item := batchOf(b)
	item.Progress, item.Errors = new(progressOf(b, p)), new(problemsOf(b.Problems[:min(len(b.Problems), firstProblems)]))
	return &reply[batchAnswer]{batchAnswer{true, item, message}}, nil
}

func (a *API) batchProblems(ctx context.Context, in *BatchPath) (*reply[problemsAnswer], error) {
	b, err := a.Later.Errands.Batch(ctx, gate.Workspace(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &reply[problemsAnswer]{problemsAnswer{true, problemsOf(b.Problems), len(b.Problems), b.Wrong}}, nil
}

func (a *API) batchCalls(ctx context.Context, in *batchCallsInput) (*reply[schedulesAnswer], error) {
	b, err := a.Later.Errands.Batch(ctx, gate.Workspace(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	statuses, err := statusesOf(in.Status)
	if err != nil {
		return nil, err
	}
	return a.errands(ctx, agenda.Filter{Batch: b.ID, Statuses: statuses}, in.Page)
}

func (a *API) cancelBatch(ctx context.Context, in *BatchPath) (*reply[batchAnswer], error) {
	b, err := a.Later.Errands.CancelBatch(ctx, gate.Workspace(ctx), in.ID, a.Now())
	if err != nil {
		return nil, err
	}
	message := "Batch cancelled successfully"
	if b.Status != agenda.BatchCancelled {
		message = "Batch is " + b.Status + " already"
	}
	return a.showBatch(ctx, b, message)
}
