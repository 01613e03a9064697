package trillet

import (
	"cmp"
	"context"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
)

// Bounds of lists.
const (
	maxLimit   = 100
	maxPage    = 10_000
	maxSkip    = 20_000 // rows before a page: a cursor passes all of them
	recentOnes = 10     // calls in a batch's progress
)

// progress is how far a batch is, key for key the vendor's.
type progress struct {
	Waiting       int          `json:"waiting"`
	Active        int          `json:"active"`
	Completed     int          `json:"completed"`
	Failed        int          `json:"failed"`
	Total         int          `json:"total"`
	Started       millis       `json:"startTime"`
	LastCompleted millis       `json:"lastCompletedTime"`
	Over          millis       `json:"completedTime"`
	Average       float64      `json:"averageCallDuration"` // seconds
	Recent        []recentCall `json:"recent_calls"`
}

// millis is a time as milliseconds of Unix; null when it has not come.
type millis time.Time

// MarshalJSON implements [json.Marshaler].
func (m millis) MarshalJSON() ([]byte, error) {
	if time.Time(m).IsZero() {
		return []byte("null"), nil
	}
	return strconv.AppendInt(nil, time.Time(m).UnixMilli(), 10), nil
}

type recentCall struct {
	Job       string  `json:"jobId"`
	Status    string  `json:"status"`
	Number    string  `json:"phone_number"`
	Completed *millis `json:"completedAt,omitempty"`
	Failed    *millis `json:"failedAt,omitempty"`
	Duration  *int64  `json:"duration,omitempty"`
	Error     string  `json:"error,omitempty"`
}

// batchItem is a batch in an answer. Below timestamp all is ours.
type batchItem struct {
	ID       string   `json:"id"`
	Status   string   `json:"status"`
	Complete bool     `json:"isComplete"`
	Total    int      `json:"totalCalls"`
	Progress progress `json:"progress"`
	Stamp    millis   `json:"timestamp"`

	Name      string           `json:"name"`
	Agent     string           `json:"agentId"`
	Scheduled *stamp           `json:"scheduledAt"`
	Created   stamp            `json:"createdAt"`
	Cancelled int              `json:"cancelledCalls"` // of those that failed
	Refused   int              `json:"refusedCalls"`   // of those that failed
	Wrong     int              `json:"invalidRows"`
	Problems  []map[string]any `json:"errors"`
}

// batchStatus is the dialect's word for a batch's status.
func batchStatus(status string) string {
	switch status {
	case agenda.BatchRunning:
		return "processing"
	case agenda.BatchCompleted:
		return "completed"
	case agenda.BatchCancelled:
		return "cancelled"
	case agenda.BatchFailed:
		return "failed"
	}
	return "queued"
}

// batchItemOf shows a batch; recent says whether its newest calls are wanted.
func (a *api) batchItemOf(ctx context.Context, b agenda.Batch, recent bool) (batchItem, error) {
	p, err := a.Errands.Progress(ctx, b.ID)
	if err != nil {
		return batchItem{}, err
	}
	status := batchStatus(b.Status)
	item := batchItem{ID: b.ID, Status: status, Complete: status == "completed" || status == "cancelled" || status == "failed", Total: b.Total,
		Stamp: millis(a.Now()), Name: b.Name, Agent: b.AgentUUID, Created: stamp(b.Created), Wrong: b.Wrong, Problems: problems(b.Problems),
		Cancelled: p.Cancelled, Refused: p.Refused, Progress: progress{
			Waiting: p.Scheduled + p.Ready, Active: p.Placing + p.Live, Completed: p.Done, Failed: p.Failed + p.Refused + p.Cancelled, Total: b.Total,
			Started: millis(b.Started), LastCompleted: millis(p.LastOver), Over: millis(b.Ended), Recent: []recentCall{}}}
	if !b.At.IsZero() {
		item.Scheduled = new(stamp(b.At))
	}
	if p.Calls > 0 {
		item.Progress.Average = math.Round(p.Talked.Seconds()/float64(p.Calls)*10) / 10
	}
	if recent {
		item.Progress.Recent, err = a.recent(ctx, b)
	}
	return item, err
}

// recent are the newest of a batch's calls that are over, as far as one page of
// its rows tells.
func (a *api) recent(ctx context.Context, b agenda.Batch) ([]recentCall, error) {
	over := []string{agenda.Done, agenda.Failed, agenda.Refused, agenda.Cancelled}
	page, _, err := a.Errands.Errands(ctx, b.Workspace, agenda.Filter{Batch: b.ID, Statuses: over}, "", maxLimit)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(page, func(x, y agenda.Errand) int { return y.Ended.Compare(x.Ended) })
	out := []recentCall{}
	for _, e := range page[:min(len(page), recentOnes)] {
		job, err := a.job(ctx, e)
		if err != nil {
			return nil, err
		}
		one := recentCall{Job: job.Job, Status: job.Status, Number: job.Number, Duration: job.Duration, Error: job.Error}
		if job.Status == "completed" {
			one.Completed = new(millis(e.Ended))
		} else {
			one.Failed = new(millis(e.Ended))
		}
		out = append(out, one)
	}
	return out, nil
}

