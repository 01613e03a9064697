package twilio

import (
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// tellEvery is how often the log hears of one reason.
const tellEvery = time.Minute

// hints say what to look at, for the refusals that are more often a setting
// than an attack.
var hints = map[string]string{
	ReasonBadSignature: "the public URL must be the one that Twilio calls, a proxy must pass path and query as they came, and the auth token is the primary one of the account that owns the number",
	ReasonUnsigned:     "this is not from Twilio: let only Twilio reach /twilio",
	ReasonWrongAccount: "the number belongs to an account that has no number here with credentials of its own",
	ReasonPendingFull:  "something opens websockets and says nothing: let only Twilio reach /twilio",
}

// refuse counts a refusal, tells the operator, and answers without saying more
// than the status.
func (t *Trunk) refuse(w http.ResponseWriter, r *http.Request, no refusal) {
	t.odd(r, no)
	http.Error(w, http.StatusText(no.status), no.status)
}

// odd counts a request that is not served as it asks, and tells the operator.
func (t *Trunk) odd(r *http.Request, no refusal) {
	t.c.Count(no.reason)
	t.tell(r, no)
}

// tell logs a refusal, once a minute a reason, with the address that a right
// signature would be for and the one that came: a proxy in between is the usual
// cause. Of both it shows scheme, host and route, never the query; a flood
// costs one line a minute.
func (t *Trunk) tell(r *http.Request, no refusal) {
	more, now := t.notices.due(no.reason, time.Now())
	if !now {
		return
	}
	args := []any{"reason", no.reason, "signed_for", signedFor(t.base, r), "came_as", cameAs(r)}
	for _, h := range []struct{ name, header string }{{"forwarded_proto", "X-Forwarded-Proto"}, {"forwarded_host", "X-Forwarded-Host"}} {
		if value := r.Header.Get(h.header); value != "" {
			args = append(args, h.name, clip(value))
		}
	}
	if no.err != nil {
		args = append(args, "err", no.err)
	}
	if hint := hints[no.reason]; hint != "" {
		args = append(args, "hint", hint)
	}
	t.c.Log.Warn("twilio: a request is refused", append(args, "more_untold", more)...)
}

// signedFor is the address of r's route at base. The route is the pattern and
// not the path, in which anyone may write anything.
func signedFor(base string, r *http.Request) string {
	if strings.HasPrefix(r.Pattern, pathMedia) || websocket.IsWebSocketUpgrade(r) {
		base = "ws" + strings.TrimPrefix(base, "http")
	}
	return base + r.Pattern
}

// cameAs is the address under which r reached this process.
func cameAs(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + clip(r.Host) + r.Pattern
}

// clip shortens what a stranger wrote to what a line of a log can bear.
func clip(s string) string {
	const most = 128 // bytes
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

// notices remembers when each reason was last told. Reasons are a closed set,
// so it stays small. The zero notices is ready.
type notices struct {
	mu   sync.Mutex
	told map[string]time.Time
	held map[string]int
}

// due notes one more of reason. It reports whether the log is to hear of it
// now, and how many it has not heard of.
func (n *notices) due(reason string, now time.Time) (more int, due bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.told == nil {
		n.told, n.held = map[string]time.Time{}, map[string]int{}
	}
	if last, ok := n.told[reason]; ok && now.Sub(last) < tellEvery {
		n.held[reason]++
		return 0, false
	}
	more = n.held[reason]
	n.told[reason], n.held[reason] = now, 0
	return more, true
}
