package server_test

import (
	"compress/gzip"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/trace"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
)

// traces are what a collector has taken.
type traces struct {
	*httptest.Server
	t     *testing.T
	mu    sync.Mutex
	spans []*otlp.Span
}

func collects(t *testing.T) *traces {
	t.Helper()
	c := &traces{t: t}
	c.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var req collector.ExportTraceServiceRequest
		zipped, err := gzip.NewReader(r.Body)
		if err == nil {
			var b []byte
			b, err = io.ReadAll(zipped)
			err = errors.Join(err, proto.Unmarshal(b, &req))
		}
		if err != nil {
			t.Errorf("a collector is sent: %v", err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, rs := range req.ResourceSpans {
			for _, ss := range rs.ScopeSpans {
				c.spans = append(c.spans, ss.Spans...)
			}
		}
	}))
	t.Cleanup(func() {
		c.CloseClientConnections()
		c.Close()
	})
	return c
}

// tree waits until a span has come, and returns the spans by the names that
// package trace gives them in the call: those of what, those of any other under
// their ids.
func (c *traces) tree(call telephony.CallID, last string, what ...string) map[string]*otlp.Span {
	c.t.Helper()
	id := trace.Of(string(call))
	names := map[string]string{}
	for _, w := range append(what, last) {
		names[id.Span(w).String()] = w
	}
	var got map[string]*otlp.Span
	within(c.t, 15*time.Second, "the span of "+last, func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		got = map[string]*otlp.Span{}
		for _, s := range c.spans {
			is := hex.EncodeToString(s.SpanId)
			if name, ok := names[is]; ok {
				is = name
			}
			if got[is] != nil {
				c.t.Fatalf("%s was exported twice", is)
			}
			if trace := hex.EncodeToString(s.TraceId); trace != id.String() {
				c.t.Fatalf("%s is of trace %s, want %s", s.Name, trace, id)
			}
			got[is] = s
		}
		return got[last] != nil && got[trace.Call] != nil
	})
	for _, w := range what {
		if got[w] == nil {
			c.t.Errorf("there is no span of %s", w)
		}
	}
	return got
}

// checkNests: each span but the call's is in one that there is, and within it, but
// for what tells of the call afterwards.
func checkNests(t *testing.T, spans map[string]*otlp.Span) {
	t.Helper()
	by := map[string]*otlp.Span{}
	for _, s := range spans {
		by[string(s.SpanId)] = s
	}
	for is, s := range spans {
		in := by[string(s.ParentSpanId)]
		switch {
		case is == trace.Call && len(s.ParentSpanId) != 0:
			t.Error("the call is in something")
		case is == trace.Call:
		case in == nil:
			t.Errorf("%s is in nothing", is)
		case s.Name != "webhook post_call" && (s.StartTimeUnixNano < in.StartTimeUnixNano || s.EndTimeUnixNano > in.EndTimeUnixNano):
			t.Errorf("%s, %s sticks out of %s", is, s.Name, in.Name)
		}
	}
}

