package whippy

import (
	"net/http"
	"slices"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
)

// session is an errand in an answer.
type session struct {
	ID         string  `json:"id"`
	Type       string  `json:"type"` // call, chat
	Status     string  `json:"status"`
	AgentID    string  `json:"agent_id"`
	ChannelID  *string `json:"channel_id"`
	From       string  `json:"from"`
	To         string  `json:"to"`
	ScheduleAt *string `json:"schedule_at"`       // null: at once
	NextAt     *string `json:"next_at,omitempty"` // of one that waits: when it is looked at next
	Reason     string  `json:"reason,omitempty"`
	Attempts   int     `json:"attempts"`
	CallID     *string `json:"call_id"` // of the newest attempt of a call
	CreatedAt  *string `json:"created_at"`
	UpdatedAt  *string `json:"updated_at"`
	EndedAt    *string `json:"ended_at"`
}

func sessionOf(e agenda.Errand) session {
	s := session{
		ID: e.ID, Type: e.Kind, Status: e.Status, AgentID: e.AgentUUID, ChannelID: orNull(e.Channel), From: e.From, To: e.To,
		ScheduleAt: stamp(e.Asked), Reason: e.Code, Attempts: e.Attempt, CallID: orNull(string(e.Call)),
		CreatedAt: stamp(e.Created), UpdatedAt: stamp(e.Updated), EndedAt: stamp(e.Ended),
	}
	if e.Status == agenda.Scheduled {
		s.NextAt = stamp(e.Due)
	}
	return s
}

// orNull is s, or nil when it is empty.
func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

var statuses = []string{agenda.Scheduled, agenda.Ready, agenda.Placing, agenda.Live, agenda.Done, agenda.Failed, agenda.Refused, agenda.Cancelled}

// listSessions lists what waits for its time, or what the query says.
func (a *api) listSessions(r *http.Request) (answer, error) {
	q := r.URL.Query()
	offset, limit, err := page(q)
	if err != nil {
		return answer{}, err
	}
	f := agenda.Filter{Kind: q.Get("type"), AgentUUID: q.Get("agent_id"), To: plus(q.Get("to")), Statuses: []string{agenda.Scheduled}}
	var wrong roster.Problems
	if f.Kind != "" && f.Kind != agenda.Call && f.Kind != agenda.Chat {
		wrong.Add("type", "must be call or chat")
	}
	switch said := q.Get("status"); said {
	case "":
	case "all":
		f.Statuses = nil
	default:
		f.Statuses = strings.Split(said, ",")
		if slices.ContainsFunc(f.Statuses, func(s string) bool { return !slices.Contains(statuses, s) }) {
			wrong.Add("status", "must be all, or some of %s", strings.Join(statuses, ","))
		}
	}
	if len(wrong) > 0 {
		return answer{}, wrong
	}
	ctx, ws := r.Context(), gate.Workspace(r.Context())
	total, err := a.Errands.CountErrands(ctx, ws, f)
	if err != nil {
		return answer{}, err
	}
	all, err := skip(offset, limit, func(cursor string, limit int) ([]agenda.Errand, string, error) {
		return a.Errands.Errands(ctx, ws, f, cursor, limit)
	})
	out := make([]session, 0, len(all))
	for _, e := range all {
		out = append(out, sessionOf(e))
	}
	return answer{body: list{out, total}}, err
}

// plus gives a number back the + that a query turned into a space.
func plus(number string) string {
	if rest, ok := strings.CutPrefix(number, " "); ok {
		return "+" + rest
	}
	return number
}

// maxRead is how many rows are read at once.
const maxRead = 1_000

// skip reads a page at an offset from a list that goes by cursors.
func skip[E any](offset, limit int, read func(cursor string, limit int) ([]E, string, error)) ([]E, error) {
	var all []E
	for cursor := ""; ; {
		some, next, err := read(cursor, min(offset+limit-len(all), maxRead))
		all = append(all, some...)
		if err != nil || next == "" || len(some) == 0 || len(all) >= offset+limit {
			return slice(all, offset, limit), err
		}
		cursor = next
	}
}

func (a *api) getSession(r *http.Request) (answer, error) {
	e, err := a.Errands.Errand(r.Context(), gate.Workspace(r.Context()), r.PathValue("id"))
	return answer{body: single{sessionOf(e)}}, err
}

// cancelSession ends what waits. What goes on is not cut short.
func (a *api) cancelSession(r *http.Request) (answer, error) {
	e, err := a.Clerk.Cancel(r.Context(), gate.Workspace(r.Context()), r.PathValue("id"))
	return answer{body: single{sessionOf(e)}}, err
}
