package bench

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
)

// Rate and time of [BenchmarkInboundWebhook].
const (
	ringsPerSecond = 50
	ringFor        = 20 * time.Second
	callLasts      = 2 * time.Second
)

// BenchmarkInboundWebhook rings 50 numbers a second, each of an agent of the
// API, and reports how late the gateway's answers to POST /twilio/voice came:
// counted from when the request was due, so that a slow answer is never hidden
// by the next one's waiting. Two seconds later each call is over, and its
// agent's post_call webhook is sent. The gateway is a process of its own, its
// database a file. No call's stream is opened.
func BenchmarkInboundWebhook(b *testing.B) {
	var told atomic.Int64
	hook := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { told.Add(1) }))
	defer hook.Close()
	dir := b.TempDir()
	f := found(b, dir, hook.URL, 1000, 5)
	g := serve(b, dir)
	defer g.stop(b)
	g.ready(b)
	c := newCarrier(server.SimAccount, server.SimToken, g.address)
	defer c.close()

	var h histogram
	rings := 0
	before := g.cpu(b)
	began := time.Now()
	for b.Loop() {
		h, rings = histogram{}, 0
		var calls sync.WaitGroup
		for due := time.Now(); rings < int(ringFor/time.Second)*ringsPerSecond; due = due.Add(time.Second / ringsPerSecond) {
			time.Sleep(time.Until(due))
			id, to := idsOf(server.SimAccount, int(due.UnixNano())), f.numbers[rings*37%len(f.numbers)]
			rings++
			calls.Go(func() {
				if _, _, err := c.ring(b.Context(), id, to); err != nil {
					b.Error(err)
				}
				h.add(time.Since(due))
				time.Sleep(callLasts)
				if _, err := c.post(b.Context(), "/twilio/status", id, to, "completed"); err != nil {
					b.Error(err)
				}
			})
		}
		calls.Wait()
	}
	q := h.quantiles()
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(q.P50, "ms-p50")
	b.ReportMetric(q.P99, "ms-p99")
	b.ReportMetric(q.Most, "ms-most")
	b.ReportMetric(100*(g.cpu(b)-before).Seconds()/time.Since(began).Seconds(), "%core")
	b.ReportMetric(float64(told.Load()), "post_calls")
}
