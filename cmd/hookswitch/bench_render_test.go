package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
)

func TestBenchRendersReportsIntoThePage(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	report := `{"format":1,"began":"2026-11-22T10:00:00Z","command":"hookswitch bench","runs":[{"agent":"echo","calls":70,"lump_ms":20,"cpu":{"us_per_20ms":12.5},"memory":{"per_call_bytes":40960}}]}`
	for name, text := range map[string]string{"docs/performance.md": "# Costs\n\n<!-- make bench-report writes from here -->\n<!-- to here -->\n", "one.json": report, "old.json": `{"runs":[]}`} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if status, out, errs := typed(t, nil, "bench", "--render=one.json"); status != fault.Held || out != "" {
		t.Fatalf("status %d, %s%s", status, out, errs)
	}
	page, err := os.ReadFile("docs/performance.md")
	if err != nil || !strings.Contains(string(page), "| echo | 70 | 20 ms | 12.5 |") {
		t.Errorf("%v\n%s", err, page)
	}
	if plot, err := os.ReadFile("docs/bench-cpu.svg"); err != nil || !strings.HasPrefix(string(plot), "<svg ") {
		t.Errorf("%v\n%s", err, plot)
	}
	if status, _, errs := typed(t, nil, "bench", "--render=old.json"); status == fault.Held || !strings.Contains(errs, "format 0") {
		t.Errorf("an old report: status %d, %s", status, errs)
	}
}

func TestBenchRefusesConditionsThatMeanNothing(t *testing.T) {
	status, out, errs := typed(t, nil, "bench", "--fail=late>20ms", "--fail=ratio<x")
	if status != fault.Wrong || out != "" || !strings.Contains(errs, "2 mistakes") || !strings.Contains(errs, "lateness_p99") {
		t.Errorf("status %d, %s\n%s", status, out, errs)
	}
}
