package tracing_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/trace"
	"github.com/hookswitch/hookswitch/agentcore/webhook"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/tracing"
	"github.com/hookswitch/hookswitch/telephony"
)

func TestACallThatEndsIsExported(t *testing.T) {
	c := collects(t, nil)
	r := run(t, tracing.Config{Endpoint: c.URL + "/otlp/", Headers: map[string]string{"X-Api-Key": "k"}})
	r.Committed("call_1", agentcore.Entry{Event: agentcore.CallerSaid{Turn: 1}}) // is not the end
	r.ends("call_1")
	r.Sent(webhook.Delivery{ID: "dlv_1", Call: "call_1", Kind: "post_call"}, 2, webhook.Exchange{Started: time.Now(), Took: time.Second, Method: "POST", URL: "https://receiver.example:8443/14155550134", Status: 503})
	r.stop() // sends what waits
	id := trace.Of("call_1")
	parents := map[string]string{}
	for _, s := range c.all() {
		if got := hex.EncodeToString(s.TraceId); got != id.String() {
			t.Errorf("%s is of trace %s, want %s", s.Name, got, id)
		}
		parents[hex.EncodeToString(s.SpanId)] = hex.EncodeToString(s.ParentSpanId)
	}
	root := id.Span("call").String()
	for what, want := range map[string]string{"call": "", "leg/1": root, "turn/1": root, "webhook/dlv_1/2": root} {
		if got, ok := parents[id.Span(what).String()]; !ok || got != want {
			t.Errorf("%s is there: %t, in %q, want in %q", what, ok, got, want)
		}
	}
	if len(parents) != perCall+1 {
		t.Errorf("%d spans, want %d", len(parents), perCall+1)
	}
	if c.path != "/otlp/v1/traces" || c.header.Get("X-Api-Key") != "k" {
		t.Errorf("sent to %s with %v", c.path, c.header)
	}
	if exported, dropped := r.look(); exported != perCall+1 || len(dropped) != 0 {
		t.Errorf("%d exported, %v dropped", exported, dropped)
	}
	for _, s := range c.all() {
		if s.Name != "webhook post_call" {
			continue
		}
		got := map[string]string{}
		for _, kv := range s.Attributes {
			got[kv.Key] = kv.Value.String()
		}
		for key, want := range map[string]string{"server.address": `string_value:"receiver.example"`, "http.request.resend_count": "int_value:1", "error.type": `string_value:"503"`} {
			if got[key] != want {
				t.Errorf("the webhook's %s is %s, want %s", key, got[key], want)
			}
		}
	}
}

func TestTwoProcessesChooseTheSameCalls(t *testing.T) {
	const calls = 200
	var seen [2]map[string]bool
	for i := range seen {
		c := collects(t, nil)
		r := run(t, tracing.Config{Endpoint: c.URL, Share: 0.5})
		for n := range calls {
			r.ends(telephony.CallID(fmt.Sprintf("call_%d", n)))
		}
		r.stop()
		seen[i] = map[string]bool{}
		for _, s := range c.all() {
			seen[i][hex.EncodeToString(s.TraceId)] = true
		}
	}
	if len(seen[0]) != len(seen[1]) || len(seen[0]) < calls/4 || len(seen[0]) > 3*calls/4 {
		t.Errorf("%d and %d of %d are traced", len(seen[0]), len(seen[1]), calls)
	}
	for id := range seen[0] {
		if !seen[1][id] {
			t.Errorf("%s is traced by one of them", id)
		}
	}
}

func TestACollectorThatIsBusyIsAskedAgain(t *testing.T) {
	asked := make(chan time.Time, 100)
	c := collects(t, func(n int, w http.ResponseWriter, _ *http.Request) {
		asked <- time.Now()
		if n == 1 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		took(w)
	})
	r := run(t, tracing.Config{Endpoint: c.URL})
	r.ends("call_1")
	<-c.seen
	<-c.seen
	if waited := -(<-asked).Sub(<-asked); waited < 900*time.Millisecond {
		t.Errorf("it was asked again after %v, and said 1 s", waited)
	}
	r.stop()
	if exported, dropped := r.look(); exported != perCall || len(dropped) != 0 {
		t.Errorf("%d exported, %v dropped", exported, dropped)
	}
}

