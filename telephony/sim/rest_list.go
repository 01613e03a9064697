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

// page is one page of calls; its addresses are relative.
type page struct {
	Calls    []resource `json:"calls"`
	End      int        `json:"end"`
	First    string     `json:"first_page_uri"`
	Next     *string    `json:"next_page_uri"`
	Page     int        `json:"page"`
	PageSize int        `json:"page_size"`
	Previous *string    `json:"previous_page_uri"`
	Start    int        `json:"start"`
	URI      string     `json:"uri"`
}

// listCalls lists calls, the newest first.
func (c *Carrier) listCalls(r *http.Request) (int, any, *restError) {
	q := r.URL.Query()
	size, fail := whole(q, "PageSize", defaultPage, 1, maxPage)
	if fail != nil {
		return 0, nil, fail
	}
	number, fail := whole(q, "Page", 0, 0, 1<<20)
	if fail != nil {
		return 0, nil, fail
	}
	all, fail := c.matching(q)
	if fail != nil {
		return 0, nil, fail
	}
	from := min(number*size, len(all))
	to := min(from+size, len(all))
	p := page{
		Calls: []resource{}, Page: number, PageSize: size, Start: from, End: max(to-1, from),
		First: pageURI(r, q, 0, size), URI: pageURI(r, q, number, size),
	}
	for _, call := range all[from:to] {
		p.Calls = append(p.Calls, call.resource())
	}
	if to < len(all) {
		next := pageURI(r, q, number+1, size) + "&PageToken=PA" + all[to-1].sid
		p.Next = &next
	}
	if number > 0 {
		previous := pageURI(r, q, number-1, size)
		p.Previous = &previous
	}
	return http.StatusOK, p, nil
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

// matching returns the calls that a list asks for.
func (c *Carrier) matching(q url.Values) ([]*Call, *restError) {
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
		call.mu.Lock()
		defer call.mu.Unlock()
		for name, is := range map[string]string{"To": call.to, "From": call.from, "Status": string(call.status), "ParentCallSid": call.parent} {
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
	return !at.IsZero() && (s.from.IsZero() || !at.Before(s.from)) && (s.until.IsZero() || at.Before(s.until))
}
