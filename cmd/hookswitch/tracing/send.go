package tracing

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	oteltrace "go.opentelemetry.io/otel/trace"
)

// How long a request may take, and for how long one is tried again that the
// collector had no time for, or did not get.
const (
	requestWait  = 10 * time.Second
	tryAgainFor  = 30 * time.Second
	firstWait    = time.Second
	longestWait  = 10 * time.Second
	tracesPath   = "/v1/traces"
	connectWait  = 5 * time.Second
	mostLogBytes = 200
)

// exporter sends spans. An [otlptracehttp] one does.
type exporter interface {
	ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error
}

// sender sends spans to the collector.
type sender struct {
	to  exporter
	web *http.Transport
}

// newSender returns a sender to the collector at where. A redirect is not
// followed: what is sent may bear a key.
func newSender(where *url.URL, c Config) sender {
	web := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: connectWait}).DialContext,
		TLSHandshakeTimeout: connectWait,
		MaxIdleConnsPerHost: 1,
		IdleConnTimeout:     90 * time.Second,
		ForceAttemptHTTP2:   true,
	}
	u := *where
	if u.Path = strings.TrimRight(u.Path, "/"); !strings.HasSuffix(u.Path, tracesPath) {
		u.Path += tracesPath
	}
	to := otlptracehttp.NewUnstarted(
		otlptracehttp.WithEndpointURL(u.String()),
		otlptracehttp.WithHeaders(c.Headers),
		otlptracehttp.WithCompression(otlptracehttp.GzipCompression),
		otlptracehttp.WithHTTPClient(&http.Client{
			Transport: web, Timeout: requestWait,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}),
		otlptracehttp.WithRetry(otlptracehttp.RetryConfig{Enabled: true, InitialInterval: firstWait, MaxInterval: longestWait, MaxElapsedTime: tryAgainFor}),
	)
	return sender{to: to, web: web}
}

// close lets go of connections.
func (s sender) close() { s.web.CloseIdleConnections() }

// ship sends spans until none come any more. When ctx ends, what is not sent is
// dropped.
func (t *Tracer) ship(ctx context.Context) {
	full := time.NewTimer(batchWait)
	defer full.Stop()
	spans := make([]sdk.ReadOnlySpan, 0, batch)
	down := false
	for first := range t.spans {
		spans = append(spans[:0], first)
		full.Reset(batchWait)
		spans = t.gather(spans, full.C)
		err := t.deliver(ctx, spans)
		switch {
		case err == nil:
			t.c.Counter.SpansExported(len(spans))
		default:
			t.c.Counter.SpansDropped("refused", len(spans))
		}
		t.tell(err, &down)
		clear(spans)
	}
}

// gather adds spans until there are enough, or it took too long.
func (t *Tracer) gather(spans []sdk.ReadOnlySpan, late <-chan time.Time) []sdk.ReadOnlySpan {
	for len(spans) < batch {
		select {
		case s, more := <-t.spans:
			if !more {
				return spans
			}
			spans = append(spans, s)
		case <-late:
			return spans
		}
	}
	return spans
}

// deliver sends spans. The exporter tries again what the collector asks to have
// tried again; a collector that is being restarted can't ask.
func (t *Tracer) deliver(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	began := time.Now()
	for wait := firstWait; ; wait = min(2*wait, longestWait) {
		err := t.send.to.ExportSpans(ctx, spans)
		var dial *net.OpError
		if err == nil || ctx.Err() != nil || !errors.As(err, &dial) || dial.Op != "dial" || time.Since(began)+wait > tryAgainFor {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(wait):
		}
	}
}

// tell logs that spans do not arrive, once until they do.
func (t *Tracer) tell(err error, down *bool) {
	switch {
	case err != nil && !*down:
		text := withoutKeys(err.Error(), t.c.Headers)
		t.c.Log.Warn("traces are dropped: the collector does not take them", "error", strings.ToValidUTF8(text[:min(len(text), mostLogBytes)], ""))
	case err == nil && *down:
		t.c.Log.Info("the collector takes traces again")
	}
	*down = err != nil
}

// leastKey is the length of the shortest word that may be a key.
const leastKey = 6

// withoutKeys is text without the words of headers' values: a collector that does
// not take a key may repeat it.
func withoutKeys(text string, headers map[string]string) string {
	var keys []string
	for _, value := range headers {
		for _, word := range strings.Fields(value) {
			if len(word) >= leastKey {
				keys = append(keys, word)
			}
		}
	}
	slices.SortFunc(keys, func(a, b string) int { return len(b) - len(a) }) // one may be a part of another
	for _, key := range keys {
		text = strings.ReplaceAll(text, key, "…")
	}
	return text
}

// fails marks a span as failed.
func fails(span oteltrace.Span, why string) {
	span.SetStatus(codes.Error, "")
	span.SetAttributes(keyError.String(why))
}
