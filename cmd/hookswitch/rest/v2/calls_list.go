package v2

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/search"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
	"github.com/hookswitch/hookswitch/storage"
)

type callsAnswer struct {
	Success bool         `json:"success"`
	Items   []callItem   `json:"items"`
	Count   int          `json:"count" doc:"Of the items on this page."`
	Next    orNull[text] `json:"next_cursor" doc:"The cursor of the next page; null after the last."`
}

type listCallsInput struct {
	Query  string `query:"q" doc:"Terms with spaces between them, all of which must hold." example:"gap>800 said:\"saturday\" since:7d"`
	Cursor string `query:"cursor" maxLength:"512" doc:"The next_cursor of the page before."`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"Calls on a page."`
}

// listCalls registers the search.
func (a *API) listCalls() {
	handle(a, operation{
		ID: "list-calls", Method: http.MethodGet, Path: "/calls", Tag: tagCalls, Errors: []int{http.StatusBadRequest, http.StatusServiceUnavailable},
		Summary: "List calls", Scope: roster.CallsRead, Fail: "Failed to list calls", About: aboutQuery(),
	}, func(ctx context.Context, in *listCallsInput) (*reply[callsAnswer], error) {
		q, err := search.Parse(in.Query)
		var mistakes search.Error
		if errors.As(err, &mistakes) {
			var wrong roster.Problems
			for _, m := range mistakes {
				wrong.Add("q", "%s", m)
			}
			return nil, wrong
		}
		now := a.Now()
		page, next, err := a.Calls.Store.SearchCalls(ctx, gate.Workspace(ctx), q, now, in.Cursor, in.Limit)
		if errors.Is(err, storage.ErrCursor) {
			return nil, roster.Problems{{Field: "cursor", Messages: []string{"is not one that a page gave"}}}
		}
		if errors.Is(err, storage.ErrSlow) {
			return nil, huma.ErrorWithHeaders(Fail(http.StatusServiceUnavailable,
				"The search takes too long. Narrow it down, with since: or an agent, or try again later."), http.Header{"Retry-After": {"10"}})
		}
		if err != nil {
			return nil, err
		}
		out := callsAnswer{Success: true, Items: make([]callItem, 0, len(page)), Count: len(page), Next: textOrNull(next)}
		for _, f := range page {
			out.Items = append(out.Items, callItemOf(f.Call, f.Numbers, now))
		}
		return &reply[callsAnswer]{out}, nil
	})
}

// aboutQuery is the language's reference, made of the language.
func aboutQuery() string {
	var b strings.Builder
	b.WriteString("Lists calls, newest first. `q` chooses among them: terms stand one space apart and must all hold; " +
		"a value with spaces stands in quotation marks.\n\n")
	for _, k := range search.Keys() {
		fmt.Fprintf(&b, "- `%s` takes %s\n", k.Name, k.Takes)
	}
	fmt.Fprintf(&b, "\n`gap`, `unheard` and `duration` compare with `>`, `>=`, `<`, `<=` or `=`. `gap` holds when any gap of the call does, "+
		"`unheard` counts the words of the whole call. Upper and lower case of the letters a to z are alike. A query has at most %d bytes and %d terms.",
		search.MaxBytes, search.MaxTerms)
	return b.String()
}
