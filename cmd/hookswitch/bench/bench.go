// Package bench measures what calls cost on this machine: a gateway in a
// process of its own, a carrier in this one, real websockets over loopback
// between them, and an agent that echoes or that talks.
//
// What is measured is the gateway's work for a call, not speech: recogniser,
// model and voice are replaced by things that cost next to nothing.
package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
)

// Agents that can be at the gateway's end.
const (
	Echo   = "echo"   // each frame goes back as it came, by way of samples and a voice detector
	Script = "script" // a whole conversation: turns, barge-in, journal; canned voice
)

// Bounds of one run.
const (
	maxCalls = 5000
	minTime  = time.Second
	maxTime  = 10 * time.Minute
)

// Limit is the lateness that a search allows: p99 must stay under one frame.
const Limit = 20 * time.Millisecond

// Options say what to measure.
type Options struct {
	Version  string
	Agents   []string      // Echo, Script, in the order in which they are measured. Required
	Calls    int           // at a time, 1 to 5000
	Duration time.Duration // of the window that is measured, 1 s to 10 m
	Search   bool          // also look for the largest number of calls that is not late
	Record   bool          // the script agent's calls are recorded to disk
	Pin      bool          // keep the gateway on the first core and the load on the others
	Profile  string        // file for the gateway's CPU profile of the window; the agent's name is added when there are two. Empty means none

	// Gateway makes the command that runs [Gateway] in another process.
	Gateway func(ctx context.Context) *exec.Cmd
	// Progress is told what is being done. Nil means nobody.
	Progress io.Writer
}

// Check reports every mistake in o at once.
func (o Options) Check() error {
	var faults []*fault.Fault
	wrong := func(flag, what, mend string) {
		faults = append(faults, &fault.Fault{What: what, Where: flag, Mend: mend, Code: "bench/flags", Exit: fault.Wrong})
	}
	if o.Calls < 1 || o.Calls > maxCalls {
		wrong("--calls", fmt.Sprintf("%d calls can't be measured", o.Calls), fmt.Sprintf("a number from 1 to %d: --calls 100", maxCalls))
	}
	if o.Duration < minTime || o.Duration > maxTime {
		wrong("--duration", fmt.Sprintf("%v is no time to measure for", o.Duration), fmt.Sprintf("from %v to %v: --duration 10s", minTime, maxTime))
	}
	if len(o.Agents) == 0 {
		wrong("--agent", "there is no agent to measure", "--agent echo")
	}
	for _, a := range o.Agents {
		if a != Echo && a != Script {
			wrong("--agent", fmt.Sprintf("there is no agent %q", a), "--agent echo or --agent script")
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return &fault.List{Title: fmt.Sprintf("%d mistakes on the command line, nothing was started", len(faults)), Faults: faults}
}

// Run measures each agent in turn. The error says that it could not be done; a
// check that failed is in the Report.
func Run(ctx context.Context, o Options) (Report, error) {
	if err := o.Check(); err != nil {
		return Report{}, err
	}
	if o.Progress == nil {
		o.Progress = io.Discard
	}
	r := Report{Version: o.Version, Machine: machine(), Pass: true}
	for _, agent := range o.Agents {
		fmt.Fprintf(o.Progress, "measuring %s: %d calls, %v\n", agent, o.Calls, o.Duration)
		run, err := measure(ctx, o, round{agent: agent, calls: o.Calls, window: o.Duration, pin: o.Pin, profile: o.profile(agent)})
		if err != nil {
			return Report{}, impossible(ctx, err)
		}
		if o.Search {
			if run.Search, err = search(ctx, o, agent); err != nil {
				return Report{}, impossible(ctx, err)
			}
		}
		r.Runs = append(r.Runs, run)
		r.Pass = r.Pass && run.Pass
	}
	return r, nil
}

func (o Options) profile(agent string) string {
	if o.Profile == "" || len(o.Agents) == 1 {
		return o.Profile
	}
	return o.Profile + "." + agent
}

// impossible is err as a person is told it, unless it was they who stopped us.
func impossible(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(context.Cause(ctx), context.Canceled) {
		return context.Canceled
	}
	return &fault.Fault{What: "nothing could be measured: " + err.Error(), Where: "hookswitch bench",
		Mend: fault.Keep("hookswitch bench --calls 5 --duration 1s") + " asks for less; " + fault.Keep("ulimit -n") + " must be twice the calls",
		Code: "bench/failed", Err: err}
}
