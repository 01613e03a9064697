package tracing

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"

	oteltrace "go.opentelemetry.io/otel/trace"

	"github.com/hookswitch/hookswitch/agentcore/trace"
	"github.com/hookswitch/hookswitch/agentcore/webhook"
)

// methods are those that are shown as they are.
var methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodHead, http.MethodOptions}

// Sent is told every attempt to deliver a webhook. It does not block.
func (t *Tracer) Sent(d webhook.Delivery, attempt int, x webhook.Exchange) {
	if t == nil || d.Call == "" || !t.c.Share.Takes(trace.Of(string(d.Call))) {
		return
	}
	t.put(due{call: d.Call, hook: hooked(d, attempt, x)})
}

// hooked is the span of an attempt. Of the address, which may hold a caller's
// number, it shows the host.
func hooked(d webhook.Delivery, attempt int, x webhook.Exchange) *part {
	p := &part{
		is: trace.Webhook(d.ID, attempt), in: trace.Call, name: nameWebhook + " " + word(d.Kind), kind: oteltrace.SpanKindClient,
		from: x.Started, to: x.Started.Add(max(x.Took, 0)),
	}
	p.set(keyCall.String(string(d.Call)))
	p.set(keyKind.String(word(d.Kind)))
	p.set(keyDelivery.String(d.ID))
	method := cmp.Or(x.Method, http.MethodPost)
	if !slices.Contains(methods, method) {
		method = "_OTHER"
	}
	p.set(keyMethod.String(method))
	if at := webhook.Host(x.URL); at != "" {
		p.set(keyServer.String(host(at)))
	}
	if attempt > 1 {
		p.set(keyResend.Int(attempt - 1))
	}
	switch {
	case x.Status == 0:
		p.failed = "no_answer"
	case x.Status < 200 || x.Status > 299:
		p.set(keyStatus.Int(x.Status))
		p.failed = strconv.Itoa(x.Status)
	default:
		p.set(keyStatus.Int(x.Status))
	}
	return p
}
