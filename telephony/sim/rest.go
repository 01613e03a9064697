package sim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/police"
)

// maxForm is how long a REST request's body may be, in bytes.
const maxForm = 256 << 10

// restError is an error of the REST API.
type restError struct {
	Code     int    `json:"code"`
	Message  string `json:"message"`
	MoreInfo string `json:"more_info"`
	Status   int    `json:"status"`
}

func failure(status, code int, message string) *restError {
	return &restError{code, message, "https://www.twilio.com/docs/errors/" + strconv.Itoa(code), status}
}

// Handler returns the REST API, for a client whose base address is wherever it
// is served.
func (c *Carrier) Handler() http.Handler {
	mux := http.NewServeMux()
	base := "/" + apiVersion + "/Accounts/{account}/"
	mux.HandleFunc("POST "+base+"Calls.json", c.endpoint(c.createCall))
	mux.HandleFunc("GET "+base+"Calls.json", c.endpoint(c.listCalls))
	mux.HandleFunc("GET "+base+"Calls/{call}", c.endpoint(c.withCall(fetchCall)))
	mux.HandleFunc("POST "+base+"Calls/{call}", c.endpoint(c.withCall(c.updateCall)))
	mux.HandleFunc("DELETE "+base+"Calls/{call}", c.endpoint(c.withCall(deleteCall)))
	mux.HandleFunc("/", c.endpoint(func(r *http.Request) (int, any, *restError) { return 0, nil, notFound(r) }))
	return mux
}

func notFound(r *http.Request) *restError {
	return failure(http.StatusNotFound, 20404, "The requested resource "+r.URL.Path+" was not found")
}

// endpoint checks who asks, and writes the answer.
func (c *Carrier) endpoint(serve func(*http.Request) (int, any, *restError)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		status, body, fail := http.StatusUnauthorized, any(nil), c.authenticate(r)
		if fail == nil {
			if err := r.ParseForm(); err != nil {
				fail = failure(http.StatusBadRequest, 20001, "The request's form cannot be read")
			} else {
				status, body, fail = serve(r)
			}
		}
		if fail != nil {
			status, body = fail.Status, fail
			c.reportRefusal(r, fail)
		}
		w.Header().Set("Content-Type", "application/json;charset=utf-8")
		w.WriteHeader(status)
		if body != nil {
			_ = json.NewEncoder(w).Encode(body) // a client that is gone needs no answer
		}
	}
}

// reportRefusal notes a request that was the gateway's mistake. One about a
// call that is over or forgotten is none: it may end at any moment.
func (c *Carrier) reportRefusal(r *http.Request, fail *restError) {
	kind := police.BadRequest
	switch fail.Code {
	case 20003:
		kind = police.Unauthenticated
	case 20404, 21220:
		return
	}
	c.report(police.Violation{Kind: kind, Code: fail.Code, Call: r.PathValue("call"), Detail: r.Method + " refused"})
}

func (c *Carrier) authenticate(r *http.Request) *restError {
	user, password, _ := r.BasicAuth()
	right := user == c.cfg.AccountSID && equal(password, c.cfg.AuthToken) ||
		c.cfg.APIKey != "" && user == c.cfg.APIKey && equal(password, c.cfg.APISecret)
	if !right {
		return failure(http.StatusUnauthorized, 20003, "Authenticate")
	}
	if account := r.PathValue("account"); account != "" && account != c.cfg.AccountSID {
		return notFound(r)
	}
	return nil
}

// withCall finds the call that a request is about.
func (c *Carrier) withCall(serve func(*Call, *http.Request) (int, any, *restError)) func(*http.Request) (int, any, *restError) {
	return func(r *http.Request) (int, any, *restError) {
		sid, isJSON := strings.CutSuffix(r.PathValue("call"), ".json")
		call, ok := c.Lookup(sid)
		if !ok || !isJSON {
			return 0, nil, notFound(r)
		}
		return serve(call, r)
	}
}

func fetchCall(call *Call, _ *http.Request) (int, any, *restError) {
	return http.StatusOK, call.resource(), nil
}

// deleteCall forgets a call that is over.
func deleteCall(call *Call, r *http.Request) (int, any, *restError) {
	if !call.Status().Terminal() {
		return 0, nil, failure(http.StatusBadRequest, 20009, "Cannot delete this resource before it has completed")
	}
	c := call.carrier
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.bySID, call.sid)
	c.calls = slices.DeleteFunc(c.calls, func(other *Call) bool { return other == call })
	return http.StatusNoContent, nil, nil
}

// updateCall ends a call or sends it elsewhere.
func (c *Carrier) updateCall(call *Call, r *http.Request) (int, any, *restError) {
	status, address, twiml := r.PostForm.Get("Status"), r.PostForm.Get("Url"), r.PostForm.Get("Twiml")
	now := call.Status()
	switch {
	case address != "" && twiml != "":
		return 0, nil, failure(http.StatusBadRequest, 21218, "Url and Twiml are mutually exclusive")
	case status != "" && status != "completed" && status != "canceled":
		return 0, nil, failure(http.StatusBadRequest, 21218, "Invalid status")
	case now.Terminal() || status == "canceled" && now == telephony.InProgress || status == "" && now != telephony.InProgress:
		return 0, nil, failure(http.StatusBadRequest, 21220, "Call is not in-progress. Cannot redirect.")
	}
	callback, fail := c.callbackOf(r)
	if fail != nil {
		return 0, nil, fail
	}
	if callback.url != "" {
		call.mu.Lock()
		call.callback = callback
		call.mu.Unlock()
	}
	if status != "" {
		call.note("rest", status)
		call.end(errCompleted)
		return http.StatusOK, call.resource(), nil
	}
	next, fail := documentOf(r)
	if fail != nil {
		return 0, nil, fail
	}
	if next != nil {
		call.note("rest", "redirect")
		call.redirect(*next)
	}
	return http.StatusOK, call.resource(), nil
}

// documentOf reads where a request wants a call to get its document from; nil
// when it does not say.
func documentOf(r *http.Request) (*request, *restError) {
	f := r.PostForm
	switch {
	case f.Get("Url") != "":
		for _, name := range []string{"Url", "FallbackUrl"} {
			if v := f.Get(name); v != "" && !isWebAddress(v) {
				return nil, failure(http.StatusBadRequest, 21205, name+" is not a valid URL")
			}
		}
		method, fail := methodOf(f.Get("Method"))
		return &request{url: f.Get("Url"), method: method, fallback: f.Get("FallbackUrl")}, fail
	case len(f.Get("Twiml")) > maxInline:
		return nil, failure(http.StatusBadRequest, 20001, fmt.Sprintf("Twiml has more than %d characters", maxInline))
	case f.Get("Twiml") != "":
		return &request{twiml: f.Get("Twiml")}, nil
	}
	return nil, nil
}

// maxInline is how long a Twiml parameter may be.
const maxInline = 4000
