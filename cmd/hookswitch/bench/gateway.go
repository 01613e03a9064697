package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony/twilio"
)

// How audio is sent, as in production: see the settings line.lead and line.lump.
const (
	lead = 100 * time.Millisecond
	lump = 60 * time.Millisecond
)

// settings are the first line that a gateway is told.
type settings struct {
	Agent   string
	Account string
	Token   string
	Folder  string // for recordings; empty means that none are made
}

// question is any further line; the gateway answers each with a sample.
type question struct {
	Settle  bool   // free what can be freed first
	Profile string // begin a CPU profile, written there; "-" ends it
}

// sample is how a gateway is.
type sample struct {
	Address  string         `json:",omitempty"` // where it listens; the first answer
	CPU      time.Duration  // used since it began
	Resident int64          // bytes
	Mallocs  uint64         // since it began
	Talking  int            // calls
	Odd      map[string]int `json:",omitempty"` // what the trunk counted, by reason
	Failures int            // conversations that ended with an error
	Error    string         `json:",omitempty"`
}

// Gateway is the process that is measured: the trunk behind an HTTP server, and
// an agent. It is told what to be and asked how it is by JSON lines on in,
// answers on out, and ends when in does.
func Gateway(ctx context.Context, in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	if !lines.Scan() {
		return errors.Join(errors.New("bench: the gateway was told nothing"), lines.Err())
	}
	var s settings
	if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
		return fmt.Errorf("bench: settings: %w", err)
	}
	g, err := newGateway(s)
	if err != nil {
		return err
	}
	answers := json.NewEncoder(out)
	err = answers.Encode(sample{Address: g.listener.Addr().String()})
	for err == nil && ctx.Err() == nil && lines.Scan() {
		var q question
		if err = json.Unmarshal(lines.Bytes(), &q); err == nil {
			err = answers.Encode(g.answer(q))
		}
	}
	return errors.Join(err, lines.Err(), g.close())
}

// gateway is a trunk that is served.
type gateway struct {
	listener net.Listener
	desk     *desk
	trunk    *twilio.Trunk
	server   *http.Server
	serving  sync.WaitGroup
	profile  *os.File

	mu  sync.Mutex
	odd map[string]int
}

func newGateway(s settings) (*gateway, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	g := &gateway{listener: listener, odd: map[string]int{}}
	c := twilio.Config{
		AccountSID: s.Account, AuthToken: s.Token, PublicURL: "http://" + listener.Addr().String(),
		Count: g.count, Leg: twilio.LegConfig{Lump: lump},
	}
	g.desk = newDesk(newScript(s.Folder).talk)
	if s.Agent == Echo {
		g.desk = newDesk(echo)
		c.Leg.Lump = media.FrameDuration // nothing waits: what is late is late by our doing
	}
	if g.trunk, err = twilio.New(c, g.desk); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	g.server = &http.Server{Handler: g.trunk.Handler(), ReadHeaderTimeout: 5 * time.Second}
	g.serving.Go(func() { g.server.Serve(listener) }) // ends with close
	return g, nil
}

func (g *gateway) count(reason string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.odd[reason]++
}

// answer tells how the gateway is.
func (g *gateway) answer(q question) sample {
	var s sample
	err := g.profiled(q.Profile)
	if q.Settle {
		debug.FreeOSMemory()
	}
	var cpuErr, memErr error
	s.CPU, cpuErr = cpuTime()
	s.Resident, memErr = resident()
	if err := errors.Join(err, cpuErr, memErr); err != nil {
		s.Error = err.Error()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	s.Mallocs = m.Mallocs
	s.Talking, s.Failures = g.desk.tally()
	g.mu.Lock()
	defer g.mu.Unlock()
	s.Odd = map[string]int{}
	for reason, n := range g.odd {
		s.Odd[reason] = n
	}
	return s
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
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err := g.profiled("-")
	err = errors.Join(err, g.trunk.Close(ctx), g.server.Shutdown(ctx))
	g.serving.Wait()
	return err
}
