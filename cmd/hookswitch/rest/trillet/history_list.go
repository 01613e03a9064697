package trillet

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/search"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
	"github.com/hookswitch/hookswitch/storage"
)

// found is a call that a search gave.
type found = storage.Found

// Bounds of a list of calls.
const (
	maxScanned = 20_000 // calls that are looked at for one page
	maxIDs     = 100
)

// wanted is which calls a list is of.
type wanted struct {
	query   search.Query
	batch   string
	ids     []string
	status  string // active, completed, failed; empty: any
	nothing bool   // no call can be meant
}

// keeps reports whether r is one of them, as far as the search does not know.
func (w wanted) keeps(r dispatch.Record) bool { return w.status == "" || w.status == callStatus(r) }

func (a *api) listHistory(r *http.Request) (any, error) {
	ctx, q := r.Context(), r.URL.Query()
	page, limit, err := pageOf(q, 10)
	if err != nil {
		return nil, err
	}
	w, err := wantedOf(q)
	if err != nil {
		return nil, err
	}
	calls, err := a.history(ctx, w, page, limit)
	if err != nil {
		return nil, err
	}
	out := make([]historyItem, 0, len(calls))
	for _, c := range calls {
		item, _, err := a.historyItemOf(ctx, c)
		if err != nil {
			return nil, err
		}
		out = append(out, item)
	}
	return out, nil
}

// wantedOf reads the filters of a list.
func wantedOf(q url.Values) (wanted, error) {
	var w wanted
	var wrong roster.Problems
	term := func(field string, t search.Term) {
		if q.Get(field) != "" {
			w.query = append(w.query, t)
		}
	}
	one := func(field string, list ...string) string {
		v := q.Get(field)
		if v != "" && !slices.Contains(list, v) {
			wrong.Add(field, "must be one of %s", strings.Join(list, ", "))
		}
		return v
	}
	term("agentId", search.Term{Key: search.Agent, Text: q.Get("agentId")})
	switch direction := one("direction", "inbound", "outbound", "bidirectional"); direction {
	case "inbound", "outbound":
		w.query = append(w.query, search.Term{Key: search.Direction, Text: direction})
	}
	switch w.status = one("status", "active", "ongoing", "completed", "failed"); w.status {
	case "active", "ongoing":
		w.status = "active"
		w.query = append(w.query, search.Term{Key: search.Live, Yes: true})
	case "completed", "failed":
		w.query = append(w.query, search.Term{Key: search.Live})
	}
	// There are no web calls, and no flows.
	w.nothing = one("callType", "sip", "web") == "web" || q.Get("pathwayId") != ""
	w.batch = q.Get("batchId")
	if ids := q.Get("callIds"); ids != "" {
		w.ids = strings.Split(ids, ",")
		if len(w.ids) > maxIDs {
			wrong.Add("callIds", "is too long (maximum is %d)", maxIDs)
		}
	}
	w.query = append(w.query, asked(q.Get("search"), &wrong)...)
	w.query = append(w.query, dates(q.Get("dateRange"), &wrong)...)
	if len(wrong) > 0 {
		return w, wrong
	}
	return w, nil
}

// asked is what is looked for: a number, or words that were said.
func asked(text string, wrong *roster.Problems) search.Query {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return nil
	case len(text) > search.MaxBytes:
		wrong.Add("search", "is too long (maximum is %d bytes)", search.MaxBytes)
		return nil
	}
	if number := strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", ".", "").Replace(text); strings.Trim(number, "+0123456789") == "" {
		return search.Query{{Key: search.Number, Text: number, Prefix: true}}
	}
	return search.Query{{Key: search.Said, Text: strings.Join(strings.Fields(text), " ")}}
}

// dates is a range: two dates or times with a comma between them, of which one
// may be missing, or how long ago it began, as in 7d.
func dates(text string, wrong *roster.Problems) search.Query {
	if text == "" {
		return nil
	}
	from, to, _ := strings.Cut(text, ",")
	var q search.Query
	for _, end := range []struct{ key, value string }{{"since", strings.TrimSpace(from)}, {"until", strings.TrimSpace(to)}} {
		if end.value == "" {
			continue
		}
		terms, err := search.Parse(end.key + ":" + end.value)
		if err != nil || len(terms) != 1 {
			wrong.Add("dateRange", "must be two dates with a comma between them, such as 2026-11-01,2026-11-30, or a time ago, such as 7d")
			return nil
		}
		q = append(q, terms...)
	}
	return q
}

// history is a page of calls.
func (a *api) history(ctx context.Context, w wanted, page, limit int) ([]dispatch.Record, error) {
	skip := (page - 1) * limit
	var out []dispatch.Record
	take := func(r dispatch.Record) (more bool) {
		switch {
		case !w.keeps(r):
		case skip > 0:
			skip--
		default:
			out = append(out, r)
		}
		return len(out) < limit
	}
	var err error
	switch {
	case w.nothing:
	case w.ids != nil:
		err = a.byID(ctx, w, take)
	case w.batch != "":
		err = a.ofBatch(ctx, w, take)
	default:
		err = a.scan(ctx, w.query, maxScanned, func(f found) bool { return take(f.Call) })
	}
	return out, err
}

// scan gives the calls that q finds to take, newest first, until it has enough or
// most were looked at.
func (a *api) scan(ctx context.Context, q search.Query, most int, take func(found) bool) error {
	ws, now, cursor := gate.Workspace(ctx), a.Now(), ""
	for n := 0; n < most; {
		page, next, err := a.Calls.SearchCalls(ctx, ws, q, now, cursor, storage.MaxPageCalls)
		if err != nil {
			return err
		}
		for _, f := range page {
			if !take(f) {
				return nil
			}
		}
		if n, cursor = n+len(page), next; next == "" {
			return nil
		}
	}
	return nil
}

// byID gives take the calls that are named and that the query finds.
func (a *api) byID(ctx context.Context, w wanted, take func(dispatch.Record) bool) error {
	for _, id := range w.ids {
		q := append(slices.Clone(w.query), search.Term{Key: search.ID, Text: strings.TrimSpace(id)})
		more := true
		err := a.scan(ctx, q, 1, func(f found) bool { more = take(f.Call); return more })
		if err != nil || !more {
			return err
		}
	}
	return nil
}

// ofBatch gives take the newest attempt of each of a batch's calls.
func (a *api) ofBatch(ctx context.Context, w wanted, take func(dispatch.Record) bool) error {
	ws, cursor := gate.Workspace(ctx), ""
	for n := 0; n < maxScanned; {
		rows, next, err := a.Errands.Errands(ctx, ws, agenda.Filter{Batch: w.batch}, cursor, 200)
		if err != nil {
			return err
		}
		for _, e := range rows {
			if e.Call == "" {
				continue
			}
			one := w
			one.ids = []string{string(e.Call)}
			more := true
			if err := a.byID(ctx, one, func(r dispatch.Record) bool { more = take(r); return more }); err != nil || !more {
				return err
			}
		}
		if n, cursor = n+len(rows), next; next == "" {
			break
		}
	}
	return nil
}
