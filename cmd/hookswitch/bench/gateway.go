package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"runtime/pprof"
	"strconv"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/telephony"
)

// settings are the first line that a gateway is told.
type settings struct {
	Agent  string
	Folder string // for the database and recordings
	Record bool   // the calls are recorded
	Lead   time.Duration
	Lump   time.Duration
	Heap   bool // says where it allocates
	CPU    int  // percent of the cores from which on calls are turned away; 0: none are
}

// question is any further line; the gateway answers each with a sample.
type question struct {
	Settle  bool   // free what can be freed first
	Profile string // begin a CPU profile, written there; "-" ends it
	Odd     bool   // also say what was odd
	Sites   bool   // also say where it allocated, and note every allocation from now on, or no more
}

// sample is how a gateway is. A peer need not know all of it.
type sample struct {
	Address  string           `json:",omitempty"` // where it listens; the first answer
	CPU      time.Duration    // used since it began
	Resident int64            // bytes
	Mallocs  uint64           // since it began
	Talking  int              // calls
	Odd      map[string]int   `json:",omitempty"` // what the trunk counted, by reason
	Ends     map[string]int   // calls that ended for another reason than that the caller hung up, by it
	Sites    map[string]int64 `json:",omitempty"` // allocations since it began, by stack
	Error    string           `json:",omitempty"`
}

// Gateway is the process that is measured: the whole server, as `hookswitch
// serve` builds it, but for what hears and speaks, see [cannedSpeech], and for
// what would turn calls away. It is told what to be and asked how it is by JSON
// lines on in, answers on out, and ends when in does.
func Gateway(ctx context.Context, in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	if !lines.Scan() {
		return errors.Join(errors.New("bench: the gateway was told nothing"), lines.Err())
	}
	var s settings
	if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
		return fmt.Errorf("bench: settings: %w", err)
	}
	if s.Heap {
		runtime.MemProfileRate = coarse
	}
	g, err := newGateway(ctx, s)
	if err != nil {
		return err
	}
	answers := json.NewEncoder(out)
	err = answers.Encode(sample{Address: g.server.Addr().String()})
	for err == nil && ctx.Err() == nil && lines.Scan() {
		var q question
		if err = json.Unmarshal(lines.Bytes(), &q); err == nil {
			err = answers.Encode(g.answer(q))
		}
	}
	return errors.Join(err, lines.Err(), g.close())
}

// gateway is a server that runs.
type gateway struct {
	server  *server.Server
	stop    context.CancelFunc
	done    chan error // what Run returned
	profile *os.File

	mu   sync.Mutex
	ends map[string]int // by reason, but for the caller's hanging up
}

func newGateway(ctx context.Context, s settings) (*gateway, error) {
	if s.Agent != Echo && s.Agent != Script {
		return nil, fmt.Errorf("bench: there is no agent %q", s.Agent)
	}
	l, err := config.Load(config.Input{Dir: s.Folder, Flags: s.flags()})
	if err != nil {
		return nil, err
	}
	g := &gateway{done: make(chan error, 1)}
	g.server, err = server.Build(ctx, server.Options{
		Config: l.Config, Version: "bench", Watch: g.watch, Echo: s.Agent == Echo, Load: cannedSpeech,
		Log: slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelInfo})),
	})
	if err != nil {
		return nil, err
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	g.stop = stop
	go func() { g.done <- g.server.Run(run) }()
	if _, err := g.server.Speech(ctx); err != nil {
		return nil, errors.Join(err, g.close())
	}
	return g, nil
}

// flags are the settings of the product that s means. Unless s says so nothing is
// turned away: how late a gateway is that takes too much is what is asked.
func (s settings) flags() map[string]string {
	recordings := "off"
	if s.Record {
		recordings = filepath.Join(s.Folder, "recordings")
	}
	return map[string]string{
		"listen": "127.0.0.1:0", "database-url": "sqlite://" + filepath.Join(s.Folder, "hookswitch.db"), "recordings": recordings,
		"agent-number": "*", "agent-max-duration": "24h", "line-lead": s.Lead.String(), "line-lump": s.Lump.String(),
		"admission-cpu": strconv.Itoa(s.CPU), "admission-lateness": "0s", "admission-queue": "0s", "admission-memory": "0",
		"twilio-cps": strconv.Itoa(100),
	}
}

// watch counts ends that no caller of ours made.
func (g *gateway) watch(_ telephony.CallID, e agentcore.Entry) {
	if end, ok := e.Event.(agentcore.Ended); ok && end.Reason != telephony.CallerHangup {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.ends == nil {
			g.ends = map[string]int{}
		}
		g.ends[string(end.Reason)]++
	}
}

// answer tells how the gateway is.
func (g *gateway) answer(q question) sample {
	var s sample
	err := g.profiled(q.Profile)
	if q.Settle {
		debug.FreeOSMemory()
		debug.FreeOSMemory() // what is pooled goes with the second: 8 MB of the migrations'
	}
	if q.Sites {
		s.Sites = allocations()
	}
	var cpuErr, memErr, oddErr error
	s.CPU, cpuErr = cpuTime()
	s.Resident, memErr = resident()
	if q.Odd {
		s.Odd, oddErr = odd(g.server.Metrics().Handler())
	}
	if err := errors.Join(err, cpuErr, memErr, oddErr); err != nil {
		s.Error = err.Error()
	}
	s.Mallocs = mallocs()
	s.Talking = len(g.server.Desk().Live())
	g.mu.Lock()
	s.Ends = maps.Clone(g.ends)
	g.mu.Unlock()
	return s
}

// mallocs are all objects that were ever allocated. Unlike
// [runtime.ReadMemStats] it stops nobody.
func mallocs() uint64 {
	all := []metrics.Sample{{Name: "/gc/heap/allocs:objects"}, {Name: "/gc/heap/tiny/allocs:objects"}}
	metrics.Read(all)
	return all[0].Value.Uint64() + all[1].Value.Uint64()
}

// profiled begins or ends a CPU profile.
func (g *gateway) profiled(file string) (err error) {
	switch {
	case file == "":
		return nil
	case file == "-":
		pprof.StopCPUProfile()
		if g.profile != nil {
			err, g.profile = g.profile.Close(), nil
		}
		return err
	}
	if g.profile, err = os.Create(file); err != nil {
		return fmt.Errorf("bench: profile: %w", err)
	}
	return pprof.StartCPUProfile(g.profile)
}

func (g *gateway) close() error {
	err := g.profiled("-")
	g.stop()
	return errors.Join(err, <-g.done)
}
