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

// handler serves a request of an account, which is whose resources it is about.
type handler func(*account, *http.Request) (int, any, *restError)

// Handler returns the REST API, for a client whose base address is wherever it
// is served.
func (c *Carrier) Handler() http.Handler {
	mux := http.NewServeMux()
	const accounts = "/" + apiVersion + "/Accounts"
	const base = accounts + "/{account}/"
	for pattern, serve := range map[string]handler{
		"GET " + accounts + ".json":                                    c.listAccounts,
		"GET " + accounts + "/{account}":                               fetchAccount,
		"POST " + base + "Calls.json":                                  c.createCall,
		"GET " + base + "Calls.json":                                   c.listCalls,
		"GET " + base + "Calls/{call}":                                 c.withCall(fetchCall),
		"POST " + base + "Calls/{call}":                                c.withCall(c.updateCall),
		"DELETE " + base + "Calls/{call}":                              c.withCall(deleteCall),
		"POST " + base + "Messages.json":                               c.createMessage,
		"GET " + base + "Messages.json":                                c.listMessages,
		"GET " + base + "Messages/{message}":                           c.fetchMessage,
		"GET " + base + "IncomingPhoneNumbers.json":                    c.listNumbers,
		"GET " + base + "IncomingPhoneNumbers/{number}":                c.withNumber(fetchNumber),
		"POST " + base + "IncomingPhoneNumbers/{number}":               c.withNumber(c.updateNumber),
		"GET " + base + "Conferences.json":                             c.listConferences,
		"GET " + base + "Conferences/{conference}":                     c.withConference(fetchConference),
		"GET " + base + "Conferences/{conference}/Participants.json":   c.withConference(listParticipants),
		"POST " + base + "Conferences/{conference}/Participants.json":  c.createParticipant,
		"GET " + base + "Conferences/{conference}/Participants/{call}": c.withConference(fetchParticipant),
		"/": func(_ *account, r *http.Request) (int, any, *restError) { return 0, nil, notFound(r) },
	} {
		mux.HandleFunc(pattern, c.endpoint(serve))
	}
	mux.HandleFunc("GET "+base+"Recordings/{recording}", c.serveRecording)
	return mux
}

func notFound(r *http.Request) *restError {
	return failure(http.StatusNotFound, 20404, "The requested resource "+r.URL.Path+" was not found")
}

// endpoint checks who asks, and writes the answer.
func (c *Carrier) endpoint(serve handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		fault, ill := c.restFault(r)
		switch {
		case ill && fault.Unmet:
			cut()
		case ill && fault.Status != 0:
			fault.refuse(w)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		status, body, fail := c.answer(serve, r)
		if fail != nil {
			status, body = fail.Status, fail
			c.reportRefusal(r, fail)
		}
		if ill && fault.Lost {
			cut()
		}
		writeJSON(w, status, body)
	}
}

