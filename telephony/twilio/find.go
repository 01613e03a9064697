package twilio

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	api "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/hookswitch/hookswitch/telephony"
)

// Bounds of a search for calls.
const (
	findPage  = 100 // calls on a page, of about 2 kB each
	findPages = 5
)

// dotted is what twilio-go cuts out of every query.
var dotted = regexp.MustCompile(`\.[0-9]`)

// Find implements [telephony.Carrier]. Twilio lists the newest calls first, and
// their times in whole seconds. At most 500 calls are looked at.
func (k *Carrier) Find(ctx context.Context, account string, from, to telephony.Number, since time.Time) ([]string, error) {
	a, err := k.credentials(ctx, "search", account)
	if err != nil {
		return nil, err
	}
	p := &api.ListCallParams{}
	p.SetPageSize(findPage)
	p.SetFrom(string(from))
	if !dotted.MatchString(string(to)) {
		p.SetTo(string(to))
	}
	var found []string
	var token, number string
	for range findPages {
		var page *api.ListCallResponse
		err := k.do(ctx, "search", a, func(s *api.ApiService) (err error) {
			page, err = s.PageCall(p, token, number)
			return err
		})
		if err != nil {
			return nil, err
		}
		ids, isNew := placedSince(page.Calls, from, to, since.Truncate(time.Second))
		found = append(found, ids...)
		if token, number = nextPage(text(page.NextPageUri)); token == "" || !isNew {
			break
		}
	}
	return found, nil
}

// placedSince returns the ids of the calls that were placed from from to to, and
// whether any call at all is as young. A call without a time is young.
func placedSince(calls []api.ApiV2010Call, from, to telephony.Number, since time.Time) (ids []string, isNew bool) {
	for _, c := range calls {
		if at := instant(text(c.DateCreated)); !at.IsZero() && at.Before(since) {
			continue
		}
		isNew = true
		if strings.EqualFold(text(c.From), string(from)) && strings.EqualFold(text(c.To), string(to)) && plain(text(c.Sid)) &&
			strings.HasPrefix(text(c.Direction), "outbound") {
			ids = append(ids, text(c.Sid))
		}
	}
	return ids, isNew
}

// nextPage reads how the next page is asked for off its address; empty: there is
// none.
func nextPage(uri string) (token, number string) {
	u, err := url.Parse(uri)
	if err != nil {
		return "", ""
	}
	return u.Query().Get("PageToken"), u.Query().Get("Page")
}

// Unsure reports whether a call may have been placed although Dial failed: the
// answer may be all that was lost.
func (e *Error) Unsure() bool {
	noAnswer := e.Status == 0 && e.Code == 0
	return e.Op == "dial" && !e.Retry && (noAnswer || e.Status >= http.StatusInternalServerError || e.Status == http.StatusCreated)
}
