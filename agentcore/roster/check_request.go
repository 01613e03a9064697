package roster

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Bounds of a request that is sent for an agent.
const (
	maxURL     = 2_048
	maxHeaders = 64
	maxHeader  = 4_096
)

// ownHeaders are the gateway's: a request that sets them contradicts the way in
// which it travels.
var ownHeaders = []string{"Host", "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Te", "Trailer",
	"Upgrade", "Expect", "Proxy-Connection", "Proxy-Authorization", "Accept-Encoding"}

// headerName is a token (RFC 9110, 5.6.2).
var headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$")

// request reads api_schema over what it was; it must be there in the end.
func (t Terms) request(f form, before *Request) *Request {
	in, null, ok := f.object("api_schema")
	if !ok || null {
		if (null || before == nil) && len(f.wrong.Of(f.under+"api_schema")) == 0 {
			f.refuse("api_schema", blank)
		}
		return before
	}
	r := Request{Method: "POST"}
	if before != nil {
		r = *before
	}
	in.text("url", maxURL, "", &r.URL)
	if len(f.wrong.Of(in.under+"url")) == 0 {
		if why := t.address(r.URL); why != "" {
			in.refuse("url", "%s", why)
		}
	}
	in.oneOf("method", methods, "POST", &r.Method)
	r.Headers = requestHeaders(in, r.Headers)
	if v, there := in.in["request_body"]; there {
		r.Body = nil
		if v != nil {
			raw, err := json.Marshal(v)
			if err != nil || len(raw) > maxRaw {
				in.refuse("request_body", "is too long (maximum is %d bytes)", maxRaw)
			} else {
				r.Body = raw
			}
		}
	}
	return &r
}

// address tells what is wrong with a URL. Variables may stand in its path and
// its query, never in its host: a value must not choose who is told.
func (t Terms) address(raw string) string {
	if raw == "" {
		return blank
	}
	scheme, rest, found := strings.Cut(raw, "://")
	host := rest
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		host = rest[:end]
	}
	scheme = strings.ToLower(scheme)
	switch {
	case !found || scheme != "https" && (scheme != "http" || !t.AllowHTTP):
		return "must be an https URL"
	case strings.Contains(host, "{{"):
		return "must name its host: variables may stand in the path and the query"
	case strings.Contains(host, "@"):
		return "must not hold credentials: put them in request_headers"
	}
	if u, err := url.Parse(withoutVariables(raw)); err != nil || u.Hostname() == "" {
		return "is not a valid URL"
	}
	return ""
}

// Target says what is wrong with an address that is to be told of something:
// it is as a webhook's, without variables. Empty: nothing is.
func (t Terms) Target(raw string) (why string) {
	switch {
	case len(raw) > maxURL:
		return fmt.Sprintf("is too long (maximum is %d characters)", maxURL)
	case strings.Contains(raw, "{{"):
		return "can't hold variables"
	case strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		return "is not a valid URL"
	}
	return t.address(raw)
}

// withoutVariables puts a letter where {{variables}} stand.
func withoutVariables(text string) string {
	var b strings.Builder
	for {
		before, rest, opens := strings.Cut(text, "{{")
		_, after, closes := strings.Cut(rest, "}}")
		if !opens || !closes {
			b.WriteString(text)
			return b.String()
		}
		b.WriteString(before + "x")
		text = after
	}
}

// requestHeaders reads headers, replaced as a whole.
func requestHeaders(f form, before map[string]string) map[string]string {
	in, null, ok := f.object("request_headers")
	if !ok {
		return before
	}
	if null {
		return nil
	}
	if len(in.in) > maxHeaders {
		f.refuse("request_headers", "is too long (maximum is %d)", maxHeaders)
		return before
	}
	out := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(in.in)) {
		value, is := in.in[name].(string)
		switch {
		case !headerName.MatchString(name):
			f.refuse("request_headers", "'%.80s' is not a valid header name", name)
		case slices.Contains(ownHeaders, http.CanonicalHeaderKey(name)):
			f.refuse("request_headers", "'%.80s' can't be set", name)
		case !is:
			in.refuse(name, noText)
		case len(value) > maxHeader:
			in.refuse(name, "is too long (maximum is %d characters)", maxHeader)
		case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }):
			in.refuse(name, invalid)
		default:
			out[name] = value
		}
	}
	return out
}
