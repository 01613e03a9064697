package sim

import "time"

// Event is something that happened to a call, for those who look for a cause.
type Event struct {
	At     time.Time
	Since  time.Duration // since answer; 0 before
	What   string        // "webhook", "stream", "start", "clear", "mark", "echo", "digit", "stop", "drop", "action", "callback", "end", …
	Detail string        // never audio, a number or a token
}

const (
	maxEvents = 10_000 // kept of one call
	maxDetail = 80     // bytes
)

// note keeps an event.
func (c *Call) note(what, detail string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.events) >= maxEvents {
		return
	}
	if len(detail) > maxDetail {
		detail = detail[:maxDetail] // a mark's name is the gateway's, and may be long
	}
	e := Event{At: time.Now(), What: what, Detail: detail}
	if !c.answered.IsZero() {
		e.Since = e.At.Sub(c.answered)
	}
	c.events = append(c.events, e)
}

// Events returns what has happened to the call so far, in order.
func (c *Call) Events() []Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Event(nil), c.events...)
}
