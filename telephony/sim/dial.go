package sim

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/police"
)

// ring lets the far end's phone ring, and reports whether it was picked up;
// else the call is over.
func (c *Call) ring() bool {
	sleep(c.ctx, c.carrier.knobs.RingDelay)
	if c.ctx.Err() != nil {
		return false
	}
	c.set(telephony.Queued, 0) // initiated
	phone, ok := c.carrier.phone(c.to)
	if !ok || phone.Answer.Kind == handset.Unreachable {
		c.finish(telephony.StateFail, 404, errOver)
		return false
	}
	c.set(telephony.Ringing, 0)
	if phone.Answer.Kind == handset.NoAnswer || phone.Answer.After > c.timeout {
		if sleep(c.ctx, c.timeout); c.ctx.Err() == nil {
			c.finish(telephony.StateNone, 487, errOver)
		}
		return false
	}
	sleep(c.ctx, phone.Answer.After)
	switch {
	case c.ctx.Err() != nil:
		return false
	case phone.Answer.Kind == handset.Busy:
		c.finish(telephony.StateBusy, 486, errOver)
		return false
	case phone.Answer.Kind == handset.Rejects:
		c.finish(telephony.StateBusy, 603, errOver)
		return false
	}
	if phone.Make != nil {
		c.mu.Lock()
		c.phone = phone.Make()
		c.mu.Unlock()
	}
	c.answer()
	return c.legNow() != nil
}

// dial plays a Dial: it rings one more phone and joins it to the call.
func (c *Call) dial(ctx context.Context, d document, v element) step {
	number := element{text: v.text}
	for i, n := range v.in {
		if n.name != "Number" || i > 0 {
			c.offend(police.Unsupported, 0, "<Dial> is played with its first <Number> alone")
			continue
		}
		number = n
	}
	c.unplayed(v, "record", "hangupOnStar", "referUrl", "ringTone")
	c.unplayed(number, "url", "sendDigits")
	from := v.attr["callerId"]
	if from == "" {
		from = c.from
	}
	child, err := c.carrier.newCall(callSpec{from: from, to: number.text, direction: outboundDial, parent: c.sid})
	if err != nil {
		return step{stop: true}
	}
	child.timeout = v.seconds("timeout", 30)
	child.limit = v.seconds("timeLimit", 14400)
	if u := number.attr["statusCallback"]; u != "" {
		child.callback = callback{d.resolve(u), number.attr["statusCallbackMethod"], eventSet(strings.Fields(number.attr["statusCallbackEvent"]))}
	}
	stop := context.AfterFunc(ctx, func() { child.end(errCompleted) })
	defer stop()
	child.start(func() {
		if child.ring() {
			child.join(c)
		}
	})
	<-child.done
	return c.action(ctx, d, v, child.dialResult())
}

// unplayed warns of attributes that are real, but that this carrier ignores.
func (c *Call) unplayed(e element, names ...string) {
	for _, name := range names {
		if e.attr[name] != "" {
			c.offend(police.Unsupported, 0, "<"+e.name+"> is played without its "+name)
		}
	}
}

// join bridges the call with parent until it ends.
func (c *Call) join(parent *Call) {
	b := &bridge{}
	mine, theirs := side{b, 1}, side{b, 0}
	c.legNow().connect(mine)
	other := parent.legNow()
	other.connect(theirs)
	parent.note("bridge", c.sid)
	<-c.ctx.Done()
	other.release(theirs)
}

// dialResult is what a Dial's action is told.
func (c *Call) dialResult() url.Values {
	c.mu.Lock()
	defer c.mu.Unlock()
	v := url.Values{"DialCallSid": {c.sid}, "DialCallStatus": {string(c.status)}, "DialBridged": {strconv.FormatBool(!c.answered.IsZero())}}
	if !c.answered.IsZero() {
		v.Set("DialCallDuration", strconv.Itoa(int(c.length().Round(time.Second)/time.Second)))
	}
	return v
}

// eventSet makes a set of StatusCallbackEvents; none asks for completed.
func eventSet(names []string) map[string]bool {
	set := map[string]bool{}
	for _, n := range names {
		set[n] = true
	}
	if len(set) == 0 {
		set["completed"] = true
	}
	return set
}
