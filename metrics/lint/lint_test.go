package lint_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/hookswitch/hookswitch/metrics"
	"github.com/hookswitch/hookswitch/metrics/lint"
)

const text = "A text that explains what is counted."

func TestEachFaultOfAFamilyIsFound(t *testing.T) {
	good := metrics.Family{Name: "hookswitch_calls_begun_total", Type: "counter", Help: text, Labels: []string{"direction"}}
	if wrong := lint.Families([]metrics.Family{good}); len(wrong) != 0 {
		t.Errorf("nothing is wrong, but: %q", wrong)
	}
	for _, tt := range []struct {
		claim string
		f     metrics.Family
		want  string
	}{
		{"a counter that is none", metrics.Family{Name: "hookswitch_calls", Type: "counter", Help: text}, "without _total"},
		{"a delay of what", metrics.Family{Name: "hookswitch_call_delay", Type: "histogram", Help: text}, "without its unit"},
		{"milliseconds", metrics.Family{Name: "hookswitch_call_delay_ms", Type: "histogram", Help: text}, "base unit"},
		{"a gauge of what", metrics.Family{Name: "hookswitch_memory", Type: "gauge", Help: text}, "without its unit"},
		{"a percentage", metrics.Family{Name: "hookswitch_load_percent", Type: "gauge", Help: text}, "base unit"},
		{"a summary", metrics.Family{Name: "hookswitch_call_seconds", Type: "summary", Help: text}, "is a summary"},
		{"somebody else's", metrics.Family{Name: "calls_total", Type: "counter", Help: text}, "no prefix"},
		{"a number in a name", metrics.Family{Name: "hookswitch_calls_to_4155550134_total", Type: "counter", Help: text}, "small words"},
		{"a call's id in a name", metrics.Family{Name: "hookswitch_call_CAf3_total", Type: "counter", Help: text}, "small words"},
		{"no help", metrics.Family{Name: "hookswitch_calls_total", Type: "counter"}, "no help text"},
		{"help that does not", metrics.Family{Name: "hookswitch_calls_total", Type: "counter", Help: "Calls."}, "no help text"},
		{"help that breaks off", metrics.Family{Name: "hookswitch_calls_total", Type: "counter", Help: "Calls that were taken, or"}, "without an end"},
		{"a label of calls", metrics.Family{Name: "hookswitch_calls_total", Type: "counter", Help: text, Labels: []string{"direction", "call_id"}}, "bounds: call_id"},
		{"a label of numbers", metrics.Family{Name: "hookswitch_calls_total", Type: "counter", Help: text, Labels: []string{"to"}}, "bounds: to"},
	} {
		if wrong := lint.Families([]metrics.Family{tt.f}); len(wrong) != 1 || !strings.Contains(wrong[0], tt.want) {
			t.Errorf("%s: found %q, want %q alone", tt.claim, wrong, tt.want)
		}
	}
	other := good
	other.Name = "hookswitch_calls_over_total"
	if wrong := lint.Families([]metrics.Family{good, other}); len(wrong) != 1 || !strings.Contains(wrong[0], "help text of hookswitch_calls_begun_total") {
		t.Errorf("a copied text: found %q", wrong)
	}
}

func TestEachFaultOfSeriesIsFound(t *testing.T) {
	many := func(n int, label string) (all [][2]string) {
		for i := range n {
			all = append(all, [2]string{label, strings.Map(func(r rune) rune { return r - '0' + 'a' }, fmt.Sprint(i))})
		}
		return all
	}
	for _, tt := range []struct {
		claim  string
		values [][2]string // label, value: a series each
		want   string      // "": nothing is wrong
	}{
		{"a few words", [][2]string{{"reason", "busy"}, {"reason", "no_answer"}, {"reason", ""}}, ""},
		{"as many as may be", many(33, "reason"), ""},
		{"one more", many(34, "reason"), "has 34 values, of 33"},
		{"a number", [][2]string{{"reason", "+14155550134"}}, "no word of ours"},
		{"a call's id", [][2]string{{"reason", "CAf3"}}, "no word of ours"},
		{"an address", [][2]string{{"reason", "ana@example.com"}}, "no word of ours"},
		{"a novel", [][2]string{{"agent", strings.Repeat("a", 65)}}, "too long"},
		{"an agent", [][2]string{{"agent", "Zoë 2"}}, ""},
		{"too many agents", many(103, "agent"), "has 103 values, of 102"},
		{"a label of nobody's", [][2]string{{"call_id", "a"}}, "of 0"},
	} {
		r := prometheus.NewRegistry()
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "hookswitch_calls_total", Help: text}, []string{tt.values[0][0]})
		r.MustRegister(c)
		for _, v := range tt.values {
			c.WithLabelValues(v[1]).Inc()
		}
		gathered, err := r.Gather()
		if err != nil {
			t.Fatal(err)
		}
		wrong := lint.Series(gathered)
		if found := strings.Join(wrong, "\n"); tt.want == "" && found != "" || !strings.Contains(found, tt.want) {
			t.Errorf("%s: found %q, want %q", tt.claim, found, tt.want)
		}
	}
}

// Each label may be bounded, and their product be too much all the same.
func TestTooManySeriesAreFound(t *testing.T) {
	r := prometheus.NewRegistry()
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "hookswitch_calls_total", Help: text}, []string{"provider", "reason"})
	r.MustRegister(c)
	for i := range 33 {
		for k := range 33 {
			c.WithLabelValues(strings.Repeat("a", i), strings.Repeat("b", k)).Inc()
		}
	}
	gathered, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	if wrong := lint.Series(gathered); len(wrong) != 1 || !strings.Contains(wrong[0], "has 1089 series") {
		t.Errorf("found %q", wrong)
	}
}
