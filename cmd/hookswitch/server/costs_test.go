package server_test

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/asr/asrtest"
	"github.com/hookswitch/hookswitch/agentcore/cost"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
)

// usedIn sums what a journal says was used.
func usedIn(events []agentcore.Event) (u cost.Usage) {
	for _, e := range events {
		if used, ok := e.(agentcore.Used); ok {
			u = u.With(used.Uses...)
		}
	}
	return u
}

// withMinutes is what r used, with the minutes of the carrier.
func withMinutes(r dispatch.Record, u cost.Usage) cost.Usage {
	return u.With(cost.Use{Stage: cost.Carrier, Provider: string(r.Direction), Unit: cost.Minute, N: cost.Minutes(r.Answered, r.Ended)})
}

// A call through vendors costs what its usage comes to by the settings' prices,
// and /metrics has counted it once.
func TestACallCostsWhatItUsed(t *testing.T) {
	t.Parallel()
	const prices = "recogniser/deepgram/audio_seconds=0.1,model/openai/input_tokens=0.001,model/openai/output_tokens=0.004,voice/*/characters=0.3,carrier/inbound/minute=0.0085"
	v := startVendors(t)
	o := v.options(t)
	o.Config.Prices = prices
	b := boot(t, o)
	b.unlock(keys)
	asked := receives(t, func(_ int, w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{}`) })
	b.must("POST", "/agents", strings.Replace(seed(t, asked.URL, b.number(flowNumber)), "pcm_16000", "ulaw_8000", 1))
	call := b.rings(flowNumber)
	call.wrote("the greeting", heard("help you?"))
	call.says(asrtest.First)
	call.wrote("the answer", heard(answer(asrtest.First.Text)))
	call.leaves()

	r, err := b.Store().CallByCarrier(t.Context(), call.SID())
	if err != nil {
		t.Fatal(err)
	}
	used := cost.Decode(r.Usage)
	if want := withMinutes(r, usedIn(call.journal())); !slices.Equal(used, want) {
		t.Errorf("the record says %v, the journal %v", used, want)
	}
	table, err := cost.Parse(prices)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := table.Bill(used)
	got, ok := cost.DecodeBill(r.Cost)
	if !ok || got.Encode() != want.Encode() || got.Unpriced != nil {
		t.Errorf("it costs %s, want %s", r.Cost, want.Encode())
	}
	counted := cost.USD(0)
	_, metrics := b.get("/metrics")
	for line := range strings.Lines(metrics) {
		if strings.HasPrefix(line, "hookswitch_call_cost_usd_total{") {
			n, err := strconv.ParseFloat(strings.Fields(line)[1], 64)
			if err != nil {
				t.Fatal(err)
			}
			counted += cost.USD(n*1e9 + .5)
		}
	}
	if counted != got.Total || len(got.Parts) < 4 {
		t.Errorf("counted %d, the bill says %s", counted, r.Cost)
	}
}

// What was used before the process was killed is on the record of the call that
// another ends, and in its cost.
func TestWhatWasUsedSurvivesAKill(t *testing.T) {
	t.Parallel()
	w := newTown(t, sim.Knobs{}, nil)
	public, socket := w.socket()
	first := w.gateway(public, socket)
	c := &caller{}
	call := w.ring(c)
	w.talks(call, c)
	w.wrote(call, "use", func(e agentcore.Event) bool { _, is := e.(agentcore.Used); return is })
	w.kill(first)
	before := usedIn(w.journal(call))
	c.noisy.Store(false)
	within(t, 10*time.Second, "the carrier's notice", func() bool { return !call.Streaming() })

	second := w.gateway(public, socket)
	within(t, 15*time.Second, "stream", call.Streaming)
	w.wrote(call, "the agent goes on", planned("Sorry, we were cut off."))
	call.Hangup()
	within(t, 20*time.Second, "the end", func() bool { return w.record(call).Over() })
	r := w.record(call)
	w.stop(second)
	if got, want := cost.Decode(r.Usage), withMinutes(r, usedIn(w.journal(call))); len(before) == 0 || !slices.Equal(got, want) {
		t.Errorf("the record says %v, the journal %v, before the kill %v", got, want, before)
	}
	for _, u := range before {
		if !slices.ContainsFunc(cost.Decode(r.Usage), func(got cost.Use) bool {
			return got.Stage == u.Stage && got.Provider == u.Provider && got.Unit == u.Unit && got.N >= u.N
		}) {
			t.Errorf("of %v less is on record: %s", u, r.Usage)
		}
	}
	if r.Reason == "" || r.Direction != telephony.Inbound {
		t.Errorf("ended %q, %s", r.Reason, r.Direction)
	}
}
