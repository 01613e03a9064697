package tracing_test

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/tracing"
	"github.com/hookswitch/hookswitch/telephony"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// collectors take traces as OpenTelemetry's does.
type collectors struct {
	*httptest.Server
	answer func(n int, w http.ResponseWriter, r *http.Request) // nil: 200; n counts from 1

	mu     sync.Mutex
	asked  int
	header http.Header
	path   string
	spans  []*otlp.Span
	seen   chan struct{} // has one for each request
}

func collects(t *testing.T, answer func(n int, w http.ResponseWriter, r *http.Request)) *collectors {
	t.Helper()
	c := &collectors{answer: answer, seen: make(chan struct{}, 1000)}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		spans, err := decode(r)
		if err != nil {
			t.Errorf("a request can't be read: %v", err)
		}
		c.mu.Lock()
		c.asked++
		n := c.asked
		c.header, c.path = r.Header.Clone(), r.URL.Path
		c.mu.Unlock()
		c.seen <- struct{}{}
		if c.answer != nil {
			if c.answer(n, w, r); w.Header().Get("X-Took") == "" {
				return
			}
		}
		c.mu.Lock()
		c.spans = append(c.spans, spans...)
		c.mu.Unlock()
	}))
	t.Cleanup(func() {
		c.CloseClientConnections()
		c.Close()
	})
	return c
}

// took is an answer that takes the spans.
func took(w http.ResponseWriter) { w.Header().Set("X-Took", "yes") }

func decode(r *http.Request) (all []*otlp.Span, err error) {
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		if body, err = gzip.NewReader(r.Body); err != nil {
			return nil, err
		}
	}
	b, err := io.ReadAll(body)
	var req collector.ExportTraceServiceRequest
	if err = errors.Join(err, proto.Unmarshal(b, &req)); err != nil {
		return nil, err
	}
	for _, rs := range req.ResourceSpans {
		for _, ss := range rs.ScopeSpans {
			all = append(all, ss.Spans...)
		}
	}
	return all, nil
}

func (c *collectors) all() []*otlp.Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]*otlp.Span(nil), c.spans...)
}

// archive has calls that are over, each with a turn.
type archive struct{ err error }

func (a archive) Call(_ context.Context, id telephony.CallID) (dispatch.Record, error) {
	return dispatch.Record{ID: id, Created: time.Now().Add(-time.Minute), Ended: time.Now()}, a.err
}

func (a archive) Journal(context.Context, telephony.CallID, int) ([]agentcore.Entry, error) {
	now := time.Now()
	return []agentcore.Entry{
		{N: 1, Wall: now, Event: agentcore.Opened{Epoch: 1}},
		{N: 2, Wall: now, At: time.Second, Event: agentcore.CallerSaid{Turn: 1, StartMS: 500, EndMS: 1000}},
		{N: 3, Wall: now, At: 2 * time.Second, Event: agentcore.Ended{Reason: telephony.CallerHangup}},
	}, a.err
}

// perCall is how many spans a call of the archive has.
const perCall = 3

// counts is a Counter.
type counts struct {
	mu       sync.Mutex
	exported int
	dropped  map[string]int
}

func (c *counts) SpansExported(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.exported += n
}

func (c *counts) SpansDropped(why string, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dropped == nil {
		c.dropped = map[string]int{}
	}
	c.dropped[why] += n
}

func (c *counts) look() (exported int, dropped map[string]int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := map[string]int{}
	for why, n := range c.dropped {
		all[why] = n
	}
	return c.exported, all
}

// running is a tracer at work.
type running struct {
	*tracing.Tracer
	counts
	stop func() // waits until it has stopped
}

func run(t *testing.T, c tracing.Config) *running {
	t.Helper()
	r := &running{}
	c.Counter = &r.counts
	if c.Calls == nil {
		c.Calls = archive{}
	}
	if c.Share == 0 {
		c.Share = 1
	}
	var err error
	if r.Tracer, err = tracing.New(c); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.Run(ctx)
	}()
	r.stop = func() {
		cancel()
		<-done
	}
	t.Cleanup(r.stop)
	return r
}

func (r *running) ends(call telephony.CallID) {
	r.Committed(call, agentcore.Entry{Event: agentcore.Ended{Reason: telephony.CallerHangup}})
}
