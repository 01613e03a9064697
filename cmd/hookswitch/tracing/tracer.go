// Package tracing exports the traces of calls, over OpenTelemetry's protocol. A
// trace is made of a call's journal once the call is over, so that nothing waits
// for it while people talk, and a call that several processes had is one trace.
// Webhooks are exported as they are sent.
package tracing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"
	oteltrace "go.opentelemetry.io/otel/trace"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/trace"
	"github.com/hookswitch/hookswitch/telephony"
)

// Calls are the records that traces are made of. [dispatch.Calls] has them.
type Calls interface {
	Call(ctx context.Context, id telephony.CallID) (dispatch.Record, error)
	Journal(ctx context.Context, id telephony.CallID, after int) ([]agentcore.Entry, error)
}

// Counter is told what becomes of spans. It must not block.
type Counter interface {
	SpansExported(n int)
	SpansDropped(why string, n int) // "queue", "refused", "journal", "size"
}

// Config is what a [Tracer] needs.
type Config struct {
	Endpoint string            // base URL of a collector; "/v1/traces" is added unless it ends so. Empty: nobody traces
	Headers  map[string]string // of each request, such as a vendor's key
	Share    trace.Share       // of the calls. Zero: nobody traces
	Version  string            // of the build
	Node     string            // names this process
	Calls    Calls             // Required.
	Counter  Counter           // Required.
	Log      *slog.Logger      // nil discards
}

// Bounds of what waits.
const (
	mostWaiting = 1024            // calls and webhooks whose spans are not made yet
	mostSpans   = 4096            // made, and not sent: up to 1 KB each
	batch       = 512             // spans in a request
	batchWait   = time.Second     // for a request to fill
	readWait    = 5 * time.Second // for a call's journal
	flushWait   = 2 * time.Second // for all of it, when the gateway stops
)

// Tracer makes spans and sends them. The nil Tracer does nothing and costs
// nothing. Its methods may be called from any goroutine.
type Tracer struct {
	c      Config
	send   sender
	tracer oteltrace.Tracer
	due    chan due
	spans  chan sdk.ReadOnlySpan
}

// due is work for the tracer: a call that is over, or a webhook that was told of
// one.
type due struct {
	call telephony.CallID
	hook *part // nil: the call is over
}

// New returns a Tracer, or nil when c wants no traces. Nothing is sent before
// [Tracer.Run].
func New(c Config) (*Tracer, error) {
	switch {
	case c.Endpoint == "" || c.Share <= 0:
		return nil, nil //nolint:nilnil // nobody traces: that is no error, and the nil Tracer knows how
	case c.Calls == nil:
		return nil, errors.New("tracing: Config.Calls is required")
	case c.Counter == nil:
		return nil, errors.New("tracing: Config.Counter is required")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	where, err := url.Parse(c.Endpoint)
	if err != nil || where.Host == "" {
		return nil, fmt.Errorf("tracing: the endpoint is no address")
	}
	t := &Tracer{c: c, send: newSender(where, c), due: make(chan due, mostWaiting), spans: make(chan sdk.ReadOnlySpan, mostSpans)}
	provider := sdk.NewTracerProvider(
		sdk.WithIDGenerator(named{}),
		sdk.WithSampler(sdk.AlwaysSample()), // the share was asked before
		sdk.WithSpanProcessor(keeper{t}),
		sdk.WithResource(resource.NewWithAttributes(semconv.SchemaURL,
			semconv.ServiceNameKey.String("hookswitch"), semconv.ServiceVersionKey.String(c.Version), semconv.ServiceInstanceIDKey.String(c.Node))),
		sdk.WithRawSpanLimits(sdk.SpanLimits{
			AttributeValueLengthLimit: 256, AttributeCountLimit: 32, EventCountLimit: mostMoments, LinkCountLimit: 0,
			AttributePerEventCountLimit: 8, AttributePerLinkCountLimit: 0,
		}),
	)
	t.tracer = provider.Tracer("github.com/hookswitch/hookswitch/cmd/hookswitch/tracing", oteltrace.WithInstrumentationVersion(c.Version), oteltrace.WithSchemaURL(semconv.SchemaURL))
	return t, nil
}

// Committed is told every entry of every journal once it is committed. It does
// not block.
func (t *Tracer) Committed(call telephony.CallID, e agentcore.Entry) {
	if t == nil {
		return
	}
	if _, over := e.Event.(agentcore.Ended); over && t.c.Share.Takes(trace.Of(string(call))) {
		t.put(due{call: call})
	}
}

// put has d done later, or drops it: of a call that is not looked at, one span is
// counted.
func (t *Tracer) put(d due) {
	select {
	case t.due <- d:
	default:
		t.c.Counter.SpansDropped("queue", 1)
	}
}

// Run makes and sends spans until ctx ends, and then what waits, for at most 2 s.
// When it returns, every goroutine is gone. Call it once.
func (t *Tracer) Run(ctx context.Context) {
	work, kill := context.WithCancel(context.WithoutCancel(ctx))
	defer kill()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(flushWait, kill) })()
	var sending sync.WaitGroup
	sending.Go(func() { t.ship(work) })
	t.makeAll(ctx, work)
	close(t.spans)
	sending.Wait()
	t.send.close()
}

