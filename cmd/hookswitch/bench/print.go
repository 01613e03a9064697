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
	for _, ratio := range r.Ratios {
		b.WriteString("\n" + ratio.say() + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Result) write(b *strings.Builder) {
	where := "all cores"
	if r.Pinned {
		where = "one core"
	}
	who := r.Agent
	if r.Peer != "" {
		who += " in " + r.Peer
	}
	fmt.Fprintf(b, "\n%s   %d calls, %.0f s, %s, %d ms at a time", who, r.Calls, r.Seconds, where, r.LumpMS)
	if r.Burst > 1 {
		fmt.Fprintf(b, ", bursts of %d", r.Burst)
	}
	if r.Agent == Script {
		fmt.Fprintf(b, ", %d ahead, recording %s", r.LeadMS, onOff(r.Recording))
	}
	c := r.CPU
	fmt.Fprintf(b, "\n\n  cpu      per call     %7.2f %% of a core   best second %7.2f %%\n", c.PercentOfCore, c.BestPercent)
	fmt.Fprintf(b, "                        %7.2f ms a second     a core is full at %d calls\n", c.MSPerSecond, c.CallsPerCore)
	fmt.Fprintf(b, "           per 20 ms    %7.1f µs            best second %7.1f µs\n", c.USPer20MS, c.BestUSPerFrame)
	if r.Peer == "" {
		fmt.Fprintf(b, "                        %7.3f allocations, of all that goes on\n", c.Allocations)
	}
	fmt.Fprintf(b, "  memory   per call     %7.1f KB            without calls %5.1f MB\n", float64(r.Memory.PerCall)/1024, float64(r.Memory.Before)/(1<<20))
	fmt.Fprintf(b, "           further call %7.1f KB            of those beyond the first quarter\n", float64(r.Memory.Further)/1024)
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
	if r.Allocs != nil {
		r.Allocs.write(b)
	}
	if r.Search != nil {
		r.Search.write(b)
	}
}

// sitesShown is how many sites a person is shown; the report as JSON has more.
const sitesShown = 3

func (a *Allocs) write(b *strings.Builder) {
	fmt.Fprintf(b, "\n  allocations by the heap profile: %.4f for a frame; %.0f a second without frames\n", a.PerFrame, a.PerSec)
	for _, at := range a.Sites[:min(len(a.Sites), sitesShown)] {
		fmt.Fprintf(b, "  %8d  %.66s\n", at.Objects, at.Stack)
	}
}

// say tells q to a person.
func (q Ratio) say() string {
	if q.Peer == BareFloor {
		return fmt.Sprintf("a bare read and write, %d ms at a time: %.2f of the CPU of ours\n  (best seconds %.2f)", q.LumpMS, q.Mean, q.Best)
	}
	text := fmt.Sprintf("%s in %s, %d ms at a time: %.1f times the CPU of ours\n  (best seconds %.1f; it was %.1f ms late, p99)", q.Agent, q.Peer, q.LumpMS, q.Mean, q.Best, q.Late)
	if !q.Counts {
		text += "\n  it does not count: the peer was late, which is cheaper for it; fewer calls"
	}
	return text
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
