// Package bench measures what calls cost on this machine: the whole gateway in a
// process of its own, a carrier in this one, real websockets over loopback between
// them, and an agent that echoes or that talks. Beside it, in the same run and for
// the same calls, a peer: what one would write otherwise.
//
// What is measured is the gateway's work for a call, not speech: recogniser,
// model and voice are replaced by things that cost next to nothing.
package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/media"
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
	maxTime  = time.Hour
)

// How audio is sent when nothing is said of it. The script's are the product's own
// settings line.lead and line.lump; the echo's is a message for each frame, so that
// what is late is late by the gateway's doing.
const (
	defaultLead = 200 * time.Millisecond
	defaultLump = 60 * time.Millisecond
	echoLump    = media.FrameDuration
	peerBurst   = 50
)

// Limit is the lateness that a search allows: p99 must stay under one frame.
const Limit = 20 * time.Millisecond

// Options say what to measure.
type Options struct {
	Version  string
	Command  string          // as it was typed, for the report
	Agents   []string        // Echo, Script, in the order in which they are measured. Required
	Calls    int             // at a time, 1 to 5000
	Burst    int             // calls whose frames are sent at the same moment, at most Calls. Zero means 1; with Peers 50, or all calls if they are fewer
	Duration time.Duration   // of the window that is measured, 1 s to 1 h
	Lumps    []time.Duration // how much is sent at a time; each is measured. Empty: 20 ms for the echo, 60 ms for the script
	Lead     time.Duration   // how far ahead the script's sound is sent. Zero means 200 ms
	Peers    []string        // who echoes beside the gateway, each on the same core: see peers
	Search   bool            // also look for the largest number of calls that is not late
	Soak     bool            // tell whether memory grows; the window should be minutes
	Allocs   bool            // also have a gateway note every allocation, in a run of its own
	Record   bool            // the script agent's calls are recorded to disk
	Pin      bool            // keep the gateway on the first core and the load on the others; with peers always
	Profile  string          // file for the gateway's CPU profile of the window; what is measured is added when it is more than one thing. Empty means none

	// Gateway makes the command that runs [Gateway] in another process.
	Gateway func(ctx context.Context) *exec.Cmd
	// Peer makes the command that runs a peer. Required with Peers.
	Peer func(ctx context.Context, name string) *exec.Cmd
	// Progress is told what is being done. Nil means nobody.
	Progress io.Writer
}

