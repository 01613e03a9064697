package sim

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

const (
	defaultPage = 50
	maxPage     = 1000
)

// listCalls lists an account's calls, the newest first.
func (c *Carrier) listCalls(a *account, r *http.Request) (int, any, *restError) {
	found, fail := c.matching(a, r.URL.Query())
	if fail != nil {
		return 0, nil, fail
	}
	return pageOf(r, "calls", found, func(call *Call) (any, string) { return call.seen(), call.sid })
}

// pageOf is the page of all that r asks for. show gives the resource of one and
// its SID. Addresses are relative.
func pageOf[T any](r *http.Request, name string, all []T, show func(T) (any, string)) (int, any, *restError) {
	q := r.URL.Query()
	size, fail := whole(q, "PageSize", defaultPage, 1, maxPage)
	if fail != nil {
		return 0, nil, fail
	}
	number, fail := whole(q, "Page", 0, 0, 1<<20)
	if fail != nil {
		return 0, nil, fail
	}
	from := min(number*size, len(all))
	to := min(from+size, len(all))
	shown, last := []any{}, ""
	for _, one := range all[from:to] {
		resource, sid := show(one)
		shown, last = append(shown, resource), sid
	}
	page := map[string]any{
		name: shown, "page": number, "page_size": size, "start": from, "end": max(to-1, from),
		"first_page_uri": pageURI(r, q, 0, size), "uri": pageURI(r, q, number, size),
		"next_page_uri": nil, "previous_page_uri": nil,
	}
	if to < len(all) {
		page["next_page_uri"] = pageURI(r, q, number+1, size) + "&PageToken=PA" + last
	}
	if number > 0 {
		page["previous_page_uri"] = pageURI(r, q, number-1, size)
	}
	return http.StatusOK, page, nil
}

func pageURI(r *http.Request, q url.Values, number, size int) string {
	v := url.Values{}
	for name, values := range q {
		if name != "PageToken" {
			v[name] = values
		}
	}
	v.Set("Page", strconv.Itoa(number))
	v.Set("PageSize", strconv.Itoa(size))
	return r.URL.Path + "?" + v.Encode()
}

func whole(q url.Values, name string, missing, low, high int) (int, *restError) {
	if q.Get(name) == "" {
		return missing, nil
	}
	n, err := strconv.Atoi(q.Get(name))
	if err != nil || n < low || n > high {
		return 0, failure(http.StatusBadRequest, 20001, name+" is not valid")
	}
	return n, nil
}

// matching returns the calls of a that a list asks for.
func (c *Carrier) matching(a *account, q url.Values) ([]*Call, *restError) {
	var spans []span
	for _, field := range []string{"StartTime", "EndTime"} {
		for _, rel := range []string{"", "<", ">"} {
			text := q.Get(field + rel)
			if text == "" {
				continue
			}
			s, ok := parseSpan(field, rel, text)
			if !ok {
				return nil, failure(http.StatusBadRequest, 20001, field+" is not a date")
			}
			spans = append(spans, s)
		}
	}
	all := c.Calls()
	slices.Reverse(all)
	return slices.DeleteFunc(all, func(call *Call) bool {
		if call.owner != a {
			return true
		}
		status := call.seen().Status
		call.mu.Lock()
		defer call.mu.Unlock()
		for name, is := range map[string]string{"To": call.to, "From": call.from, "Status": string(status), "ParentCallSid": call.parent} {
			if want := q.Get(name); want != "" && want != is {
				return true
			}
		}
		return slices.ContainsFunc(spans, func(s span) bool { return !s.holds(call) })
	}), nil
}

// span is a condition on one of a call's times.
type span struct {
	end         bool      // on the end, not the start
	from, until time.Time // zero is open
}

// parseSpan reads a date or a moment: a date alone means all of that day.
func parseSpan(field, rel, text string) (span, bool) {
	from, err := time.Parse(time.DateOnly, text)
	until := from.Add(24 * time.Hour)
	if err != nil {
		if from, err = time.Parse(time.RFC3339, text); err != nil {
			return span{}, false
		}
		until = from.Add(time.Second)
	}
	s := span{end: field == "EndTime", from: from, until: until}
	switch rel {
	case "<":
		s.from = time.Time{}
	case ">":
		s.until = time.Time{}
	}
	return s, true
}

// holds reports whether the call's time lies in the span. The caller holds mu.
func (s span) holds(c *Call) bool {
	at := c.answered
	if s.end {
		at = c.ended
	}
	return s.includes(at)
}

// includes reports whether at lies in the span. What did not happen lies in none.
func (s span) includes(at time.Time) bool {
	return !at.IsZero() && (s.from.IsZero() || !at.Before(s.from)) && (s.until.IsZero() || at.Before(s.until))
}
