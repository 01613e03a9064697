package demometrics

import (
	"strings"
	"testing"
	"time"
)

func TestNumbersAreShownInTheirUnit(t *testing.T) {
	for _, tt := range []struct {
		v    float64
		unit string
		want string
	}{
		{0, "s", "0"}, {.0000005, "s", "0.5 µs"}, {.1235, "s", "124 ms"}, {2.5, "s", "2.5 s"}, {.0101, "percentunit", "1.01 %"}, {18.4, "percentunit", "1840 %"},
		{12_000, "cpm", "12k/min"}, {1_950_000, "short", "1.95M"}, {3, "short", "3"}, {4.2e8, "bytes", "420 MB"}, {.031, "currencyUSD", "$0.031"},
	} {
		if got := shown(tt.v, tt.unit); got != tt.want {
			t.Errorf("shown(%v, %s) = %q, want %q", tt.v, tt.unit, got, tt.want)
		}
	}
}

// What is stacked is drawn on top of what was before it, and an axis ends at or
// above all of it.
func TestAPileSumsAndItsAxisHoldsIt(t *testing.T) {
	all := piled([]line{{name: "a", points: []point{{1, 2}, {2, 3}}}, {name: "b", points: []point{{2, 4}}}})
	if got := all[1].points; got[0].Value != 2 || got[1].Value != 7 {
		t.Errorf("the second of a pile is at %v, want 2 and 7", got)
	}
	for _, most := range []float64{.00123, .9, 1, 6.1, 7, 99, 12345} {
		if step := nice(most); most/step > 6 || most/step < 1.2 {
			t.Errorf("ticks up to %v each %v", most, step)
		}
	}
}

// What a label says is text in the picture, whatever it holds, and a long legend
// says how much it leaves out.
func TestALegendIsTextAndBounded(t *testing.T) {
	var lines []line
	for range 40 {
		lines = append(lines, line{name: "<script>alert(1)</script>", points: []point{{1, 1}}, most: 1})
	}
	f := frame{d: &drawing{}, w: 300, h: 200, from: time.Unix(0, 0), to: time.Unix(60, 0), unit: "s"}
	f.plot(lines, false)
	if text := f.d.String(); strings.Contains(text, "<script") || !strings.Contains(text, " more</tspan>") {
		t.Errorf("the picture holds %s", text)
	}
}
