package metrics_test

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/hookswitch/hookswitch/metrics"
)

func TestCostsAreCountedByStageAndProvider(t *testing.T) {
	s := metrics.New(metrics.Config{})
	c := s.Costs()
	c.Cost("model", "openai", 0.25)
	c.Cost("model", "openai", 0.5)
	c.Cost("voice", "+14155550100", 1)
	c.Cost("carrier", "outbound", 0.014)
	c.Cost("carrier", "+14155550100", 2)
	c.Cost("call_7q2f", "rime", 4)
	c.Cost("model", "openai", -1)
	want := `# HELP hookswitch_call_cost_usd_total What calls cost that have ended, in US dollars by the setting prices. Of a carrier, the provider is the direction.
# TYPE hookswitch_call_cost_usd_total counter
hookswitch_call_cost_usd_total{provider="inbound",stage="carrier"} 2
hookswitch_call_cost_usd_total{provider="openai",stage="model"} 0.75
hookswitch_call_cost_usd_total{provider="other",stage="voice"} 1
hookswitch_call_cost_usd_total{provider="outbound",stage="carrier"} 0.014
hookswitch_call_cost_usd_total{provider="rime",stage="other"} 4
`
	if err := testutil.GatherAndCompare(s.Registry(), strings.NewReader(want), "hookswitch_call_cost_usd_total"); err != nil {
		t.Error(err)
	}
	problems, err := testutil.GatherAndLint(s.Registry(), "hookswitch_call_cost_usd_total")
	if err != nil || len(problems) > 0 {
		t.Errorf("promlint: %v, %v", problems, err)
	}
}