// command runs the gateway, or a peer.
func (o Options) command(ctx context.Context, peer string) *exec.Cmd {
	if peer != "" {
		return o.Peer(ctx, peer)
	}
	return o.Gateway(ctx)
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
	if o.Burst < 0 || o.Burst > max(1, o.Calls) {
		wrong("--burst", fmt.Sprintf("the frames of %d calls can't be sent at the same moment", o.Burst), "a number from 1 to the calls: --burst 50")
	}
	if o.Duration < minTime || o.Duration > maxTime {
		wrong("--duration", fmt.Sprintf("%v is no time to measure for", o.Duration), fmt.Sprintf("from %v to %v: --duration 10s", minTime, maxTime))
	}
	lead := cmp.Or(o.Lead, defaultLead)
	if lead < media.FrameDuration || lead > 2*time.Second || lead%media.FrameDuration != 0 {
		wrong("--lead", fmt.Sprintf("sound can't be sent %v ahead", o.Lead), "from 20ms to 2s, in steps of 20 ms: --lead 200ms")
	}
	for _, lump := range o.Lumps {
		if lump < media.FrameDuration || lump > min(lead, time.Second) || lump%media.FrameDuration != 0 {
			wrong("--lump", fmt.Sprintf("sound can't be sent %v at a time", lump), "from 20ms to 1s, in steps of 20 ms, and at most the lead: --lump 60ms")
		}
	}
	if len(o.Peers) > 0 && !slices.Contains(o.Agents, Echo) {
		wrong("--peer", "peers only echo", "--agent echo, or both")
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
	r := Report{Format: Format, Began: time.Now().UTC().Format(time.RFC3339), Command: o.Command, Version: o.Version, Machine: machine(), Pass: true}
	for _, next := range o.rounds() {
		run, err := o.run(ctx, next)
		if err != nil {
			return Report{}, impossible(ctx, err)
		}
		r.Runs = append(r.Runs, run)
		r.Pass = r.Pass && (run.Pass || next.peer != "")
	}
	r.Ratios = ratios(r.Runs)
	return r, nil
}

// rounds are what is measured, in order: a peer right behind what it is compared
// with.
func (o Options) rounds() (all []round) {
	for _, agent := range o.Agents {
		lumps := o.Lumps
		if len(lumps) == 0 {
			lumps = []time.Duration{map[string]time.Duration{Echo: echoLump, Script: defaultLump}[agent]}
		}
		for _, lump := range lumps {
			r := round{agent: agent, calls: o.Calls, burst: o.burst(), window: o.Duration, pin: o.Pin || len(o.Peers) > 0, lump: lump, lead: max(cmp.Or(o.Lead, defaultLead), lump), record: o.Record && agent == Script, soak: o.Soak}
			all = append(all, r)
			for _, peer := range o.Peers {
				if agent == Echo {
					other := r
					other.peer = peer
					all = append(all, other)
				}
			}
		}
	}
	if o.Profile != "" {
		for i, r := range all {
			if r.peer == "" {
				all[i].profile = o.profile(r, len(all))
			}
		}
	}
	return all
}

// burst is how many calls' frames are sent at a moment. A peer is compared for what
// a frame costs, not for what it costs to be woken.
func (o Options) burst() int {
	if o.Burst == 0 && len(o.Peers) > 0 {
		return min(peerBurst, o.Calls)
	}
	return max(1, o.Burst)
}

func (o Options) profile(r round, of int) string {
	if of == 1 {
		return o.Profile
	}
	return fmt.Sprintf("%s.%s-%d", o.Profile, r.agent, r.lump.Milliseconds())
}

// run measures r, and all else that is asked about it.
func (o Options) run(ctx context.Context, r round) (Result, error) {
	fmt.Fprintf(o.Progress, "measuring %s: %d calls, %v\n", r.name(), r.calls, r.window)
	run, err := measure(ctx, o, r)
	if err != nil {
		return Result{}, err
	}
	if o.Search {
		if run.Search, err = search(ctx, o, r); err != nil {
			return Result{}, err
		}
	}
	if o.Allocs && r.peer == "" {
		if err := allocs(ctx, o, r, &run); err != nil {
			return Result{}, err
		}
	}
	return run, nil
}

// name is r for people to read.
func (r round) name() string {
	who := r.agent
	if r.peer != "" {
		who = r.peer + "'s " + who
	}
	return fmt.Sprintf("%s, %d ms at a time", who, r.lump.Milliseconds())
}

// A run for the heap profile is short and small: noting every allocation makes
// each dearer by far.
const (
	heapCalls = 100
	heapTime  = 6 * time.Second // a stream that says nothing for 10 s is over
	heapMost  = 0.15            // allocations for a frame of the echo; more fails. One for a lump of 100 ms is 0.2, one look at the database more 0.05
)

// allocs has a gateway note every allocation, of calls that talk and of calls that
// are silent, and fills in what the frames need.
func allocs(ctx context.Context, o Options, r round, run *Result) error {
	fmt.Fprintf(o.Progress, "noting allocations of %s\n", r.name())
	r.calls, r.window, r.heap, r.profile = min(r.calls, heapCalls), heapTime, true, ""
	busy, err := measure(ctx, o, r)
	if err != nil {
		return err
	}
	r.idle = true
	idle, err := measure(ctx, o, r)
	if err != nil {
		return err
	}
	run.Allocs = busy.noted.less(idle.noted)
	if r.agent == Echo {
		run.held("no allocation for a frame", run.Allocs.PerFrame <= heapMost, "%.4f, in and out, by the heap profile", run.Allocs.PerFrame)
		run.Pass = run.Pass && run.Allocs.PerFrame <= heapMost
	}
	return nil
}

// peerLate is the lateness from which on a peer gets less of the core than it
// needs: it then reads many messages at a time, and each is cheaper for it.
const peerLate = 100 * time.Millisecond

// ratios hold each peer's run against ours of the same kind.
func ratios(runs []Result) (all []Ratio) {
	for _, peer := range runs {
		if peer.Peer == "" {
			continue
		}
		for _, ours := range runs {
			if ours.Peer == "" && ours.Agent == peer.Agent && ours.LumpMS == peer.LumpMS {
				all = append(all, Ratio{
					Agent: peer.Agent, Peer: peer.Peer, LumpMS: peer.LumpMS, Late: peer.Late.P99, Counts: peer.Late.P99 < ms(peerLate),
					Mean: peer.CPU.USPer20MS / ours.CPU.USPer20MS, Best: peer.CPU.BestUSPerFrame / ours.CPU.BestUSPerFrame,
				})
			}
		}
	}
	return all
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