func (a *api) batch(r *http.Request) (agenda.Batch, error) {
	return a.Errands.Batch(r.Context(), gate.Workspace(r.Context()), r.PathValue("batchId"))
}

func (a *api) getBatch(r *http.Request) (any, error) {
	b, err := a.batch(r)
	if err != nil {
		return nil, err
	}
	return a.batchItemOf(r.Context(), b, true)
}

// getProgress is the same in one level.
func (a *api) getProgress(r *http.Request) (any, error) {
	b, err := a.batch(r)
	if err != nil {
		return nil, err
	}
	item, err := a.batchItemOf(r.Context(), b, true)
	return struct {
		Status   string `json:"status"`
		Complete bool   `json:"isComplete"`
		progress
	}{item.Status, item.Complete, item.Progress}, err
}

func (a *api) listBatches(r *http.Request) (any, error) {
	ctx := r.Context()
	page, limit, err := pageOf(r.URL.Query(), 20)
	if err != nil {
		return nil, err
	}
	ws := gate.Workspace(ctx)
	all, _, err := paged(page, limit, func(cursor string, limit int) ([]agenda.Batch, string, error) {
		return a.Errands.Batches(ctx, ws, cursor, limit)
	})
	if err != nil {
		return nil, err
	}
	out := make([]batchItem, 0, len(all))
	for _, b := range all {
		item, err := a.batchItemOf(ctx, b, false)
		if err != nil {
			return nil, err
		}
		out = append(out, item)
	}
	return out, nil
}

func (a *api) cancelBatch(r *http.Request) (any, error) {
	ctx := r.Context()
	b, err := a.Errands.CancelBatch(ctx, gate.Workspace(ctx), r.PathValue("batchId"), a.Now())
	if err != nil {
		return nil, err
	}
	item, err := a.batchItemOf(ctx, b, false)
	message := "Batch cancelled successfully"
	if b.Status != agenda.BatchCancelled {
		message = "Batch was " + item.Status + " already"
	}
	return struct {
		batchItem
		Message string `json:"message"`
	}{item, message}, err
}

// pageOf reads page and limit.
func pageOf(q url.Values, or int) (page, limit int, err error) {
	var wrong roster.Problems
	page = whole(q, "page", 1, maxPage, 1, &wrong)
	limit = whole(q, "limit", 1, maxLimit, or, &wrong)
	if (page-1)*limit > maxSkip {
		wrong.Add("page", "is too far: at most %d rows come before it", maxSkip)
	}
	if len(wrong) > 0 {
		return page, limit, wrong
	}
	return page, limit, nil
}

// paged is a page of a list that is kept by cursors. more says whether another
// one follows.
func paged[E any](page, limit int, list func(cursor string, limit int) ([]E, string, error)) (out []E, more bool, err error) {
	skip, cursor := (page-1)*limit, ""
	for {
		some, next, err := list(cursor, min(max(limit, skip), 200))
		if err != nil {
			return nil, false, err
		}
		drop := min(skip, len(some))
		skip -= drop
		out = append(out, some[drop:]...)
		if len(out) >= limit || next == "" {
			return out[:min(len(out), limit)], next != "" || len(out) > limit, nil
		}
		cursor = next
	}
}

// status is the dialect's word for an errand's.
func status(s string) string {
	switch s {
	case agenda.Placing, agenda.Live:
		return "active"
	case agenda.Done:
		return "completed"
	case agenda.Failed, agenda.Refused, agenda.Cancelled:
		return "failed"
	}
	return "waiting"
}

// statuses are an errand's, by the dialect's word.
var statuses = map[string][]string{
	"all": nil, "waiting": {agenda.Scheduled, agenda.Ready}, "active": {agenda.Placing, agenda.Live},
	"completed": {agenda.Done}, "failed": {agenda.Failed, agenda.Refused, agenda.Cancelled},
}

// trouble says why an errand came to nothing, for people.
func trouble(e agenda.Errand) string {
	if status(e.Status) != "failed" {
		return ""
	}
	said := map[string]string{"busy": "Number busy", "no_answer": "No answer", agenda.CodeCancelled: "Cancelled", "voicemail": "Voicemail answered"}
	return cmp.Or(said[e.Code], e.Why, e.Code, "The call could not be placed")
}
