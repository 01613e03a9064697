package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/bench"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/bench/peers"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
)

// benchCmd measures what calls cost on this machine.
type benchCmd struct {
	Calls    int             `placeholder:"N" default:"100" help:"Calls at a time. Default ${default}."`
	Duration time.Duration   `placeholder:"TIME" default:"10s" help:"How long to measure. Default ${default}."`
	Burst    int             `placeholder:"N" help:"Calls whose frames come at the same moment, as they do on a machine with many more. Default 1; with peers 50."`
	Agent    string          `enum:"echo,script,both" default:"both" help:"What answers: echo sends each frame back, script talks (canned voice, nothing recognised), or both in turn. Default ${default}."`
	Lump     []time.Duration `placeholder:"TIME" help:"How much sound is sent at a time; each of several is measured. Default 20ms for the echo, 60ms for the script."`
	Lead     time.Duration   `placeholder:"TIME" help:"How far ahead the script's sound is sent. Default 200ms."`
	Peer     []string        `placeholder:"NAME" enum:"node,node+bufferutil,floor" help:"Also have this program echo, on the same core in the same run: node (fetched by npm, once), node+bufferutil, or floor, which only reads and writes."`
	Search   bool            `help:"Also look for the most calls on one core whose frames are less than 20 ms late (p99). A few minutes."`
	Allocs   bool            `help:"Also say what is allocated for a frame, and where, by the heap profile of a short run of its own."`
	Soak     bool            `help:"Say whether memory grows; give it a --duration of minutes."`
	Record   bool            `default:"true" negatable:"" help:"Record the script's calls to disk, in the folder for temporary files. Default on."`
	Pin      bool            `help:"Keep the gateway on the first core and the load on the others. A search always does, and so do peers."`
	Fail     []string        `placeholder:"CONDITION" sep:"none" help:"Exit with status 1 if this holds, such as 'lateness_p99>20ms' or 'ratio<4'. A name that is none lists them all."`
	Profile  string          `placeholder:"FILE" type:"path" help:"Write the gateway's CPU profile, for go tool pprof."`
	JSON     bool            `name:"json" help:"Print the result as JSON, in a form that stays: docs/performance.md."`
	Render   []string        `placeholder:"FILE" type:"path" sep:"none" hidden:"" help:"Write the tables of docs/performance.md and its plots from these reports, and measure nothing."`
	Fetch    bool            `hidden:"" help:"Only fetch what the peers need."`
	Floor    bool            `hidden:"" help:"Be the peer of that name, told so on standard input."`
	Gateway  bool            `hidden:"" help:"Be the process that is measured, told so on standard input."`
}

// Run measures. Its error is fault.ErrCheckFailed when frames were lost, or
// anything else was not as on a real line, or a condition holds.
func (c *benchCmd) Run(ctx context.Context, s streams) error {
	if c.Gateway {
		signal.Ignore(os.Interrupt) // Ctrl-C is for who started us; our input ends when they do
		return bench.Gateway(ctx, s.in, s.out)
	}
	if c.Floor {
		signal.Ignore(os.Interrupt)
		return bench.Floor(ctx, s.in, s.out)
	}
	if len(c.Render) > 0 {
		return render("docs", c.Render)
	}
	ctx, stop := interruptible(ctx)
	defer stop()
	conditions, err := c.conditions()
	if err != nil {
		return err
	}
	o, err := c.options(ctx, s)
	if err != nil || c.Fetch {
		return err
	}
	report, err := bench.Run(ctx, o)
	switch {
	case err != nil:
		return err
	case c.JSON:
		enc := json.NewEncoder(s.out)
		enc.SetIndent("", "  ")
		err = enc.Encode(report)
	default:
		err = report.Write(s.out)
	}
	held, ferr := judge(s.err, report, conditions)
	if err = errors.Join(err, ferr); err == nil && (held || !report.Pass) {
		return fault.ErrCheckFailed
	}
	return err
}

// conditions are what --fail says. Every mistake is told at once.
func (c *benchCmd) conditions() (all []bench.Condition, err error) {
	var faults []*fault.Fault
	for _, text := range c.Fail {
		condition, err := bench.ParseCondition(text)
		if err != nil {
			faults = append(faults, &fault.Fault{What: err.Error(), Where: "--fail", Mend: fault.Keep("--fail 'lateness_p99>20ms'"), Code: "bench/condition", Exit: fault.Wrong})
		}
		all = append(all, condition)
	}
	if len(faults) == 0 {
		return all, nil
	}
	return nil, &fault.List{Title: fmt.Sprintf("%d mistakes on the command line, nothing was started", len(faults)), Faults: faults}
}

// judge tells which conditions hold.
func judge(w io.Writer, r bench.Report, conditions []bench.Condition) (held bool, err error) {
	for _, condition := range conditions {
		where, err := condition.Holds(r)
		if err != nil {
			return held, &fault.Fault{What: err.Error(), Where: "--fail", Mend: "measure it, or leave the condition out", Code: "bench/condition", Exit: fault.Wrong, Err: err}
		}
		for _, at := range where {
			held = true
			fmt.Fprintf(w, "--fail %s: %s\n", condition, at)
		}
	}
	return held, nil
}

func (c *benchCmd) options(ctx context.Context, s streams) (bench.Options, error) {
	self, err := os.Executable()
	if err != nil {
		return bench.Options{}, err
	}
	agents := []string{c.Agent}
	if c.Agent == "both" {
		agents = []string{bench.Echo, bench.Script}
	}
	o := bench.Options{
		Version: version, Command: "hookswitch " + strings.Join(os.Args[1:], " "), Agents: agents, Calls: c.Calls, Burst: c.Burst, Duration: c.Duration,
		Lumps: c.Lump, Lead: c.Lead, Peers: c.Peer, Search: c.Search, Allocs: c.Allocs, Soak: c.Soak,
		Record: c.Record, Pin: c.Pin, Profile: c.Profile, Progress: s.err,
		Gateway: func(ctx context.Context) *exec.Cmd { return exec.CommandContext(ctx, self, "bench", "--gateway") },
	}
	if err := o.Check(); err != nil {
		return o, err
	}
	run := map[string]func(context.Context) *exec.Cmd{
		bench.BareFloor: func(ctx context.Context) *exec.Cmd { return exec.CommandContext(ctx, self, "bench", "--floor") },
	}
	for _, name := range c.Peer {
		if name == bench.BareFloor {
			continue
		}
		if run[name], err = peers.Prepare(ctx, name, os.Getenv("HOOKSWITCH_CACHE_DIR")); err != nil {
			return o, &fault.Fault{What: err.Error(), Where: fault.Keep("--peer " + name), Mend: "is there a node, 20 or later, and npm? without it: no --peer", Code: "bench/peer", Err: err}
		}
	}
	o.Peer = func(ctx context.Context, name string) *exec.Cmd { return run[name](ctx) }
	return o, nil
}
