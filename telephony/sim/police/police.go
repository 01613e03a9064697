// Package police keeps the list of what a gateway did against the carrier's
// protocol. A demo or a test whose list is not empty fails.
package police

import (
	"fmt"
	"sync"
	"time"
)

// Kind names one way to break the protocol.
type Kind string

const (
	ExtraField      Kind = "extra-field"      // a stream message has a field that the carrier does not know
	MissingField    Kind = "missing-field"    // a stream message lacks a field, or a field is empty
	WrongStream     Kind = "wrong-stream"     // a stream message names another stream
	Binary          Kind = "binary"           // a binary websocket message
	NotJSON         Kind = "not-json"         // a text message that is no JSON object
	UnknownEvent    Kind = "unknown-event"    // an event that no one knows
	BadPayload      Kind = "bad-payload"      // audio that is no base64, or none at all
	OneWay          Kind = "one-way"          // a message to a stream that only listens
	BeforeStart     Kind = "before-start"     // a message before the start message was sent
	Oversized       Kind = "oversized"        // a message longer than the carrier takes
	Overflow        Kind = "overflow"         // more audio than the playout buffer holds
	Ragged          Kind = "ragged"           // warning: less than 20 ms of audio in a message
	SlowReader      Kind = "slow-reader"      // warning: the gateway does not read its stream
	Handshake       Kind = "handshake"        // the websocket was refused
	StreamURL       Kind = "stream-url"       // the stream's address is unusable, or has a query
	Parameter       Kind = "parameter"        // a stream parameter is unusable
	TwiML           Kind = "twiml"            // a document that is no TwiML
	UnknownVerb     Kind = "unknown-verb"     // a verb, noun or attribute that no one knows
	Attribute       Kind = "attribute"        // an attribute's value is out of bounds, or nothing that it could be
	Dial            Kind = "dial"             // nobody can be called so: a bad number, or a caller id that is not the account's
	AfterConnect    Kind = "after-connect"    // verbs after Connect: dead air, or a hang-up after every crash
	NoAction        Kind = "no-action"        // warning: a Connect without action
	ContentType     Kind = "content-type"     // a document of the wrong type, or of none
	TooLong         Kind = "too-long"         // a document of more than 64 kB
	Overrides       Kind = "overrides"        // a connection override that is unknown or out of range
	TooManyHops     Kind = "too-many-hops"    // more than ten redirects
	WebhookStatus   Kind = "webhook-status"   // an answer of 4xx or 5xx
	WebhookTimeout  Kind = "webhook-timeout"  // no answer within 15 s
	Unreachable     Kind = "unreachable"      // warning: a webhook could not be connected
	Unauthenticated Kind = "unauthenticated"  // a REST request without the right credentials
	BadRequest      Kind = "bad-request"      // a REST request that was refused
	UnknownCallback Kind = "unknown-callback" // a StatusCallbackEvent that no one knows
	Unsupported     Kind = "unsupported"      // warning: real, but not simulated
)

// warnings are kinds that a carrier puts up with and a user may hear.
var warnings = map[Kind]bool{Ragged: true, SlowReader: true, NoAction: true, Unreachable: true, Unsupported: true}

// Warning reports whether a violation of kind k is only a warning.
func (k Kind) Warning() bool { return warnings[k] }

// Violation is one offence. Detail never holds audio, a number or a token.
type Violation struct {
	Kind   Kind
	Code   int    // the carrier's own error code; 0 if it has none
	Call   string // its CallSid; empty if no call is concerned
	Detail string
	At     time.Time
}

// String implements [fmt.Stringer].
func (v Violation) String() string {
	if v.Code == 0 {
		return fmt.Sprintf("%s: %s", v.Kind, v.Detail)
	}
	return fmt.Sprintf("%s (%d): %s", v.Kind, v.Code, v.Detail)
}

// Limit is how many violations are kept; further ones are only counted.
const Limit = 1000

// Police collects violations. The zero Police is ready.
type Police struct {
	mu    sync.Mutex
	list  []Violation
	count map[Kind]int
}

// Report notes v; a zero At means now. It tells whether v is the first of its
// kind in its call, the only one that a carrier would warn of.
func (p *Police) Report(v Violation) (first bool) {
	if v.At.IsZero() {
		v.At = time.Now()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.count == nil {
		p.count = map[Kind]int{}
	}
	first = true
	for _, old := range p.list {
		if old.Kind == v.Kind && old.Call == v.Call {
			first = false
			break
		}
	}
	p.count[v.Kind]++
	if len(p.list) < Limit {
		p.list = append(p.list, v)
	}
	return first
}

// Violations returns what was reported, warnings left out, in order.
func (p *Police) Violations() []Violation { return p.pick(false) }

// Warnings returns the warnings that were reported, in order.
func (p *Police) Warnings() []Violation { return p.pick(true) }

func (p *Police) pick(warning bool) (out []Violation) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, v := range p.list {
		if v.Kind.Warning() == warning {
			out = append(out, v)
		}
	}
	return out
}

// Count is how many violations of kind k were reported, kept or not.
func (p *Police) Count(k Kind) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count[k]
}
