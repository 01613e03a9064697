package webhook

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/vars"
)

// ourHeaders say how a message travels. A user's would contradict it, or smuggle
// a second message into the first.
var ourHeaders = []string{
	"Host", "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive",
	"Te", "Trailer", "Upgrade", "Expect", "Proxy-Connection", "Proxy-Authorization", "Accept-Encoding",
}

// headers fills in templates and sets them in h.
func headers(h http.Header, templates map[string]string, v vars.Set, missing func(string)) error {
	if len(templates) > MaxHeaders {
		return refuse(BadRequest, "there may be at most 64 request_headers")
	}
	flat := flatten(v)
	for _, name := range slices.Sorted(maps.Keys(templates)) {
		if !token(name) {
			return refuse(BadRequest, "the name of a header may hold letters, digits and - only")
		}
		canonical := http.CanonicalHeaderKey(name)
		if slices.Contains(ourHeaders, canonical) {
			return refuse(BadRequest, "the header "+canonical+" is the gateway's to set")
		}
		value, fits := flat.FillWithin(templates[name], 2*MaxHeader, asItIs, missing) // white space at its ends goes
		value = strings.TrimSpace(value)
		switch {
		case strings.ContainsFunc(value, control):
			return refuse(BadRequest, "the header "+canonical+" would hold a line break or another control character")
		case !fits || len(value) > MaxHeader:
			return refuse(BadRequest, "the header "+canonical+" would be longer than 8 KB")
		}
		h.Set(canonical, value)
	}
	return nil
}

func control(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// token reports whether s is a header's name (RFC 9110, 5.6.2) of decent length.
func token(s string) bool {
	if s == "" || len(s) > 128 {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
		return !letter && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	})
}
