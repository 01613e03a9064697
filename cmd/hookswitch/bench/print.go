package bench

import (
	"fmt"
	"io"
	"strings"
)

// Write tells r to a person, in at most 80 columns.
func (r Report) Write(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "hookswitch %s   calls over websockets on loopback, without TLS\n", r.Version)
	m := r.Machine
	fmt.Fprintf(&b, "machine   %d cores, %.44s\n          %s/%s, %s, load average %.1f before\n", m.Cores, m.Model, m.OS, m.Arch, m.Go, m.Load)
	for i := range r.Runs {
		r.Runs[i].write(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Result) write(b *strings.Builder) {
	where := "all cores"
	if r.Pinned {
		where = "one core"
	}
	fmt.Fprintf(b, "\n%s   %d calls, %.0f s, %s", r.Agent, r.Calls, r.Seconds, where)
	if r.Agent == Script {
		fmt.Fprintf(b, ", %d ms ahead, %d ms at a time, recording %s", r.LeadMS, r.LumpMS, onOff(r.Recording))
	}
	c := r.CPU
	fmt.Fprintf(b, "\n\n  cpu      per call     %7.2f %% of a core   best second %7.2f %%\n", c.PercentOfCore, c.BestPercent)
	fmt.Fprintf(b, "                        %7.2f ms a second     a core is full at %d calls\n", c.MSPerSecond, c.CallsPerCore)
	fmt.Fprintf(b, "           per frame    %7.1f µs            best second %7.1f µs\n", c.USPerFrame, c.BestUSPerFrame)
	fmt.Fprintf(b, "                        %7.2f allocations\n", c.Allocations)
	fmt.Fprintf(b, "  memory   per call     %7.1f KB            without calls %5.1f MB\n", float64(r.Memory.PerCall)/1024, float64(r.Memory.Before)/(1<<20))
	fmt.Fprintf(b, "\n  ms                        p50      p99    p99.9     most    count\n")
	row(b, "frames late", r.Late)
	if r.Agent == Script {
		row(b, "answer begins", r.Answer)
		row(b, "clear", r.Clear)
	}
	row(b, "load late itself", r.Load.Late)
	fmt.Fprintf(b, "\n  the load took %.0f %% of a core, others on this machine %.0f %%\n\n", r.Load.PercentOfCore, r.Load.Others)
	for _, check := range r.Checks {
		verdict := "ok    "
		if !check.Held {
			verdict = "FAILED"
		}
		fmt.Fprintf(b, "  %s   %-33s %s\n", verdict, check.Name, check.Says)
	}
	if r.Search != nil {
		r.Search.write(b)
	}
}

func row(b *strings.Builder, name string, q Quantiles) {
	fmt.Fprintf(b, "  %-20s %8.2f %8.2f %8.2f %8.2f %8d\n", name, q.P50, q.P99, q.P999, q.Most, q.Count)
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

func (s *Search) write(b *strings.Builder) {
	fmt.Fprintf(b, "\n  most calls on one core with p99 under %.0f ms: %d\n", s.LimitMS, s.Largest)
	fmt.Fprintf(b, "\n   calls  cpu %%      p50      p99    p99.9  load p99  others %%\n")
	for _, t := range s.Tried {
		fmt.Fprintf(b, "  %6d %6.1f %8.2f %8.2f %8.2f  %8.2f  %8.0f  %s\n", t.Calls, t.CPU, t.Late.P50, t.Late.P99, t.Late.P999, t.Load, t.Others, t.Why)
	}
	fmt.Fprintf(b, "  %s\n", s.Ended)
}
