package sim

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/telephony/sim/police"
)

// defaultTimeout and maxTimeout bound how long an outbound call rings.
const (
	defaultTimeout = 60 * time.Second
	maxTimeout     = 600 * time.Second
)

var sendDigits = regexp.MustCompile(`^[0-9A-D#*wW]{0,32}$`)

// createCall places a call.
func (c *Carrier) createCall(r *http.Request) (int, any, *restError) {
	first, fail := c.checkCreate(r)
	if fail != nil {
		return 0, nil, fail
	}
	timeout, fail := seconds(r, "Timeout", defaultTimeout, maxTimeout)
	if fail != nil {
		return 0, nil, fail
	}
	limit, fail := seconds(r, "TimeLimit", 4*time.Hour, 24*time.Hour)
	if fail != nil {
		return 0, nil, fail
	}
	callback, fail := c.callbackOf(r)
	if fail != nil {
		return 0, nil, fail
	}
	call, err := c.newCall(callSpec{from: r.PostForm.Get("From"), to: r.PostForm.Get("To"), direction: outboundAPI})
	if err != nil {
		return 0, nil, failure(http.StatusServiceUnavailable, 20503, "Service unavailable")
	}
	call.timeout, call.limit, call.first, call.callback = timeout, limit, *first, callback
	created := call.resource()
	call.start(func() {
		if call.ring() {
			call.run(call.first)
		}
	})
	return http.StatusCreated, created, nil
}

// checkCreate checks who is called from where, and with which document.
func (c *Carrier) checkCreate(r *http.Request) (*request, *restError) {
	f := r.PostForm
	to, from := f.Get("To"), f.Get("From")
	switch {
	case to == "":
		return nil, failure(http.StatusBadRequest, 21201, "No 'To' number is specified")
	case from == "":
		return nil, failure(http.StatusBadRequest, 21213, "No 'From' number is specified")
	case !e164.MatchString(to) && !strings.HasPrefix(to, "sip:") && !strings.HasPrefix(to, "client:"):
		return nil, failure(http.StatusBadRequest, 21211, "The phone number you are attempting to call is not valid.")
	case !e164.MatchString(from):
		return nil, failure(http.StatusBadRequest, 21212, "The caller ID number is not valid.")
	case len(c.owned()) > 0 && !c.owns(from):
		return nil, failure(http.StatusBadRequest, 21210, "The source phone number provided is not yet verified for your account.")
	case !sendDigits.MatchString(f.Get("SendDigits")):
		return nil, failure(http.StatusBadRequest, 20001, "SendDigits is not valid")
	}
	for _, name := range []string{"MachineDetection", "Record", "SendDigits", "ApplicationSid"} {
		if f.Get(name) != "" {
			c.report(police.Violation{Kind: police.Unsupported, Detail: name + " is accepted and not played"})
		}
	}
	first, fail := documentOf(r)
	if fail == nil && first == nil {
		fail = failure(http.StatusBadRequest, 21205, "Url parameter is required.")
	}
	return first, fail
}

func (c *Carrier) owns(number string) bool {
	return slices.ContainsFunc(c.owned(), func(n Number) bool { return n.Number == number })
}

// seconds reads a parameter in whole seconds.
func seconds(r *http.Request, name string, missing, limit time.Duration) (time.Duration, *restError) {
	text := r.PostForm.Get(name)
	if text == "" {
		return missing, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > int(limit/time.Second) {
		return 0, failure(http.StatusBadRequest, 20001, name+" is not valid")
	}
	return time.Duration(n) * time.Second, nil
}

var callbackEvents = []string{"initiated", "ringing", "answered", "completed"}

// callbackOf reads who shall be told of a call's progress. The events come as
// repeated fields; a list in one field is one unknown event, as it is with the
// real carrier.
func (c *Carrier) callbackOf(r *http.Request) (callback, *restError) {
	address := r.PostForm.Get("StatusCallback")
	if address == "" {
		return callback{}, nil
	}
	if !isWebAddress(address) {
		return callback{}, failure(http.StatusBadRequest, 21609, "The StatusCallback URL is not a valid URL")
	}
	events := r.PostForm["StatusCallbackEvent"]
	for _, e := range events {
		if !slices.Contains(callbackEvents, e) {
			c.report(police.Violation{Kind: police.UnknownCallback, Code: 21626, Detail: "a StatusCallbackEvent is unknown"})
		}
	}
	method, fail := methodOf(r.PostForm.Get("StatusCallbackMethod"))
	return callback{address, method, eventSet(events)}, fail
}

func methodOf(text string) (string, *restError) {
	switch m := strings.ToUpper(text); m {
	case "", http.MethodPost, http.MethodGet:
		return m, nil
	}
	return "", failure(http.StatusBadRequest, 20001, "Method is neither GET nor POST")
}

func isWebAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && len(text) <= 4000
}
