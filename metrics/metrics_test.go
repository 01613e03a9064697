package metrics_test

import (
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"

	"github.com/hookswitch/hookswitch/metrics"
)

// busy is a Set that has seen one of everything.
func busy() *metrics.Set {
	s := metrics.New(metrics.Config{Version: "0.1.0"})
	s.CallTaken("inbound")
	s.CallTaken("outbound")
	s.CallOver("outbound", "busy", 6*time.Second)
	s.CallRefused("full")
	s.CallResumed("line", "talking", time.Second)
	s.StreamRefused("token")
	s.StreamLost("stream_broken")
	s.CallBegan("inbound")
	s.CallEnded("inbound", "caller_hangup", 22*time.Second)
	s.Gauge("calls_live", "Calls that go on now.", func() float64 { return 2 })
	s.TurnTook(500*time.Millisecond, 110*time.Millisecond, 2*time.Millisecond, 41*time.Millisecond, 38*time.Millisecond, 11*time.Millisecond)
	s.TurnTook(0, 0, 0, 2*time.Millisecond, 81*time.Millisecond, 13*time.Millisecond)
	s.TalkedOver(118 * time.Millisecond)
	s.RecogniserQueued(time.Millisecond)
	s.FrameDropped("recogniser")
	s.ProviderFailed("model")
	s.MessageIgnored("unknown_event")
	s.SocketRefused("token")
	s.RequestRefused("signature")
	s.WebhookSent("pre_call", "cancelled", time.Second)
	s.ErrandBegun("call", time.Second)
	s.ErrandLater("quiet_hours")
	s.ErrandLost()
	s.ErrandOver("call", "failed", "no_answer")
	s.Message("received")
	s.WhoAnswered("voicemail_greeting", 3*time.Second)
	s.MessageLeft(true)
	s.SchedulerLate(time.Millisecond)
	s.Admission([]string{"cpu", "memory"}, func() bool { return true }, func(signal string) float64 { return map[string]float64{"cpu": .5}[signal] })
	s.Ready(true)
	return s
}

func TestNamesAndHelpPassPromlint(t *testing.T) {
	problems, err := testutil.GatherAndLint(busy().Registry())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// promlint doesn't miss a unit that isn't there.
func TestEveryHistogramNamesItsUnit(t *testing.T) {
	families, err := busy().Registry().Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		name := f.GetName()
		if f.GetType() == dto.MetricType_HISTOGRAM && !strings.HasSuffix(name, "_seconds") {
			t.Errorf("%s is a histogram without its unit", name)
		}
		if !strings.HasPrefix(name, "hookswitch_") && !strings.HasPrefix(name, "go_") && !strings.HasPrefix(name, "process_") && !strings.HasPrefix(name, "promhttp_") {
			t.Errorf("%s has no prefix", name)
		}
	}
}

func TestHistogramsAreClassicAndNative(t *testing.T) {
	families, err := busy().Registry().Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != "hookswitch_e2e_latency_seconds" {
			continue
		}
		h := f.GetMetric()[0].GetHistogram()
		if len(h.GetBucket()) == 0 || len(h.GetPositiveSpan()) == 0 || h.GetSampleCount() != 2 {
			t.Errorf("classic buckets %d, native spans %d, samples %d", len(h.GetBucket()), len(h.GetPositiveSpan()), h.GetSampleCount())
		}
		if got, want := h.GetSampleSum(), .702+.096; got < want-1e-9 || got > want+1e-9 {
			t.Errorf("gaps sum to %v s, want %v: the parts must sum to the gap", got, want)
		}
		return
	}
	t.Error("hookswitch_e2e_latency_seconds is missing")
}

func TestKeyHasNoEndpoint(t *testing.T) {
	text := scrape(t, busy())
	for _, line := range []string{"hookswitch_end_of_turn_delay_seconds_count 1", "hookswitch_llm_node_ttft_seconds_count 2", "hookswitch_tool_delay_seconds_count 1"} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("/metrics lacks %q", line)
		}
	}
}