func TestWhatACollectorDoesNotTakeIsCounted(t *testing.T) {
	c := collects(t, func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	r := run(t, tracing.Config{Endpoint: c.URL})
	r.ends("call_1")
	r.stop()
	if exported, dropped := r.look(); exported != 0 || dropped["refused"] != perCall {
		t.Errorf("%d exported, %v dropped", exported, dropped)
	}
}

// Some collectors repeat the key that they do not take.
func TestALogTellsNoKeyOfTheCollectors(t *testing.T) {
	for name, answer := range map[string]func(w http.ResponseWriter){
		"refused": func(w http.ResponseWriter) {
			http.Error(w, "no such key: sesame-0123456789, bye", http.StatusForbidden)
		},
		"not yet": func(w http.ResponseWriter) {
			http.Error(w, "no such key: sesame-0123456789, bye", http.StatusBadGateway)
		},
		"cut off": func(w http.ResponseWriter) {
			http.Error(w, strings.Repeat("x", 90)+"sesame-0123456789", http.StatusForbidden)
		},
		"in pieces": func(w http.ResponseWriter) {
			http.Error(w, "Bearer of sesame-0123456789 is unknown", http.StatusForbidden)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := collects(t, func(_ int, w http.ResponseWriter, _ *http.Request) { answer(w) })
			var log bytes.Buffer
			r := run(t, tracing.Config{
				Endpoint: c.URL, Headers: map[string]string{"Authorization": "Bearer sesame-0123456789", "X-Short": "x", "X-Key": "sesame-0123456789"},
				Log: slog.New(slog.NewTextHandler(&log, nil)),
			})
			r.ends("call_1")
			r.stop()
			if text := log.String(); !strings.Contains(text, "does not take them") || strings.Contains(text, "sesame") {
				t.Errorf("the log says %s", text)
			}
		})
	}
}

// A redirect might lead a vendor's key somewhere else.
func TestARedirectIsNotFollowed(t *testing.T) {
	elsewhere := collects(t, nil)
	c := collects(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
	})
	r := run(t, tracing.Config{Endpoint: c.URL, Headers: map[string]string{"X-Api-Key": "k"}})
	r.ends("call_1")
	r.stop()
	if len(elsewhere.seen) != 0 {
		t.Error("it was followed")
	}
	if _, dropped := r.look(); dropped["refused"] != perCall {
		t.Errorf("%v dropped", dropped)
	}
}

// Whatever the collector does, nobody waits for it: neither who tells of an end,
// nor the gateway that stops.
func TestABadCollectorHoldsNobodyUp(t *testing.T) {
	closed := collects(t, nil)
	closed.Close()
	hangs := collects(t, func(_ int, _ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	busy := collects(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "20")
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	for name, url := range map[string]string{"gone": closed.URL, "hangs": hangs.URL, "busy": busy.URL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := run(t, tracing.Config{Endpoint: url})
			const calls = 4000
			began := time.Now()
			for n := range calls {
				r.ends(telephony.CallID(fmt.Sprintf("call_%d", n)))
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("telling of %d ends took %v", calls, took)
			}
			began = time.Now()
			r.stop()
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("stopping took %v, want 2 s", took)
			}
			exported, dropped := r.look()
			if exported != 0 || dropped["queue"] == 0 || dropped["refused"] == 0 {
				t.Errorf("%d exported, %v dropped", exported, dropped)
			}
		})
	}
}

func TestACallThatCanNotBeReadIsCounted(t *testing.T) {
	c := collects(t, nil)
	r := run(t, tracing.Config{Endpoint: c.URL, Calls: archive{errors.New("no database")}})
	r.ends("call_1")
	r.stop()
	if _, dropped := r.look(); dropped["journal"] != 1 || len(c.all()) != 0 {
		t.Errorf("%v dropped, %d spans", dropped, len(c.all()))
	}
}

func TestWhoWantsNoTracesPaysNothing(t *testing.T) {
	for _, c := range []tracing.Config{{}, {Endpoint: "http://127.0.0.1:4318"}, {Share: 1}} {
		got, err := tracing.New(c)
		if got != nil || err != nil {
			t.Errorf("New(%+v) = %v, %v, want nothing", c, got, err)
		}
	}
	var off *tracing.Tracer
	e := agentcore.Entry{Event: agentcore.Ended{}}
	if n := testing.AllocsPerRun(100, func() {
		off.Committed("call_1", e)
		off.Sent(webhook.Delivery{Call: "call_1"}, 1, webhook.Exchange{})
	}); n != 0 {
		t.Errorf("it allocates %v times", n)
	}
}

func TestATracerIsToldWhatItLacks(t *testing.T) {
	for _, c := range []tracing.Config{
		{Endpoint: "http://127.0.0.1:4318", Share: 1, Counter: &counts{}},
		{Endpoint: "http://127.0.0.1:4318", Share: 1, Calls: archive{}},
		{Endpoint: "no address", Share: 1, Calls: archive{}, Counter: &counts{}},
	} {
		if _, err := tracing.New(c); err == nil {
			t.Errorf("New(%+v) is no error", c)
		}
	}
}

func BenchmarkOff(b *testing.B) {
	var off *tracing.Tracer
	e := agentcore.Entry{Event: agentcore.Ended{}}
	b.ReportAllocs()
	for b.Loop() {
		off.Committed("call_1", e)
	}
}
