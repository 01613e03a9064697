package sim

import (
	"maps"
	"net/http"
	"net/url"
	"strconv"
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
	v.Set("Timestamp", stamp(c.updated))
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
// unanswered loses further ones.
func (c *Call) queue(p post) {
	select {
	case c.posts <- p:
	default:
	}
}

// deliver sends callbacks one after the other until there are no more. Their
// answers do not matter, but refusals are noted.
func (c *Call) deliver() {
	for p := range c.posts {
		if c.carrier.ctx.Err() != nil {
			continue
		}
		method := p.method
		if method == "" {
			method = http.MethodPost
		}
		a, err := c.ask(c.carrier.ctx, method, p.url, p.params)
		c.note("callback", p.params.Get("CallStatus")+p.params.Get("StreamEvent"))
		c.checkAnswer(a, err)
	}
}

// checkAnswer reports a webhook that failed.
func (c *Call) checkAnswer(a answer, err error) *webFault {
	fault, ok := err.(*webFault)
	if !ok && err == nil && a.status >= 400 {
		fault = &webFault{police.WebhookStatus, 11200, "webhook answered " + strconv.Itoa(a.status)}
	}
	if fault != nil {
		c.carrier.report(police.Violation{Kind: fault.kind, Code: fault.code, Call: c.sid, Detail: fault.text})
	}
	return fault
}
