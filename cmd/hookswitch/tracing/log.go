package tracing

import (
	"context"
	"log/slog"

	"github.com/hookswitch/hookswitch/agentcore/trace"
	"github.com/hookswitch/hookswitch/telephony"
)

// Keys of log lines.
const (
	logCall  = "call"
	logTrace = "trace_id"
)

// Log is a handler that adds the trace_id of its call to every line that has one,
// for next to write. It does so whether traces are exported or not: the examples
// of metrics, and what is sent to webhooks and tools, name the same.
func Log(next slog.Handler) slog.Handler { return logs{next: next} }

type logs struct {
	next    slog.Handler
	known   bool // the trace is among the attributes already
	grouped bool // attributes are in a group: those of the line itself can't be seen any more
}

func (l logs) Enabled(ctx context.Context, level slog.Level) bool { return l.next.Enabled(ctx, level) }

func (l logs) Handle(ctx context.Context, r slog.Record) error {
	if l.known || l.grouped {
		return l.next.Handle(ctx, r)
	}
	id := ""
	r.Attrs(func(a slog.Attr) bool {
		id = traceOf(a)
		return id == ""
	})
	if id != "" {
		r = r.Clone()
		r.AddAttrs(slog.String(logTrace, id))
	}
	return l.next.Handle(ctx, r)
}

func (l logs) WithAttrs(attrs []slog.Attr) slog.Handler {
	if !l.known && !l.grouped {
		for _, a := range attrs {
			if id := traceOf(a); id != "" {
				attrs = append(attrs[:len(attrs):len(attrs)], slog.String(logTrace, id))
				l.known = true
				break
			}
		}
	}
	l.next = l.next.WithAttrs(attrs)
	return l
}

func (l logs) WithGroup(name string) slog.Handler {
	if name != "" {
		l.grouped = true
	}
	l.next = l.next.WithGroup(name)
	return l
}

// traceOf is the trace that an attribute tells of; empty if it is none that does.
func traceOf(a slog.Attr) string {
	if a.Key != logCall {
		return ""
	}
	id := ""
	switch v := a.Value.Any().(type) {
	case telephony.CallID:
		id = string(v)
	case string:
		id = v
	}
	if id == "" {
		return ""
	}
	return trace.Of(id).String()
}