// A call with a turn, a tool and webhooks is one trace, and who was asked on the
// way was told of the very spans.
func TestACallIsOneTrace(t *testing.T) {
	t.Parallel()
	c := collects(t)
	shop := receives(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
		time.Sleep(20 * time.Millisecond) // else it may take none of the gap's milliseconds, and there is no stage of it
		fmt.Fprint(w, `{"status":"on its way"}`)
	})
	before := receives(t, func(_ int, w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{}`) })
	after := receives(t, nil)
	model := thinks(t, uses("look_up_order", `{"order":"42"}`), says("It is on its way."))
	o := privately(t)
	o.Config.OpenAI.BaseURL = model.URL + "/v1"
	o.Config.Trace.Endpoint, o.Config.Trace.Sample = c.URL, "1"
	b := boot(t, o)
	d := receptionist("Shop")
	provider, name, prompt := "openai", "gpt-4o-mini", "You are a shop."
	d.LLM = &roster.LLM{Provider: &provider, Model: &name, Prompt: &prompt}
	d.Tools = []roster.Tool{{UUID: "t", Name: "look_up_order", Description: "Looks up an order.", Type: roster.WebhookTool, Active: true, Config: roster.ToolConfig{
		Request:    &roster.Request{URL: shop.URL, Method: "POST", Body: []byte(`{"number":"{{order}}"}`)},
		Parameters: map[string]roster.Parameter{"order": {Type: "string", Description: "its number"}},
		Timeout:    5,
	}}}
	d.Webhooks = []roster.Webhook{
		{Type: roster.PreCall, Config: roster.WebhookConfig{Request: &roster.Request{URL: before.URL, Method: "POST"}, Timeout: 5}},
		{Type: roster.PostCall, Config: roster.WebhookConfig{Request: &roster.Request{URL: after.URL, Method: "POST", Body: []byte(`{"call":"{{call_id}}"}`)}, Timeout: 5}},
	}
	b.linked(d, hookNumber)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	who := &caller{}
	call, err := b.Sim().Call(ctx, "+14155550134", hookNumber, who)
	if err != nil {
		t.Fatal(err)
	}
	wrote(t, b.Store(), call, "the greeting", heard("Shop."))
	who.press.Store('1')
	wrote(t, b.Store(), call, "the answer", heard("It is on its way."))
	call.Hangup()
	if err := call.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	within(t, 30*time.Second, "post_call", func() bool { return len(after.all()) == 1 })
	r, err := b.Store().CallByCarrier(t.Context(), call.SID())
	if err != nil {
		t.Fatal(err)
	}

	id := trace.Of(string(r.ID))
	key := trace.Tool(string(r.ID) + "/1/1")
	spanOf := map[string]string{}
	for name, to := range map[string]*told{"pre_call": before, "post_call": after, key: shop} {
		header := to.all()[0].header.Get("traceparent")
		span, ok := strings.CutPrefix(header, "00-"+id.String()+"-")
		if spanOf[name], ok = strings.CutSuffix(span, "-01"); !ok {
			t.Errorf("%s is told %q", name, header)
		}
	}
	if spanOf[key] != id.Span(key).String() {
		t.Errorf("the tool is told of %s, want %s", spanOf[key], id.Span(key))
	}
	var spans map[string]*otlp.Span
	within(t, 15*time.Second, "the webhooks' spans", func() bool {
		spans = c.tree(r.ID, "turn/1", trace.Call, "leg/1", "reply/1", key)
		return spans[spanOf["pre_call"]] != nil && spans[spanOf["post_call"]] != nil
	})
	checkNests(t, spans)
	checkStages(t, spans["turn/1"], spans)
}

// checkStages: a turn has each of its stages once, and they sum to its gap.
func checkStages(t *testing.T, turn *otlp.Span, spans map[string]*otlp.Span) {
	t.Helper()
	took := map[string]int64{}
	var sum int64
	for _, s := range spans {
		if string(s.ParentSpanId) == string(turn.SpanId) && !strings.Contains(s.Name, " ") && s.Name != "reply" {
			took[s.Name] += int64(s.EndTimeUnixNano - s.StartTimeUnixNano)
			sum += int64(s.EndTimeUnixNano - s.StartTimeUnixNano)
		}
	}
	gap := int64(-1)
	for _, kv := range turn.Attributes {
		if kv.Key == "hookswitch.turn.gap_ms" {
			gap = kv.Value.GetIntValue()
		}
	}
	if len(took) != 6 || sum != gap*int64(time.Millisecond) {
		t.Errorf("stages %v sum to %v, the gap is %d ms", took, time.Duration(sum), gap)
	}
}

// A call whose process is killed, and that another takes up, is one trace still.
func TestAKilledCallIsOneTrace(t *testing.T) {
	t.Parallel()
	c := collects(t)
	w := newTown(t, sim.Knobs{}, nil)
	w.env = append(w.env, "HOOKSWITCH_TRACE_ENDPOINT="+c.URL)
	public, socket := w.socket()
	first := w.gateway(public, socket)
	who := &caller{}
	call := w.ring(who)
	w.talks(call, who)
	w.kill(first)
	who.noisy.Store(false)
	within(t, 10*time.Second, "the carrier's notice", func() bool { return !call.Streaming() })
	second := w.gateway(public, socket)
	within(t, 15*time.Second, "stream", call.Streaming)
	w.wrote(call, "the agent goes on", planned("Sorry, we were cut off."))
	call.Hangup()
	within(t, 20*time.Second, "the end", func() bool { return w.record(call).Over() })
	spans := c.tree(w.record(call).ID, "leg/2", trace.Call, "leg/1", "reply/1")
	checkNests(t, spans)
	for _, kv := range spans[trace.Call].Attributes {
		if kv.Key == "hookswitch.call.epochs" && kv.Value.GetIntValue() != 2 {
			t.Errorf("the call had %d legs, want 2", kv.Value.GetIntValue())
		}
	}
	w.stop(second)
}
