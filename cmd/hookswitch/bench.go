package main

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"os/signal"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/bench"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
)

// benchCmd measures what calls cost on this machine.
type benchCmd struct {
	Calls    int           `placeholder:"N" default:"100" help:"Calls at a time. Default ${default}."`
	Duration time.Duration `placeholder:"TIME" default:"10s" help:"How long to measure. Default ${default}."`
	Agent    string        `enum:"echo,script,both" default:"both" help:"What answers: echo sends each frame back, script talks (canned voice, nothing recognised), or both in turn. Default ${default}."`
	Search   bool          `help:"Also look for the most calls on one core whose frames are less than 20 ms late (p99). A few minutes."`
	Record   bool          `help:"Record the script's calls to disk, in the folder for temporary files."`
	Pin      bool          `help:"Keep the gateway on the first core and the load on the others. A search always does."`
	Profile  string        `placeholder:"FILE" type:"path" help:"Write the gateway's CPU profile, for go tool pprof."`
	JSON     bool          `name:"json" help:"Print the result as JSON."`
	Gateway  bool          `hidden:"" help:"Be the process that is measured, told so on standard input."`
}

// Run measures. Its error is fault.ErrCheckFailed when frames were lost, or
// anything else was not as on a real line.
func (c *benchCmd) Run(ctx context.Context, s streams) error {
	if c.Gateway {
		signal.Ignore(os.Interrupt) // Ctrl-C is for who started us; our input ends when they do
		return bench.Gateway(ctx, s.in, s.out)
	}
	ctx, stop := interruptible(ctx)
	defer stop()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	agents := []string{c.Agent}
	if c.Agent == "both" {
		agents = []string{bench.Echo, bench.Script}
	}
	report, err := bench.Run(ctx, bench.Options{
		Version: version, Agents: agents, Calls: c.Calls, Duration: c.Duration, Search: c.Search,
		Record: c.Record, Pin: c.Pin, Profile: c.Profile, Progress: s.err,
		Gateway: func(ctx context.Context) *exec.Cmd { return exec.CommandContext(ctx, self, "bench", "--gateway") },
	})
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
	if err == nil && !report.Pass {
		return fault.ErrCheckFailed
	}
	return err
}