func TestCallsAreCountedByReason(t *testing.T) {
	text := scrape(t, busy())
	for _, line := range []string{
		`hookswitch_calls_live 2`,
		`hookswitch_calls_begun_total{direction="outbound"} 1`,
		`hookswitch_calls_ended_total{direction="outbound",reason="busy"} 1`,
		`hookswitch_calls_refused_total{reason="full"} 1`,
		`hookswitch_calls_refused_total{reason="draining"} 0`,
		`hookswitch_calls_refused_total{reason="lateness"} 0`,
		`hookswitch_admission_open 1`,
		`hookswitch_load_ratio{signal="cpu"} 0.5`,
		`hookswitch_load_ratio{signal="memory"} 0`,
		`hookswitch_conversations_ended_total{direction="inbound",reason="caller_hangup"} 1`,
		`hookswitch_twilio_messages_ignored_total{reason="unknown_event"} 1`,
		`hookswitch_websocket_refusals_total{reason="token"} 1`,
		`hookswitch_frames_dropped_total{where="voice"} 0`,
		`hookswitch_ready 1`,
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("/metrics lacks %q", line)
		}
	}
}

func TestWebhooksAreCountedByKindAndOutcome(t *testing.T) {
	s := metrics.New(metrics.Config{})
	s.WebhookSent("pre_call", "cancelled", time.Second)
	s.WebhookSent("post_call", "failed", time.Second)
	s.WebhookSent("post_call", "failed", time.Second)
	s.WebhookSent("nobody", "delivered", time.Second)
	s.WebhookSent("test", "call_1", time.Second)
	text := scrape(t, s)
	for _, want := range []string{
		`{kind="pre_call",outcome="cancelled"} 1`, `{kind="pre_call",outcome="dead"} 0`, `{kind="post_call",outcome="failed"} 2`,
		`{kind="other",outcome="other"} 1`, `{kind="test",outcome="other"} 1`, `{kind="test",outcome="delivered"} 0`,
	} {
		if !strings.Contains(text, "\nhookswitch_webhooks_sent_total"+want+"\n") {
			t.Errorf("metrics lack %s", want)
		}
	}
	if n := strings.Count(text, "\nhookswitch_webhooks_sent_total{"); n != 10 {
		t.Errorf("%d series, want the 8 that are known and 2 of others", n)
	}
	if !strings.Contains(text, "\nhookswitch_webhook_delay_seconds_count 5\n") {
		t.Error("not all were timed")
	}
}

func TestLabelsCannotRunAwayNorHoldANumber(t *testing.T) {
	s := metrics.New(metrics.Config{})
	for _, reason := range []string{"+14155550134", "CA0123", "", strings.Repeat("a", 33), "Ana", "a b", "\xff"} {
		s.MessageIgnored(reason)
		s.CallOver("nowhere", reason, 0)
	}
	for i := range 1000 {
		s.SocketRefused("reason_" + strings.Map(func(r rune) rune { return 'a' + r - '0' }, fmt.Sprint(i)))
	}
	text := scrape(t, s)
	if strings.Contains(text, "4155550134") || strings.Contains(text, "Ana") || strings.Contains(text, "CA0123") {
		t.Error("a stranger's text became a label")
	}
	if !strings.Contains(text, `hookswitch_twilio_messages_ignored_total{reason="other"} 7`) {
		t.Error("what is no word must be counted as other")
	}
	if n := strings.Count(text, "\nhookswitch_websocket_refusals_total{"); n != 33 {
		t.Errorf("1000 reasons made %d series, want 32 and other", n)
	}
}

func TestManyCallsAtOnce(t *testing.T) {
	s := metrics.New(metrics.Config{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				s.CallTaken("inbound")
				s.FrameDropped("voice")
				s.CallOver("inbound", "silence", time.Second)
			}
		})
	}
	wg.Wait()
	if text := scrape(t, s); !strings.Contains(text, `hookswitch_calls_ended_total{direction="inbound",reason="silence"} 1600`+"\n") || !strings.Contains(text, `hookswitch_frames_dropped_total{where="voice"} 1600`) {
		t.Errorf("counts are off:\n%s", text)
	}
}

func TestDroppedFrameDoesNotAllocate(t *testing.T) {
	s := metrics.New(metrics.Config{})
	if n := testing.AllocsPerRun(100, func() { s.FrameDropped("recogniser") }); n != 0 {
		t.Errorf("FrameDropped allocates %v times", n)
	}
}

func scrape(t *testing.T, s *metrics.Set) string {
	t.Helper()
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	body, err := io.ReadAll(w.Body)
	if err != nil || w.Code != 200 {
		t.Fatalf("/metrics: status %d, %v", w.Code, err)
	}
	return string(body)
}