// makeAll makes the spans of what is due until ctx ends, and then of what waits.
func (t *Tracer) makeAll(ctx, work context.Context) {
	for {
		select {
		case d := <-t.due:
			t.make(work, d)
			continue
		case <-ctx.Done():
		}
		break
	}
	for {
		select {
		case d := <-t.due:
			t.make(work, d)
		default:
			return
		}
	}
}

// make makes the spans of d.
func (t *Tracer) make(ctx context.Context, d due) {
	id := trace.Of(string(d.call))
	if d.hook != nil {
		t.emit(id, *d.hook)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, readWait)
	defer cancel()
	r, err := t.c.Calls.Call(ctx, d.call)
	if err == nil {
		var entries []agentcore.Entry
		if entries, err = t.c.Calls.Journal(ctx, d.call, 0); err == nil {
			all, lost := fold(r, entries)
			for _, p := range all {
				t.emit(id, p)
			}
			if lost > 0 {
				t.c.Counter.SpansDropped("size", lost)
			}
			return
		}
	}
	t.c.Counter.SpansDropped("journal", 1)
	t.c.Log.Warn("a call has no trace: its journal can't be read", "call", d.call, "error", err)
}

// emit makes a span of p.
func (t *Tracer) emit(id trace.ID, p part) {
	ctx := context.WithValue(context.Background(), names{}, ids{oteltrace.TraceID(id), oteltrace.SpanID(id.Span(p.is))})
	if p.in != "" {
		ctx = oteltrace.ContextWithSpanContext(ctx, oteltrace.NewSpanContext(oteltrace.SpanContextConfig{
			TraceID: oteltrace.TraceID(id), SpanID: oteltrace.SpanID(id.Span(p.in)), TraceFlags: oteltrace.FlagsSampled,
		}))
	}
	_, span := t.tracer.Start(ctx, p.name, oteltrace.WithTimestamp(p.from), oteltrace.WithSpanKind(p.kind), oteltrace.WithAttributes(p.attrs...))
	for _, m := range p.moments {
		span.AddEvent(m.name, oteltrace.WithTimestamp(m.at), oteltrace.WithAttributes(m.attrs...))
	}
	if p.failed != "" {
		fails(span, p.failed)
	}
	span.End(oteltrace.WithTimestamp(p.to))
}

// ids are what a span is called, and its trace; names is where a context has them.
type (
	names struct{}
	ids   struct {
		trace oteltrace.TraceID
		span  oteltrace.SpanID
	}
)

// named is an [sdk.IDGenerator] of names that were known before.
type named struct{}

func (named) NewIDs(ctx context.Context) (oteltrace.TraceID, oteltrace.SpanID) {
	is, _ := ctx.Value(names{}).(ids)
	return is.trace, is.span
}

func (named) NewSpanID(ctx context.Context, _ oteltrace.TraceID) oteltrace.SpanID {
	is, _ := ctx.Value(names{}).(ids)
	return is.span
}

// keeper is an [sdk.SpanProcessor] that keeps spans until they are sent. It has
// nothing to flush: the Tracer does.
type keeper struct{ t *Tracer }

func (keeper) OnStart(context.Context, sdk.ReadWriteSpan) {}
func (keeper) Shutdown(context.Context) error             { return nil }
func (keeper) ForceFlush(context.Context) error           { return nil }

func (k keeper) OnEnd(s sdk.ReadOnlySpan) {
	select {
	case k.t.spans <- s:
	default:
		k.t.c.Counter.SpansDropped("queue", 1)
	}
}
