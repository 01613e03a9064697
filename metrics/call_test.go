package metrics_test

import (
	"bufio"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/encoding/protodelim"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/trace"
	"github.com/hookswitch/hookswitch/metrics"
)

var (
	_ agentcore.Observer = (*metrics.Set)(nil)
	_ agentcore.Observer = (*metrics.Call)(nil)
)

const id = "4bf92f3577b34da6a3ce929d0e0e4736"

// talked is a Set that one call has told all it can tell.
func talked(c metrics.Config, agent, trace string) *metrics.Set {
	s := metrics.New(c)
	call := s.Call(agent, trace)
	call.CallBegan("inbound")
	call.TurnTook(300*time.Millisecond, 100*time.Millisecond, 0, 200*time.Millisecond, 80*time.Millisecond, 20*time.Millisecond)
	call.TalkedOver(90 * time.Millisecond)
	call.TalkOverUndone()
	call.CutIn()
	call.ToolTook("transfer_call", true, time.Second)
	call.RecogniserQueued(time.Millisecond)
	call.FrameDropped("voice")
	call.ProviderFailed("model")
	call.WhoAnswered("human", time.Second)
	call.MessageLeft(true)
	call.Paced(2*time.Millisecond, 200*time.Millisecond)
	call.CallEnded("inbound", "caller_hangup", 20*time.Second)
	call.CallOver("inbound", "caller_hangup", 21*time.Second)
	return s
}

// openMetrics is a scrape by who takes exemplars in text.
func openMetrics(t *testing.T, s *metrics.Set) string {
	t.Helper()
	r := httptest.NewRequest("GET", "/metrics", nil)
	r.Header.Set("Accept", "application/openmetrics-text; version=1.0.0")
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	if ct := w.Header().Get("Content-Type"); !strings.HasPrefix(ct, "application/openmetrics-text") {
		t.Fatalf("answered with %s", ct)
	}
	return w.Body.String()
}

// protobuf is a scrape by who takes native histograms.
func protobuf(t *testing.T, s *metrics.Set) map[string]*dto.MetricFamily {
	t.Helper()
	r := httptest.NewRequest("GET", "/metrics", nil)
	r.Header.Set("Accept", "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited")
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	all, in := map[string]*dto.MetricFamily{}, bufio.NewReader(w.Body)
	for {
		f := new(dto.MetricFamily)
		err := protodelim.UnmarshalFrom(in, f)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all[f.GetName()] = f
	}
}

// What is timed in calls leads to a call by its trace; what is on the hot path, or
// of no call, does not.
func TestExemplarsAreOnWhatACallTimes(t *testing.T) {
	with := map[string]bool{}
	for line := range strings.Lines(openMetrics(t, talked(metrics.Config{}, "Ana", id))) {
		if strings.Contains(line, `# {trace_id="`+id+`"}`) {
			name, _, _ := strings.Cut(line, " ")
			name, _, _ = strings.Cut(name, "{")
			with[name] = true
		} else if strings.Contains(line, " # {") {
			t.Errorf("an exemplar of another kind: %s", line)
		}
	}
	for _, name := range []string{
		"e2e_latency_seconds_bucket", "end_of_turn_delay_seconds_bucket", "transcription_delay_seconds_bucket", "llm_node_ttft_seconds_bucket",
		"tts_node_ttfb_seconds_bucket", "line_delay_seconds_bucket", "talk_over_delay_seconds_bucket", "tool_duration_seconds_bucket",
		"recogniser_queue_wait_seconds_bucket", "who_answered_seconds_bucket", "call_duration_seconds_bucket", "calls_ended_total",
		"interruptions_total", "false_interruptions_resumed_total", "cut_ins_total", "conversations_ended_total", "provider_errors_total",
	} {
		if !with["hookswitch_"+name] {
			t.Errorf("%s has no exemplar", name)
		}
		delete(with, "hookswitch_"+name)
	}
	if len(with) > 0 {
		t.Errorf("and these have one: %v", with)
	}
}

func TestWhatIsNoTraceIsNoExemplar(t *testing.T) {
	for _, no := range []string{"", "call_7q2f", strings.Repeat("A", 32), strings.Repeat("0", 500), "+14155550134"} {
		if text := openMetrics(t, talked(metrics.Config{}, "Ana", no)); strings.Contains(text, "trace_id") {
			t.Errorf("%.40q is an exemplar", no)
		}
	}
	if text := openMetrics(t, talked(metrics.Config{}, "Ana", trace.Of("call_1").String())); !strings.Contains(text, trace.Of("call_1").String()) {
		t.Error("and a call's own trace is none")
	}
}

func TestNativeHistogramsHaveExemplarsToo(t *testing.T) {
	all := protobuf(t, talked(metrics.Config{}, "Ana", id))
	native := 0
	for name, f := range all {
		if f.GetType() != dto.MetricType_HISTOGRAM || !strings.HasPrefix(name, "hookswitch_") {
			continue
		}
		for _, m := range f.GetMetric() {
			h := m.GetHistogram()
			if len(h.GetBucket()) == 0 || h.Schema == nil || h.GetZeroThreshold() == 0 {
				t.Errorf("%s is not both classic and native", name)
			}
			if h.GetSampleCount() > 0 && len(h.GetPositiveSpan()) == 0 && h.GetZeroCount() == 0 {
				t.Errorf("%s has samples and no native buckets", name)
			}
			native++
		}
	}
	if native < 20 {
		t.Errorf("only %d histograms", native)
	}
	gap := all["hookswitch_e2e_latency_seconds"].GetMetric()[0].GetHistogram()
	if e := gap.GetExemplars(); len(e) != 1 || e[0].GetLabel()[0].GetValue() != id || e[0].GetValue() != .7 {
		t.Errorf("the gap's native exemplars are %v", e)
	}
}

