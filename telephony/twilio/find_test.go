package twilio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// books are Twilio's list of calls, newest first, so many on a page.
type books struct {
	t     *testing.T
	all   []map[string]any
	size  int
	asked []string // queries
}

// RoundTrip implements [http.RoundTripper].
func (b *books) RoundTrip(r *http.Request) (*http.Response, error) {
	q := r.URL.Query()
	b.asked = append(b.asked, r.URL.RawQuery)
	if r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, "/Calls.json") {
		b.t.Errorf("%s %s", r.Method, r.URL.Path)
	}
	var from int
	fmt.Sscanf(q.Get("PageToken"), "PA%d", &from)
	page := map[string]any{"calls": b.all[from:min(from+b.size, len(b.all))], "next_page_uri": nil}
	if next := from + b.size; next < len(b.all) {
		page["next_page_uri"] = fmt.Sprintf("/2010-04-01/Accounts/x/Calls.json?From=%%2B1&PageSize=2&Page=%d&PageToken=PA%d", next/b.size, next)
	}
	w := httptest.NewRecorder()
	json.NewEncoder(w).Encode(page)
	return w.Result(), nil
}

func TestFindReadsTwiliosList(t *testing.T) {
	began := time.Date(2026, 11, 22, 3, 46, 36, 500_000_000, time.UTC)
	const from, to = "+15550100001", "+15550100002"
	call := func(n int, after time.Duration, to string) map[string]any {
		return map[string]any{"sid": fmt.Sprint("CA", n), "from": from, "to": to, "direction": "outbound-api",
			"date_created": began.Add(after).Truncate(time.Second).Format(time.RFC1123Z)}
	}
	inbound := call(9, 0, to)
	inbound["direction"] = "inbound"
	undated := call(8, 0, to)
	undated["date_created"] = nil
	var many []map[string]any
	for n := range 20 {
		many = append(many, call(n, time.Minute, to))
	}
	for _, tt := range []struct {
		name  string
		to    telephony.Number
		all   []map[string]any
		want  []string
		pages int
	}{
		{"none", to, nil, nil, 1},
		{"the one of this second, which Twilio dates earlier", to, []map[string]any{call(1, 0, to)}, []string{"CA1"}, 1},
		{"one of a second before is another", to, []map[string]any{call(1, -time.Second, to)}, nil, 1},
		{"newest first", to, []map[string]any{call(2, time.Minute, to), call(1, 0, to)}, []string{"CA2", "CA1"}, 1},
		{"on later pages", to, []map[string]any{call(3, time.Hour, to), call(2, time.Minute, to), call(1, 0, to)}, []string{"CA3", "CA2", "CA1"}, 2},
		{"no page is asked for that can only be older", to, []map[string]any{call(3, -time.Hour, to), call(2, -2*time.Hour, to), call(1, -3*time.Hour, to)}, nil, 1},
		{"the list is read to an end", to, many, []string{"CA0", "CA1", "CA2", "CA3", "CA4", "CA5", "CA6", "CA7", "CA8", "CA9"}, 5},
		{"of others, should Twilio not choose", to, []map[string]any{call(1, 0, "+15550100003")}, nil, 1},
		{"not one that came in", to, []map[string]any{inbound}, nil, 1},
		{"one without a date", to, []map[string]any{undated}, []string{"CA8"}, 1},
		{"a SIP address, which has dots", "sip:desk@192.0.2.7", []map[string]any{call(1, 0, "sip:Desk@192.0.2.7")}, []string{"CA1"}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := &books{t: t, all: tt.all, size: 2}
			k, _ := newCarrier(t, func(c *Config) { c.Transport = b })
			got, err := k.Find(t.Context(), "", from, tt.to, began)
			if err != nil || !slices.Equal(got, tt.want) || len(b.asked) != tt.pages {
				t.Errorf("Find() = %v, %v in %d pages, want %v in %d", got, err, len(b.asked), tt.want, tt.pages)
			}
			for _, q := range b.asked {
				if !strings.Contains(q, "From=%2B15550100001") || strings.Contains(q, "To=") == strings.Contains(string(tt.to), ".") {
					t.Errorf("asked for %s", q)
				}
			}
		})
	}
}

// Who may not dial any more sends nothing, however often a request is repeated.
func TestDialAsksWhetherItMay(t *testing.T) {
	no := errors.New("it was ended meanwhile")
	for _, tt := range []struct {
		name  string
		after int // it may so often
		fail  func(int) *failure
		sent  int
		want  error
	}{
		{"it may", 9, nil, 1, nil},
		{"it may not", 0, nil, 0, no},
		{"it may no more when the request is repeated", 1, first(1, &failure{status: 429, body: "slow", after: "0"}), 1, no},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k, s := newCarrier(t)
			s.fail = tt.fail
			_, err := k.Dial(t.Context(), telephony.Outgoing{Call: "c1", From: "+15550100001", To: "+15550100002", Before: func(context.Context) error {
				if tt.after--; tt.after < 0 {
					return no
				}
				return nil
			}})
			if !errors.Is(err, tt.want) || len(s.asked) != tt.sent {
				t.Errorf("Dial() = %v, %d requests, want %v after %d", err, len(s.asked), tt.want, tt.sent)
			}
		})
	}
}

// An error says whether the call may be there nevertheless.
func TestWhatADialLeftOpen(t *testing.T) {
	for name, tt := range map[string]struct {
		err  Error
		want bool
	}{
		"no answer":                    {Error{Op: "dial"}, true},
		"Twilio failed":                {Error{Op: "dial", Status: 503}, true},
		"an answer that names no call": {Error{Op: "dial", Status: 201}, true},
		"refused":                      {Error{Op: "dial", Status: 400, Code: 21211}, false},
		"it never left this machine":   {Error{Op: "dial", Retry: true}, false},
		"nothing was dialled":          {Error{Op: "state"}, false},
	} {
		if got := tt.err.Unsure(); got != tt.want {
			t.Errorf("%s: unsure %t, want %t", name, got, tt.want)
		}
	}
}
