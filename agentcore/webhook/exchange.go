package webhook

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Exchange is one request and what came of it, fit to be kept and shown: it
// holds no secret that its headers or its JSON name as such, and not more than
// [MaxKept] bytes of a body.
type Exchange struct {
	Started time.Time
	Took    time.Duration
	Method  string
	URL     string // without query, credentials and fragment
	Status  int    // 0: no answer
	Err     string // what went wrong; empty when the answer was good

	RequestHeaders  map[string]string
	RequestBody     string
	ResponseHeaders map[string]string
	ResponseBody    string

	// Answer is the body as it came, up to [MaxBody] bytes: for whoever acts on
	// it, never to be kept.
	Answer []byte

	secrets []string // values that must not appear
}

// begin is the exchange before anything was sent.
func begin(o Outgoing, now time.Time) Exchange {
	x := Exchange{
		Started: now, Method: o.Method, URL: bare(o.URL),
		secrets: secretsOf(o.Header),
	}
	x.RequestHeaders = x.headers(o.Header)
	x.RequestBody = x.text(o.Body)
	return x
}

func (x *Exchange) answer(res *http.Response) {
	x.Status = res.StatusCode
	x.ResponseHeaders = x.headers(res.Header)
}

func (x *Exchange) body(b []byte) {
	x.Answer = b
	x.ResponseBody = x.text(b)
}

// headers are h with secrets masked, several values of one name in one line.
func (x *Exchange) headers(h http.Header) map[string]string {
	out := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(h)) {
		if len(out) == MaxHeaders {
			break
		}
		v := strings.Join(h[name], ", ")
		if secretHeader(name) {
			v = masked
		}
		out[name] = cut(clean(x.hide(v)), MaxHeader)
	}
	return out
}

// text is a body with secrets masked, cut.
func (x *Exchange) text(b []byte) string {
	return cut(x.hide(maskBody(clean(string(b)))), MaxKept)
}

// clean makes text of what may be no text: what a database and JSON take.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// cut shortens s to at most n bytes, between characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// bare is an address without what may hold a secret.
func bare(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	u.User, u.RawQuery, u.ForceQuery, u.Fragment, u.RawFragment = nil, "", false, "", ""
	return cut(clean(u.String()), 2048)
}
