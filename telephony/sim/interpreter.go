package sim

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/police"
)

// request is where the next document comes from: an address, or the text itself.
type request struct {
	url, method string
	fallback    string
	// fallbackMethod is how fallback is asked; empty means POST.
	fallbackMethod string
	twiml          string     // when not empty, the document
	extra          url.Values // parameters of the verb that asks
}

// step is what comes after a verb.
type step struct {
	next *request // go on there
	stop bool     // the call ends
}

// run plays documents until the call is over.
func (c *Call) run(req request) { c.perform(req, topVerbs) }

// perform plays documents, made of the verbs in may, until none comes next.
// through is false when one of them failed or hung up, or when the call is over.
func (c *Call) perform(req request, may []string) (through bool) {
	for idle := 0; ; {
		ctx, cancel := c.newDocument()
		s, acted := c.play(ctx, req, may)
		cancel(nil)
		if c.ctx.Err() != nil {
			return false
		}
		if moved := c.takeMove(); moved != nil {
			s, acted = step{next: moved}, true
		}
		if s.next == nil {
			return !s.stop
		}
		if idle++; acted {
			idle = 0
		}
		if idle > maxHops {
			c.offend(police.TooManyHops, 11215, "documents redirect in a circle")
			return false
		}
		req = *s.next
	}
}

// newDocument is the context of one document; a redirect by REST ends it.
func (c *Call) newDocument() (context.Context, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(c.ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.move = cancel
	if c.moved != nil {
		cancel(errMoved)
	}
	return ctx, cancel
}

// redirect makes the call go on at r, whatever it is doing.
func (c *Call) redirect(r request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.moved = &r
	if c.move != nil {
		c.move(errMoved)
	}
}

func (c *Call) takeMove() *request {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.moved
	c.moved = nil
	return r
}

// play fetches one document and plays it. acted is whether it did anything but
// redirect.
func (c *Call) play(ctx context.Context, req request, may []string) (s step, acted bool) {
	d, ok := c.fetch(ctx, req)
	if !ok {
		return step{stop: true}, false
	}
	c.inspect(d.verbs, may)
	for i, v := range d.verbs {
		if !slices.Contains(may, v.name) {
			continue
		}
		if v.name == "Reject" && i == 0 && c.legNow() == nil {
			c.reject(v)
			return step{stop: true}, true
		}
		if !v.waitsUnanswered() {
			c.answer()
		}
		s := c.verb(ctx, d, v)
		if s.stop || s.next != nil || ctx.Err() != nil {
			return s, v.name != "Redirect" || i > 0
		}
	}
	c.answer() // a document that does nothing still picks up
	return step{}, true
}

// waitsUnanswered reports whether a call that rings goes on ringing while v is
// played.
func (v element) waitsUnanswered() bool {
	return v.name == "Redirect" || v.name == "Pause" || v.name == "Dial" && v.attr["answerOnBridge"] == "true"
}

// fetch gets a document, from the fallback address if need be.
func (c *Call) fetch(ctx context.Context, req request) (document, bool) {
	if req.twiml != "" {
		d, fault := c.read(answer{body: []byte(req.twiml), ctype: "text/xml"})
		if fault != nil {
			c.offend(fault.kind, fault.code, fault.text)
		}
		return d, fault == nil
	}
	d, fault := c.fetchOne(ctx, req)
	if fault == nil || ctx.Err() != nil {
		return d, fault == nil
	}
	if req.fallback == "" { // an action that fails, too: documented
		req.fallback, req.fallbackMethod = c.first.fallback, c.first.fallbackMethod
	}
	if req.fallback != "" {
		failed, _, _ := strings.Cut(req.url, "#")
		extra := url.Values{"ErrorCode": {strconv.Itoa(fault.code)}, "ErrorUrl": {failed}}
		d, fault = c.fetchOne(ctx, request{url: req.fallback, method: req.fallbackMethod, extra: extra})
	}
	return d, fault == nil
}

func (c *Call) fetchOne(ctx context.Context, req request) (document, *webFault) {
	a, err := c.webhook(ctx, req)
	if fault := c.checkAnswer(a, err); fault != nil || err != nil {
		if fault == nil {
			fault = &webFault{police.Unreachable, 11205, err.Error()}
		}
		return document{}, fault
	}
	d, fault := c.read(a)
	if fault != nil {
		c.offend(fault.kind, fault.code, fault.text)
	}
	return d, fault
}

// webhook asks for TwiML.
func (c *Call) webhook(ctx context.Context, req request) (answer, error) {
	params := c.parameters()
	for name, values := range req.extra {
		params[name] = values
	}
	method := req.method
	if method == "" {
		method = http.MethodPost
	}
	c.note("webhook", params.Get("CallStatus"))
	a, err := c.inquire(ctx, inquiry{method: method, address: req.url, params: params, token: uuid(), twiml: true})
	c.note("document", strconv.Itoa(a.status))
	return a, err
}

// verb plays one verb.
func (c *Call) verb(ctx context.Context, d document, v element) step {
	c.note("verb", v.name)
	switch v.name {
	case "Connect":
		return c.connect(ctx, d, v)
	case "Dial":
		return c.dial(ctx, d, v)
	case "Start":
		c.startForks(d, v)
	case "Stop":
		c.stopForks(v)
	case "Gather":
		return c.gather(ctx, d, v)
	case "Record":
		return c.recordVoice(ctx, d, v)
	case "Refer":
		c.offend(police.Unsupported, 0, "<Refer> is refused: there is no SIP here")
	case "Hangup", "Reject":
		return step{stop: true}
	case "Pause":
		sleep(ctx, v.seconds("length", 1))
	case "Say":
		c.say(ctx, v)
	case "Play":
		c.playSound(ctx, d, v)
	case "Redirect":
		return step{next: &request{url: d.resolve(v.text), method: v.attr["method"]}}
	}
	return step{}
}

// reject ends a call that nobody has answered.
func (c *Call) reject(v element) {
	if v.attr["reason"] == "busy" {
		c.finish(telephony.StateBusy, 486, errOver)
		return
	}
	c.finish(telephony.StateNone, 603, errOver)
}

// action is what follows a verb that has an action attribute. A call that is
// over asks too, and does not listen to the answer.
func (c *Call) action(ctx context.Context, d document, v element, extra url.Values) step {
	if v.attr["action"] == "" {
		return step{}
	}
	req := request{url: d.resolve(v.attr["action"]), method: v.attr["method"], extra: extra}
	if c.ctx.Err() == nil && ctx.Err() == nil {
		sleep(ctx, c.carrier.knobs.ActionDelay)
	}
	switch {
	case c.ctx.Err() != nil:
		if c.carrier.knobs.NoActionAfterHangup || c.carrier.ctx.Err() != nil {
			return step{stop: true}
		}
		sleep(c.carrier.ctx, c.carrier.knobs.ActionDelay)
		c.note("action", string(telephony.Completed))
		a, err := c.webhook(c.carrier.ctx, req)
		c.checkAnswer(a, err)
		return step{stop: true}
	case ctx.Err() != nil:
		return step{} // redirected: no action
	}
	c.note("action", string(telephony.InProgress))
	return step{next: &req}
}

// sleep waits for d or the end of ctx.
func sleep(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
