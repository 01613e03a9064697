package tracing

import (
	"time"

	"go.opentelemetry.io/otel/attribute"
	oteltrace "go.opentelemetry.io/otel/trace"
)

// part is a span before anybody exports it. No attribute holds what was said, a
// number or a tool's arguments.
type part struct {
	is, in   string // what it is of, such as "turn/3", and what it is a part of; the call itself is in nothing
	name     string
	kind     oteltrace.SpanKind
	from, to time.Time
	attrs    []attribute.KeyValue
	moments  []moment
	failed   string // why, in a word of ours; empty: it did not fail
}

// moment is an event in a span.
type moment struct {
	name  string
	at    time.Time
	attrs []attribute.KeyValue
}

// cover widens p until it covers a time. The zero time changes nothing.
func (p *part) cover(at time.Time) {
	if at.IsZero() {
		return
	}
	if p.from.IsZero() || at.Before(p.from) {
		p.from = at
	}
	if at.After(p.to) {
		p.to = at
	}
}

// set adds an attribute, in the place of any of that name.
func (p *part) set(kv attribute.KeyValue) {
	for i := range p.attrs {
		if p.attrs[i].Key == kv.Key {
			p.attrs[i] = kv
			return
		}
	}
	p.attrs = append(p.attrs, kv)
}
