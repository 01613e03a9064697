package trillet

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
)

// jobItem is a row of a batch. Below metadata all is ours.
type jobItem struct {
	Job      string         `json:"jobId"`
	Status   string         `json:"status"`
	Number   string         `json:"phone_number"`
	Started  *millis        `json:"startTime,omitempty"`
	Over     *millis        `json:"endTime,omitempty"`
	Duration *int64         `json:"duration,omitempty"` // whole seconds
	Error    string         `json:"error,omitempty"`
	Metadata map[string]any `json:"metadata"`

	Line     int    `json:"line"`
	Attempts int    `json:"attempts"`
	Next     *stamp `json:"nextAttemptAt,omitempty"`
}

// job shows an errand, with its newest attempt.
func (a *api) job(ctx context.Context, e agenda.Errand) (jobItem, error) {
	item := jobItem{Job: e.ID, Status: status(e.Status), Number: e.To, Error: trouble(e), Metadata: decode(e.Variables), Line: e.Line, Attempts: e.Attempt}
	if e.Status == agenda.Scheduled {
		item.Next = new(stamp(e.Due))
	}
	if e.Call == "" {
		return item, nil
	}
	c, err := a.Calls.Call(ctx, e.Call)
	if notFound(err) { // its attempt was claimed, and is not on record yet
		return item, nil
	}
	if err != nil {
		return item, err
	}
	item.Started = new(millis(c.Created))
	if c.Over() {
		item.Over, item.Duration = new(millis(c.Ended)), new(int64(lasted(c, c.Ended)/time.Second))
	}
	return item, nil
}

// lasted is how long a call is, since it was answered.
func lasted(r dispatch.Record, now time.Time) time.Duration {
	if r.Answered.IsZero() {
		return 0
	}
	if r.Over() {
		now = r.Ended
	}
	return max(0, now.Sub(r.Answered))
}

func (a *api) listBatchCalls(r *http.Request) (any, error) {
	ctx, q := r.Context(), r.URL.Query()
	page, limit, err := pageOf(q, 20)
	if err != nil {
		return nil, err
	}
	wanted := q.Get("status")
	if wanted == "" {
		wanted = "all"
	}
	chosen, ok := statuses[wanted]
	if !ok {
		return nil, roster.Problems{{Field: "status", Messages: []string{"must be one of all, waiting, active, completed, failed"}}}
	}
	b, err := a.batch(r)
	if err != nil {
		return nil, err
	}
	f := agenda.Filter{Batch: b.ID, Statuses: chosen}
	total, err := a.Errands.CountErrands(ctx, b.Workspace, f)
	if err != nil {
		return nil, err
	}
	rows, more, err := paged(page, limit, func(cursor string, limit int) ([]agenda.Errand, string, error) {
		return a.Errands.Errands(ctx, b.Workspace, f, cursor, limit)
	})
	if err != nil {
		return nil, err
	}
	calls := make([]jobItem, 0, len(rows))
	for _, e := range rows {
		item, err := a.job(ctx, e)
		if err != nil {
			return nil, err
		}
		calls = append(calls, item)
	}
	item, err := a.batchItemOf(ctx, b, false)
	if err != nil {
		return nil, err
	}
	p := item.Progress
	return map[string]any{
		"calls": calls,
		"pagination": map[string]any{"page": page, "limit": limit, "total": total, "totalPages": (total + limit - 1) / limit,
			"hasNext": more, "hasPrev": page > 1},
		"summary": map[string]any{"total": p.Total, "waiting": p.Waiting, "active": p.Active, "completed": p.Completed, "failed": p.Failed},
	}, nil
}

func (a *api) getBatchCall(r *http.Request) (any, error) {
	ctx := r.Context()
	b, err := a.batch(r)
	if err != nil {
		return nil, err
	}
	e, err := a.Errands.Errand(ctx, gate.Workspace(ctx), r.PathValue("jobId"))
	if err == nil && e.Batch != b.ID {
		err = agenda.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	item, err := a.job(ctx, e)
	if err != nil {
		return nil, err
	}
	out := struct {
		jobItem
		Result map[string]any `json:"result,omitempty"`
	}{jobItem: item}
	if item.Status == "completed" {
		lines, _, err := a.talk(ctx, e.Call)
		if err != nil {
			return nil, err
		}
		out.Result = map[string]any{"callId": e.Call, "transcript": spoken(lines), "outcome": "successful", "metadata": item.Metadata}
	}
	return out, nil
}

// spoken is a transcript in one text.
func spoken(lines []line) string {
	var b strings.Builder
	for i, l := range lines {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(l.Role + ": " + l.Content)
	}
	return b.String()
}
