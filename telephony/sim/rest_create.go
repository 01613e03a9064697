package sim

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/police"
)

// defaultTimeout and maxTimeout bound how long an outbound call rings.
const (
	defaultTimeout = 60 * time.Second
	maxTimeout     = 600 * time.Second
)

// maxLimit is how long a call may last at most, and does unless it is told.
const (
	maxLimit     = 24 * time.Hour
	defaultLimit = 4 * time.Hour
)

var sendDigits = regexp.MustCompile(`^[0-9A-D#*wW]{0,32}$`)

// createCall places a call.
func (c *Carrier) createCall(a *account, r *http.Request) (int, any, *restError) {
	spec, fail := c.specOf(a, r)
	if fail != nil {
		return 0, nil, fail
	}
	call, fail := c.place(a, spec)
	if fail != nil {
		return 0, nil, fail
	}
	return http.StatusCreated, call.resource(), nil
}

// outgoingCall is a call that REST asks for.
type outgoingCall struct {
	from, to       string
	first          request
	told           callback
	timeout, limit time.Duration
	detection      *detection
	digits         string // keys that are pressed once it is answered
}

// specOf reads and checks what r asks for.
func (c *Carrier) specOf(a *account, r *http.Request) (o outgoingCall, fail *restError) {
	o.to, o.from = r.PostForm.Get("To"), r.PostForm.Get("From")
	if fail := c.mayCall(a, o.from, o.to); fail != nil {
		return o, fail
	}
	if !sendDigits.MatchString(r.PostForm.Get("SendDigits")) {
		return o, failure(http.StatusBadRequest, 20001, "SendDigits is not valid")
	}
	first, fail := c.documentOf(r)
	if fail != nil {
		return o, fail
	}
	if first == nil {
		return o, failure(http.StatusBadRequest, 21205, "Url parameter is required.")
	}
	o.first = *first
	if o.timeout, fail = seconds(r, "Timeout", defaultTimeout, maxTimeout); fail != nil {
		return o, fail
	}
	if o.limit, fail = seconds(r, "TimeLimit", defaultLimit, maxLimit); fail != nil {
		return o, fail
	}
	if o.told, fail = c.callbackOf(r); fail != nil {
		return o, fail
	}
	if o.detection, fail = c.detectionOf(r); fail != nil {
		return o, fail
	}
	if o.digits = r.PostForm.Get("SendDigits"); r.PostForm.Get("Record") == "true" {
		c.report(police.Violation{Kind: police.Unsupported, Detail: "Record is accepted and not played"})
	}
	return o, nil
}

// place queues a call; it is made when its turn comes.
func (c *Carrier) place(a *account, o outgoingCall) (*Call, *restError) {
	depth, wait := c.knobs.QueueDepth, a.queue.estimate(c.knobs.CPS)
	p, ok := a.queue.enter(depth)
	if !ok {
		return nil, failure(http.StatusBadRequest, 22005, "Call queue full")
	}
	call, err := c.newCall(callSpec{from: o.from, to: o.to, direction: outboundAPI, owner: a})
	if err != nil {
		a.queue.leave(p)
		return nil, failure(http.StatusServiceUnavailable, 20503, "Service unavailable")
	}
	call.mu.Lock()
	call.timeout, call.limit, call.waited = o.timeout+c.knobs.RingGrace, o.limit, wait
	call.first, call.callback, call.detection = o.first, o.told, o.detection
	call.digits = o.digits
	call.mu.Unlock()
	call.start(func() {
		a.queue.wait(call.ctx, p, c.knobs.CPS)
		call.leaveQueue()
		if call.ctx.Err() == nil && call.ring() {
			call.serve()
		}
	})
	return call, nil
}

// leaveQueue notes how long the call has waited.
func (c *Call) leaveQueue() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waited = time.Since(c.created)
}

// serve plays the answered call's documents, with who answered found out
// before or beside them.
func (c *Call) serve() {
	ctx, stop := context.WithCancel(c.ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	if c.digits != "" {
		c.announce(ctx, handset.KeyTones(c.digits))
	}
	switch {
	case c.detection == nil:
	case c.detection.async:
		wg.Go(func() { c.detect(ctx) })
	default:
		c.detect(ctx)
	}
	if c.ctx.Err() == nil {
		c.run(c.first)
	}
}

// mayCall checks who is called from where.
func (c *Carrier) mayCall(a *account, from, to string) *restError {
	bad := func(code int, format string, args ...any) *restError {
		return failure(http.StatusBadRequest, code, fmt.Sprintf(format, args...))
	}
	phone := e164.MatchString(to)
	switch {
	case to == "":
		return bad(21201, "No 'To' number is specified")
	case from == "":
		return bad(21213, "No 'From' number is specified")
	case !phone && !strings.HasPrefix(to, "sip:") && !strings.HasPrefix(to, "client:"):
		return bad(21211, "The phone number you are attempting to call, %s, is not valid.", to)
	case !e164.MatchString(from):
		return bad(21212, "The source phone number provided, %s, is not valid.", from)
	case len(c.owned()) > 0 && !c.owns(a, from) && !slices.Contains(a.Verified, from):
		return bad(21210, "The source phone number provided, %s, is not yet verified for your account.", from)
	case phone && !c.regionAllowed(to):
		return bad(21215, "Account not authorized to call %s. Perhaps you need to enable some international permissions.", to)
	case a.Trial && !slices.Contains(a.Verified, to) && !c.owns(a, to):
		return bad(21219, "The number %s is unverified. Trial accounts may only make calls to verified numbers.", to)
	}
	return nil
}

// regionAllowed reports whether the account's permissions hold a number.
func (c *Carrier) regionAllowed(number string) bool {
	return len(c.knobs.Regions) == 0 || slices.ContainsFunc(c.knobs.Regions, func(r string) bool { return strings.HasPrefix(number, r) })
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
