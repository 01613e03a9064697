package metrics_test

import (
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/metrics"
)

func TestSpansAreCountedByWhatBecameOfThem(t *testing.T) {
	s := metrics.New(metrics.Config{})
	s.SpansExported(12)
	s.SpansDropped("queue", 3)
	s.SpansDropped("refused", 4)
	text := scrape(t, s)
	for _, want := range []string{
		"hookswitch_spans_exported_total 12\n",
		`hookswitch_spans_dropped_total{reason="queue"} 3` + "\n",
		`hookswitch_spans_dropped_total{reason="refused"} 4` + "\n",
		`hookswitch_spans_dropped_total{reason="journal"} 0` + "\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("/metrics lacks %q", want)
		}
	}
}
