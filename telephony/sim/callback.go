package sim

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/police"
)

// callback says who is told of a call's progress.
type callback struct {
	url, method string
	events      map[string]bool // initiated, ringing, answered, completed
}

// post is a callback on its way.
type post struct {
	method, url string
	params      url.Values
}

// parcel is a callback, and what happens to it on its way.
type parcel struct {
	post
	fault Fault // zero if nothing does
}

// eventOf is the StatusCallbackEvent that announces s.
func eventOf(s telephony.State) string {
	switch s {
	case telephony.Queued:
		return "initiated" // queued itself is announced to no one
	case telephony.Ringing:
		return "ringing"
	case telephony.InProgress:
		return "answered"
	}
	return "completed"
}

// tell queues the callback for s, if someone asked for it. The caller holds mu.
func (c *Call) tell(s telephony.State) {
	if c.callback.url == "" || !c.callback.events[eventOf(s)] {
		return
	}
	v := c.basics()
	if s == telephony.Queued {
		v.Set("CallStatus", "initiated") // a word that callbacks alone know
	}
	v.Set("Timestamp", c.stamp(c.updated))
	v.Set("CallbackSource", "call-progress-events")
	v.Set("SequenceNumber", strconv.Itoa(c.sequence))
	c.sequence++
	if s.Terminal() {
		maps.Copy(v, c.conclusion(s))
	}
	c.queue(post{c.callback.method, c.callback.url, v})
}

// conclusion is what a terminal callback adds.
func (c *Call) conclusion(s telephony.State) url.Values {
	seconds := int(c.length().Round(time.Second) / time.Second)
	v := url.Values{"CallDuration": {strconv.Itoa(seconds)}}
	if s == telephony.Completed {
		v.Set("Duration", strconv.Itoa((seconds+59)/60))
	}
	sip := c.sip
	if sip == 0 && s == telephony.Completed {
		sip = http.StatusOK
	}
	if sip != 0 {
		v.Set("SipResponseCode", strconv.Itoa(sip))
	}
	return v
}

// queue puts p behind the call's other callbacks. A gateway that has 64 of them
// unanswered loses further ones. What is to happen to p is settled here, in the
// order in which things came to pass.
func (c *Call) queue(p post) {
	fault, _ := c.trouble.strike(c.requestAt(p.url, p.params), CallbackLost, CallbackTwice, CallbackLate, CallbackSwap)
	select {
	case c.posts <- parcel{p, fault}:
	default:
	}
}

// deliver sends callbacks one after the other until there are no more.
func (c *Call) deliver() {
	var late sync.WaitGroup
	defer late.Wait()
	var swapped *parcel
	for p := range c.posts {
		if p.fault.What != "" {
			c.note("fault", string(p.fault.What))
		}
		switch p.fault.What {
		case CallbackLost:
			continue
		case CallbackLate:
			late.Go(func() {
				sleep(c.carrier.ctx, p.fault.For)
				c.send(p.post, uuid())
			})
			continue
		case CallbackSwap:
			if swapped == nil {
				swapped = &p
				continue
			}
		}
		token := uuid()
		c.send(p.post, token)
		if p.fault.What == CallbackTwice {
			c.send(p.post, token)
		}
		if swapped != nil {
			c.send(swapped.post, uuid())
			swapped = nil
		}
	}
	if swapped != nil {
		c.send(swapped.post, uuid())
	}
}

// send sends a callback. Its answer does not matter, but a refusal is noted.
func (c *Call) send(p post, token string) {
	if c.carrier.ctx.Err() != nil {
		return
	}
	method := cmp.Or(p.method, http.MethodPost)
	a, err := c.inquire(c.carrier.ctx, inquiry{method: method, address: p.url, params: p.params, token: token})
	c.note("callback", p.params.Get("CallStatus")+p.params.Get("StreamEvent"))
	c.checkAnswer(a, err)
}

// checkAnswer reports a webhook that failed.
func (c *asker) checkAnswer(a answer, err error) *webFault {
	fault, ok := err.(*webFault)
	if !ok && err == nil && a.status >= 400 {
		fault = &webFault{police.WebhookStatus, 11200, "webhook answered " + strconv.Itoa(a.status)}
	}
	if fault != nil && !a.planned {
		c.carrier.report(police.Violation{Kind: fault.kind, Code: fault.code, Call: c.sid, Detail: fault.text})
	}
	return fault
}
