package bench

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
)

func reports() []Report {
	first := judged
	first.Format, first.Began, first.Command = Format, "2026-11-22T10:00:00Z", "hookswitch bench --search"
	first.Runs = slices.Clone(first.Runs)
	first.Runs[0].Calls, first.Runs[1].Calls, first.Runs[2].Calls = 100, 100, 400
	first.Runs[0].Search = &Search{LimitMS: 20, Largest: 200, Ended: "every step held", Tried: []Try{
		{Calls: 100, CPU: 15, Late: Quantiles{P99: 0.1, Count: 9}, Held: true},
		{Calls: 200, CPU: 22, Late: Quantiles{P99: 41, Count: 9}}, {Calls: 200, CPU: 22, Late: Quantiles{P99: 2, Count: 9}, Held: true},
	}}
	second := first
	second.Runs = slices.Clone(first.Runs)
	second.Runs[0].Search = nil
	second.Began, second.Command = "2026-11-22T11:00:00Z", "hookswitch bench --calls '<800>'"
	return []Report{second, first}
}

func TestReportsAreWrittenBetweenTheMarksTheSameEachTime(t *testing.T) {
	page := "# What a call costs\n\n" + pageBegins + "\nold\n" + pageEnds + "\n\nmore\n"
	once, err := Rewrite(page, reports())
	if err != nil {
		t.Fatal(err)
	}
	again := reports()
	slices.Reverse(again)
	twice, err := Rewrite(once, again)
	if err != nil || once != twice {
		t.Errorf("%v; rewritten it is\n%s\nand before\n%s", err, twice, once)
	}
	for _, want := range []string{"# What a call costs\n", "\nmore\n", "| echo in node | 100 | 20 ms |", "**200**", "hookswitch bench --search`, 2026-11-22T10:00:00Z"} {
		if !strings.Contains(once, want) {
			t.Errorf("no %q in\n%s", want, once)
		}
	}
	if strings.Contains(once, "old") || strings.Index(once, "T10:00") > strings.Index(once, "T11:00") {
		t.Errorf("%s", once)
	}
	if _, err := Rewrite("no marks", nil); err == nil {
		t.Error("a page without marks was written")
	}
}

func TestPlotsAreTheSameForTheSameReportsAndAreXML(t *testing.T) {
	plots := Plots(reports())
	if got := slices.Sorted(maps.Keys(plots)); !slices.Equal(got, []string{"bench-cpu.svg", "bench-late.svg", "bench-memory.svg"}) {
		t.Fatalf("plots: %v", got)
	}
	again := reports()
	slices.Reverse(again)
	if !maps.Equal(plots, Plots(again)) {
		t.Error("other plots from the same reports")
	}
	for name, text := range plots {
		d := xml.NewDecoder(strings.NewReader(text))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v\n%s", name, err, text)
			}
		}
		if strings.Contains(text, "NaN") || strings.Contains(text, "Inf") || strings.Count(text, "<polyline") == 0 {
			t.Errorf("%s: %s", name, text)
		}
	}
	if n := strings.Count(plots["bench-late.svg"], "<circle"); n != 3 {
		t.Errorf("%d marks for two numbers of calls and the line's name: of two attempts the better one counts", n)
	}
}

func TestReportsOfAnotherFormatAreRefused(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"nonsense", "no report"}, {`{"format":99}`, "format 99"}, {`{}`, "format 0"},
	} {
		if _, err := ReadReport([]byte(tt.text)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.text, err)
		}
	}
	text, err := json.Marshal(reports()[0])
	if err != nil {
		t.Fatal(err)
	}
	if r, err := ReadReport(text); err != nil || len(r.Runs) != 3 {
		t.Errorf("%+v, %v", r, err)
	}
}