func TestAgentsAreLabelsOnlyWhereThatIsAllowed(t *testing.T) {
	if text := scrape(t, talked(metrics.Config{}, "Ana", id)); strings.Contains(text, "agent=") || strings.Contains(text, "Ana") {
		t.Error("a name that the operator did not allow is shown")
	}
	text := scrape(t, talked(metrics.Config{Agents: true}, "Ana", id))
	for _, line := range []string{
		`hookswitch_conversations_begun_total{agent="Ana",direction="inbound"} 1`,
		`hookswitch_conversations_ended_total{agent="Ana",direction="inbound",reason="caller_hangup"} 1`,
		`hookswitch_calls_ended_total{agent="Ana",direction="inbound",reason="caller_hangup"} 1`,
		`hookswitch_call_duration_seconds_count{agent="Ana",direction="inbound"} 1`,
		`hookswitch_e2e_latency_seconds_count{agent="Ana"} 1`,
		`hookswitch_llm_node_ttft_seconds_count 1`,
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("/metrics lacks %s", line)
		}
	}
}

// Whoever may write agents may call one what they like; no label holds a number
// all the same.
func TestAnAgentsLabelHoldsNoPhoneNumber(t *testing.T) {
	for name, want := range map[string]string{
		"+14155550134":         "+###########",
		"night (415) 555-0134": "night (###) ###-####",
		"Ana ٤١٥٥٥٥٠":          "Ana #######",
		"Ana 24/7, floor 112":  "Ana 24/7, floor 112",
	} {
		text := scrape(t, talked(metrics.Config{Agents: true}, name, id))
		if !strings.Contains(text, `hookswitch_e2e_latency_seconds_count{agent="`+want+`"} 1`) {
			t.Errorf("%s is not shown as %s", name, want)
		}
	}
}

// The parts of all turns together are the gap of all turns, to the microsecond: a
// dashboard that stacks them shows no hole.
func TestThePartsOfTurnsSumToTheGap(t *testing.T) {
	s := metrics.New(metrics.Config{})
	rnd := rand.New(rand.NewPCG(9, 9))
	some := func() time.Duration {
		if rnd.IntN(4) == 0 {
			return 0
		}
		return time.Duration(rnd.IntN(3000)) * time.Millisecond
	}
	calls := []agentcore.Observer{s, s.Call("Ana", id)}
	for i := range 5000 {
		calls[i%2].TurnTook(some(), some(), some(), some(), some(), some())
	}
	all := protobuf(t, s)
	sum := func(name string) float64 {
		return all["hookswitch_"+name].GetMetric()[0].GetHistogram().GetSampleSum()
	}
	parts := 0.0
	for _, name := range []string{"end_of_turn_delay_seconds", "transcription_delay_seconds", "tool_delay_seconds", "llm_node_ttft_seconds", "tts_node_ttfb_seconds", "line_delay_seconds"} {
		if sum(name) == 0 {
			t.Errorf("%s is empty", name)
		}
		parts += sum(name)
	}
	if gap := sum("e2e_latency_seconds"); math.Abs(gap-parts) > 1e-6 {
		t.Errorf("parts of %v s, and a gap of %v s", parts, gap)
	}
}

// What is told for each lump or frame costs no garbage, and next to no time: see
// the benchmarks.
func TestTheHotPathAllocatesNothing(t *testing.T) {
	s := metrics.New(metrics.Config{Agents: true})
	call := s.Call("Ana", id)
	late := time.Duration(0)
	for what, f := range map[string]func(){
		"Paced": func() {
			late += 7 * time.Microsecond
			call.Paced(late%time.Second, 200*time.Millisecond-late%time.Second)
		},
		"FrameDropped": func() { call.FrameDropped("recogniser") },
		"Frames":       func() { s.Frames(50, 50) },
		"Gap":          func() { s.Gap(40 * time.Millisecond) },
		"Burst":        func() { s.Burst(3) },
	} {
		for range 20_000 {
			f() // every bucket there may be is there
		}
		if n := testing.AllocsPerRun(1000, f); n != 0 {
			t.Errorf("%s allocates %v times", what, n)
		}
	}
}

func BenchmarkPaced(b *testing.B) {
	call := metrics.New(metrics.Config{}).Call("Ana", id)
	b.ReportAllocs()
	late := time.Duration(0)
	for b.Loop() {
		late += 7 * time.Microsecond
		call.Paced(late%(20*time.Millisecond), 200*time.Millisecond)
	}
}

func BenchmarkFrames(b *testing.B) {
	s := metrics.New(metrics.Config{})
	b.ReportAllocs()
	for b.Loop() {
		s.Frames(1, 1)
	}
}

func BenchmarkFrameDropped(b *testing.B) {
	call := metrics.New(metrics.Config{}).Call("Ana", id)
	b.ReportAllocs()
	for b.Loop() {
		call.FrameDropped("voice")
	}
}

func BenchmarkTurnTook(b *testing.B) {
	call := metrics.New(metrics.Config{}).Call("Ana", id)
	b.ReportAllocs()
	for b.Loop() {
		call.TurnTook(500*time.Millisecond, 100*time.Millisecond, 0, 40*time.Millisecond, 40*time.Millisecond, 20*time.Millisecond)
	}
}