// answer is what r is answered with.
func (c *Carrier) answer(serve handler, r *http.Request) (int, any, *restError) {
	a, fail := c.authenticate(r)
	if fail != nil {
		return 0, nil, fail
	}
	if err := r.ParseForm(); err != nil {
		return 0, nil, failure(http.StatusBadRequest, 20001, "The request's form cannot be read")
	}
	return serve(a, r)
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	w.WriteHeader(status)
	if body != nil {
		_ = json.NewEncoder(w).Encode(body) // a client that is gone needs no answer
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

// authenticate finds the account whose resources r asks for, if who asks may
// have them. A token reaches its account's sub-accounts too, but no token an
// account above its own.
func (c *Carrier) authenticate(r *http.Request) (*account, *restError) {
	denied := failure(http.StatusUnauthorized, 20003, "Authenticate")
	user, password, _ := r.BasicAuth()
	who, ok := c.whose(user, password)
	if !ok {
		return nil, denied
	}
	sid, itself := strings.CutSuffix(r.PathValue("account"), ".json")
	a := c.accounts[sid]
	switch {
	case sid == "" && !who.key: // the list of accounts, or no resource at all
		return who.of, nil
	case (sid == "" || itself) && who.key:
		return nil, denied // standard keys have no access to accounts
	case a == nil:
		return nil, notFound(r)
	case !who.mayActOn(a):
		return nil, denied
	case a.status() != "active" && (who.of == a || !itself):
		return nil, failure(http.StatusForbidden, 20403, "Account not active")
	}
	return a, nil
}

// withCall finds the call that a request is about.
func (c *Carrier) withCall(serve func(*Call, *http.Request) (int, any, *restError)) handler {
	return func(a *account, r *http.Request) (int, any, *restError) {
		sid, isJSON := strings.CutSuffix(r.PathValue("call"), ".json")
		call, ok := c.Lookup(sid)
		if !ok || !isJSON || call.owner != a {
			return 0, nil, notFound(r)
		}
		return serve(call, r)
	}
}

func fetchCall(call *Call, _ *http.Request) (int, any, *restError) {
	return http.StatusOK, call.seen(), nil
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

// updateCall ends a call, sends it elsewhere, or changes what else it has.
func (c *Carrier) updateCall(call *Call, r *http.Request) (int, any, *restError) {
	status, address, twiml := r.PostForm.Get("Status"), r.PostForm.Get("Url"), r.PostForm.Get("Twiml")
	now := call.Status()
	redirects := status == "" && (address != "" || twiml != "")
	switch {
	case address != "" && twiml != "":
		return 0, nil, failure(http.StatusBadRequest, 21218, "Url and Twiml are mutually exclusive")
	case status != "" && status != "completed" && status != "canceled":
		return 0, nil, failure(http.StatusBadRequest, 21218, "Invalid status")
	case now.Terminal() || status == "canceled" && now == telephony.InProgress || redirects && now != telephony.InProgress:
		return 0, nil, failure(http.StatusBadRequest, 21220, "Call is not in-progress. Cannot redirect.")
	}
	next, fail := c.documentOf(r)
	if fail != nil {
		return 0, nil, fail
	}
	if fail := c.changeCall(call, r); fail != nil {
		return 0, nil, fail
	}
	switch {
	case status != "":
		call.note("rest", status)
		call.end(errCompleted)
	case next != nil:
		call.note("rest", "redirect")
		call.redirect(*next)
	}
	return http.StatusOK, call.resource(), nil
}

// changeCall sets who is told of a call, and how long it may last.
func (c *Carrier) changeCall(call *Call, r *http.Request) *restError {
	told, fail := c.callbackOf(r)
	if fail != nil {
		return fail
	}
	limit, fail := seconds(r, "TimeLimit", 0, maxLimit)
	if fail != nil {
		return fail
	}
	call.mu.Lock()
	defer call.mu.Unlock()
	if told.url != "" {
		call.callback = told
	}
	if limit > 0 {
		call.limitBy(limit)
	}
	return nil
}

// documentOf reads where a request wants a call to get its document from; nil
// when it does not say.
func (c *Carrier) documentOf(r *http.Request) (*request, *restError) {
	f := r.PostForm
	switch {
	case f.Get("Url") != "":
		for _, name := range []string{"Url", "FallbackUrl"} {
			if v := f.Get(name); v != "" && !isWebAddress(v) {
				return nil, failure(http.StatusBadRequest, 21205, name+" is not a valid URL")
			}
		}
		method, fail := methodOf(f.Get("Method"))
		if fail != nil {
			return nil, fail
		}
		fallbackMethod, fail := methodOf(f.Get("FallbackMethod"))
		return &request{url: f.Get("Url"), method: method, fallback: f.Get("FallbackUrl"), fallbackMethod: fallbackMethod}, fail
	case len(f.Get("Twiml")) > maxInline:
		return nil, failure(http.StatusBadRequest, 20001, fmt.Sprintf("Twiml has more than %d characters", maxInline))
	case f.Get("Twiml") != "":
		return &request{twiml: f.Get("Twiml")}, nil
	case f.Get("ApplicationSid") != "":
		next, _ := c.cfg.Applications[f.Get("ApplicationSid")].handling()
		if !isWebAddress(next.url) {
			return nil, failure(http.StatusBadRequest, 21205, "The application has no valid VoiceUrl")
		}
		return &next, nil
	}
	return nil, nil
}

// maxInline is how long a Twiml parameter may be.
const maxInline = 4000
