package sim

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// RESTFault is a way in which REST requests go wrong, though there is nothing
// wrong with them.
type RESTFault struct {
	Status int  // 429 or 5xx: the request is not carried out, and answered so
	Lost   bool // the request is carried out, and the connection cut in place of its answer
	Unmet  bool // the connection is cut, and the request not carried out

	Every      int           // every nth request that it fits, the nth first. 0 and 1: each
	Times      int           // after so many it is over. 0: never
	Method     string        // only requests of this method. Empty: all
	Path       string        // only requests whose path holds this. Empty: all
	RetryAfter time.Duration // the answer's Retry-After, in whole seconds. 0: it has none

	seen, done int
}

// FailREST puts faults in the place of those there were; none heals all. Of two
// faults that fit a request the first one bites.
func (c *Carrier) FailREST(faults ...RESTFault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults = slices.Clone(faults)
}

// restFault is the fault that bites r, if one does.
func (c *Carrier) restFault(r *http.Request) (RESTFault, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.faults {
		if f := &c.faults[i]; f.bites(r) {
			return *f, true
		}
	}
	return RESTFault{}, false
}

// bites counts r and reports whether it is hit.
func (f *RESTFault) bites(r *http.Request) bool {
	if f.Method != "" && f.Method != r.Method || !strings.Contains(r.URL.Path, f.Path) || f.Times > 0 && f.done >= f.Times {
		return false
	}
	if f.seen++; f.seen%max(f.Every, 1) != 0 {
		return false
	}
	f.done++
	return true
}

// refuse writes the answer of a request that was not carried out. Gateways in
// front of the carrier's own servers answer 502 and 504 in HTML.
func (f RESTFault) refuse(w http.ResponseWriter) {
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(f.RetryAfter/time.Second)))
	}
	switch f.Status {
	case http.StatusBadGateway, http.StatusGatewayTimeout:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(f.Status)
		_, _ = w.Write([]byte("<html><body><h1>" + http.StatusText(f.Status) + "</h1></body></html>"))
	case http.StatusTooManyRequests:
		writeJSON(w, f.Status, failure(f.Status, 20429, "Too Many Requests"))
	default:
		writeJSON(w, f.Status, failure(f.Status, 20000+f.Status, http.StatusText(f.Status)))
	}
}

// cut breaks the connection that a request came over.
func cut() { panic(http.ErrAbortHandler) }
