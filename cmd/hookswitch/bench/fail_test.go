package bench

import (
	"os"
	"strings"
	"testing"
)

var judged = Report{
	Runs: []Result{
		{Agent: Echo, LumpMS: 20, Late: Quantiles{P50: 0.1, P99: 3.5}, CPU: CPU{USPer20MS: 12.5, PercentOfCore: 0.0625}, Memory: Memory{PerCall: 40 << 10}},
		{Agent: Echo, LumpMS: 20, Peer: "node", Late: Quantiles{P99: 900}},
		{Agent: Script, LumpMS: 60, Late: Quantiles{P99: 21}, CPU: CPU{USPer20MS: 9}, Memory: Memory{PerCall: 61 << 10}, Allocs: &Allocs{PerFrame: 0.2}},
	},
	Ratios: []Ratio{{Agent: Echo, Peer: "node", LumpMS: 20, Best: 3.9, Late: 90, Counts: true}, {Agent: Echo, Peer: BareFloor, LumpMS: 20, Best: 0.6, Counts: true}},
}

func TestConditionsHoldOfRunsOfOursOnly(t *testing.T) {
	for _, tt := range []struct{ text, where string }{
		{"lateness_p99>20ms", "script, 60 ms at a time: lateness_p99 is 21ms"},
		{"lateness_p99 > 3 ms", "echo, 20 ms at a time: lateness_p99 is 3.5ms|script, 60 ms at a time: lateness_p99 is 21ms"},
		{"lateness_p99>=21000us", "script, 60 ms at a time: lateness_p99 is 21ms"},
		{"lateness_p99>21ms", ""},
		{"cpu>12µs", "echo, 20 ms at a time: cpu is 12.5us"},
		{"cpu<=0.009ms", "script, 60 ms at a time: cpu is 9us"},
		{"cpu_percent<1%", "echo, 20 ms at a time: cpu_percent is 0.0625%|script, 60 ms at a time: cpu_percent is 0%"},
		{"memory>60KB", "script, 60 ms at a time: memory is 61KB"},
		{"memory>0.06MB", ""},
		{"heap_allocations>0.01", "script, 60 ms at a time: heap_allocations is 0.2"},
		{"ratio<4", "echo of node, 20 ms at a time: ratio is 3.9"},
		{"ratio<2", ""},
	} {
		c, err := ParseCondition(tt.text)
		if err != nil {
			t.Error(err)
			continue
		}
		where, err := c.Holds(judged)
		if got := strings.Join(where, "|"); err != nil || got != tt.where {
			t.Errorf("%s: %q, %v; want %q", tt.text, got, err, tt.where)
		}
	}
}

func TestConditionsThatMeanNothingSayWhy(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"", "compares nothing"},
		{"lateness_p99=20ms", "compares nothing"},
		{"late>20ms", `no figure "late"; there are lateness_p50, lateness_p99,`},
		{"lateness_p99>20", "no number with a unit such as ms"},
		{"lateness_p99>20KB", "no number with a unit such as ms"},
		{"lateness_p99>ms", "no number from 0 on"},
		{"lateness_p99>-1ms", "no number from 0 on"},
		{"lateness_p99>1.2.3ms", "no number from 0 on"},
		{"lateness_p99>>1ms", "no number from 0 on"},
		{"ratio<4x", "no plain number"},
		{strings.Repeat("a", 300) + ">1", "at most 200"},
	} {
		if _, err := ParseCondition(tt.text); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v, want %q", tt.text, err, tt.want)
		}
	}
	c, err := ParseCondition("calls<800")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Holds(judged); err == nil || !strings.Contains(err.Error(), "with --search, and it was not measured") {
		t.Errorf("a figure that is not there: %v", err)
	}
}

func TestARatioToAPeerThatWasLateIsNotJudged(t *testing.T) {
	c, err := ParseCondition("ratio<4")
	if err != nil {
		t.Fatal(err)
	}
	late := ratios([]Result{{Agent: Echo, LumpMS: 20}, {Agent: Echo, LumpMS: 20, Peer: "node", Late: Quantiles{P99: 100}}})
	if _, err := c.Holds(Report{Ratios: late}); err == nil || !strings.Contains(err.Error(), "node was late itself, p99 100 ms") {
		t.Errorf("%v", err)
	}
}

func FuzzCondition(f *testing.F) {
	for _, seed := range []string{"lateness_p99>20ms", "ratio<2", "cpu<= 12.5 µs", "memory>1e3KB", ">", "calls>NaN", "a>=0x1p-2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseCondition(text)
		if err != nil {
			return
		}
		if c.limit < 0 || c.limit != c.limit || c.String() != text {
			t.Errorf("%q is understood as %+v", text, c)
		}
		if _, err := c.Holds(judged); err != nil && !strings.Contains(err.Error(), "not measured") {
			t.Errorf("%q: %v", text, err)
		}
	})
}

func TestThePageNamesEveryFigureOfACondition(t *testing.T) {
	page, err := os.ReadFile("../../../docs/performance.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range Quantities() {
		if !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("docs/performance.md does not name %s", name)
		}
	}
}
