package bench

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Marks between which docs/performance.md has what reports say.
const (
	pageBegins = "<!-- make bench-report writes from here -->"
	pageEnds   = "<!-- to here -->"
)

// maxReport bounds one file that is read.
const maxReport = 16 << 20

// ReadReport reads what `hookswitch bench --json` printed.
func ReadReport(text []byte) (Report, error) {
	if len(text) > maxReport {
		return Report{}, fmt.Errorf("bench: a report has at most %d MB", maxReport>>20)
	}
	var r Report
	if err := json.Unmarshal(text, &r); err != nil {
		return Report{}, fmt.Errorf("bench: no report: %w", err)
	}
	if r.Format != Format {
		return Report{}, fmt.Errorf("bench: a report of format %d, and this is format %d: measure it again", r.Format, Format)
	}
	return r, nil
}

// Rewrite replaces what page says between its marks by what reports say, oldest
// first.
func Rewrite(page string, reports []Report) (string, error) {
	before, rest, ok := strings.Cut(page, pageBegins)
	_, after, ends := strings.Cut(rest, pageEnds)
	if !ok || !ends {
		return "", errors.New("bench: the page has no marks: " + pageBegins + " and " + pageEnds)
	}
	return before + pageBegins + "\n\n" + tables(sorted(reports)) + "\n" + pageEnds + after, nil
}

func sorted(reports []Report) []Report {
	out := slices.Clone(reports)
	slices.SortStableFunc(out, func(a, b Report) int {
		return cmp.Or(cmp.Compare(a.Began, b.Began), cmp.Compare(a.Command, b.Command))
	})
	return out
}

// tables are the reports for people to read.
func tables(reports []Report) string {
	var b strings.Builder
	for _, r := range reports {
		m := r.Machine
		fmt.Fprintf(&b, "`%s`, %s, %d cores of %s, %s/%s, %s, load average %.1f before:\n\n", r.Command, r.Began, m.Cores, m.Model, m.OS, m.Arch, m.Go, m.Load)
		b.WriteString("| | calls | lumps | µs of CPU per 20 ms | best second | KB a call | late p50 | p99 | p99.9 ms | allocations a frame | others on the machine |\n")
		b.WriteString("|---|---|---|---|---|---|---|---|---|---|---|\n")
		for i := range r.Runs {
			r.Runs[i].row(&b)
		}
		b.WriteString("\n")
		for _, ratio := range r.Ratios {
			fmt.Fprintf(&b, "A frame of the echo, %d ms at a time, in %s: **%.1f times** the CPU of ours, by the best seconds %.1f.\n", ratio.LumpMS, ratio.Peer, ratio.Mean, ratio.Best)
		}
		for i := range r.Runs {
			r.Runs[i].rest(&b)
		}
	}
	return b.String()
}

// who is r's agent, and whose it is.
func (r *Result) who() string {
	if r.Peer != "" {
		return r.Agent + " in " + r.Peer
	}
	return r.Agent
}

func (r *Result) row(b *strings.Builder) {
	allocations := ""
	if r.Allocs != nil {
		allocations = fmt.Sprintf("%.4f", r.Allocs.PerFrame)
	}
	fmt.Fprintf(b, "| %s | %d | %d ms | %.1f | %.1f | %d | %.2f | %.2f | %.2f | %s | %.0f %% |\n", r.who(), r.Calls, r.LumpMS,
		r.CPU.USPer20MS, r.CPU.BestUSPerFrame, r.Memory.PerCall>>10, r.Late.P50, r.Late.P99, r.Late.P999, allocations, r.Load.Others)
}

// rest is what is not in the table.
func (r *Result) rest(b *strings.Builder) {
	if r.Soak != nil {
		fmt.Fprintf(b, "Memory of %d calls of the %s: %s.\n", r.Calls, r.who(), r.Soak.verdict())
	}
	if r.Search != nil {
		fmt.Fprintf(b, "\nMost calls of the %s on one core, %d ms at a time, with p99 under %.0f ms: **%d**. %s.\n", r.who(), r.LumpMS, r.Search.LimitMS, r.Search.Largest, r.Search.Ended)
	}
	for _, c := range r.Checks {
		if !c.Held {
			fmt.Fprintf(b, "\nOf the %s, a check failed: %s: %s.\n", r.who(), c.Name, c.Says)
		}
	}
}

// Plots are the pictures that reports allow, by file name.
func Plots(reports []Report) map[string]string {
	late := chart{title: "Calls on one core, and how late their frames are", unit: "ms, p99", log: true, limit: ms(Limit)}
	cpu := chart{title: "CPU for 20 ms of a call", unit: "µs"}
	memory := chart{title: "Memory for each call", unit: "KB"}
	costs, sizes := map[string][]point{}, map[string][]point{}
	for _, r := range sorted(reports) {
		for _, run := range r.Runs {
			name := fmt.Sprintf("%s, %d ms at a time", run.who(), run.LumpMS)
			costs[name] = append(costs[name], point{float64(run.Calls), run.CPU.USPer20MS})
			sizes[name] = append(sizes[name], point{float64(run.Calls), float64(run.Memory.PerCall) / 1024})
			if run.Search == nil {
				continue
			}
			best := map[float64]float64{}
			for _, t := range run.Search.Tried {
				if calls := float64(t.Calls); t.Late.Count > 0 {
					best[calls] = min(cmp.Or(best[calls], t.Late.P99), t.Late.P99)
					costs[name] = append(costs[name], point{calls, t.CPU / calls * 200}) // percent of a core; 20 ms is a fiftieth of a second
				}
			}
			late.lines = append(late.lines, curve{name, points(best)})
		}
	}
	cpu.lines, memory.lines = curves(costs), curves(sizes)
	plots := map[string]string{}
	for name, c := range map[string]chart{"bench-late.svg": late, "bench-cpu.svg": cpu, "bench-memory.svg": memory} {
		if len(c.lines) > 0 {
			plots[name] = c.svg()
		}
	}
	return plots
}

// curves are lines by name, each by calls; of several values for as many calls the
// least.
func curves(all map[string][]point) (lines []curve) {
	for name, at := range all {
		least := map[float64]float64{}
		for _, p := range at {
			least[p.calls] = min(cmp.Or(least[p.calls], p.value), p.value)
		}
		lines = append(lines, curve{name, points(least)})
	}
	slices.SortFunc(lines, func(a, b curve) int { return cmp.Compare(a.name, b.name) })
	return lines
}

func points(values map[float64]float64) (all []point) {
	for calls, value := range values {
		all = append(all, point{calls, value})
	}
	slices.SortFunc(all, func(a, b point) int { return cmp.Compare(a.calls, b.calls) })
	return all
}
