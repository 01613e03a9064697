package talk

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/tts/flite"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/booth"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/telephony"
)

// gateway is one of the caller's own: the agent is as `serve` would have it, but
// nobody else can reach it, and it writes to no database that another uses.
type gateway struct {
	o      Options
	dir    string // for what nobody needs afterwards
	server *server.Server
	caller *flite.Synthesizer

	stop  context.CancelFunc
	wg    sync.WaitGroup
	ended error
	live  atomic.Pointer[live]
}

// live is the call that goes on, and the phone that it is made with.
type live struct {
	watch *booth.Watch
	phone *phone
}

// open builds the gateway and waits until it can hear and speak.
func open(ctx context.Context, o Options) (_ *gateway, err error) {
	g := &gateway{o: o, stop: func() {}}
	defer func() {
		if err != nil {
			err = errors.Join(err, g.close())
		}
	}()
	if g.dir, err = os.MkdirTemp("", "hookswitch-talk-"); err != nil {
		return nil, err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("talk: listen: %w", err)
	}
	g.server, err = server.Build(ctx, server.Options{
		Config: g.alone(o.Config), Version: o.Version, Log: o.Log, Listener: ln,
		Watch: g.watch, Interim: g.interim,
	})
	if err != nil {
		return nil, errors.Join(err, closed(ln))
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	g.stop = stop
	g.wg.Go(func() { g.ended = g.server.Run(running) })
	speech, err := g.server.Speech(ctx)
	if err != nil {
		return nil, err
	}
	if speech.Deaf != nil {
		return nil, speech.Deaf
	}
	g.caller, err = flite.New(ctx, flite.Config{Models: speech.Models, Voice: otherVoice(o.Config.Speech.Voice)})
	return g, err
}

// closed closes ln, if that was not done.
func closed(ln net.Listener) error {
	if err := ln.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// alone is c without what belongs to a gateway that others reach. Above all, a
// gateway that runs with the same settings keeps its database: whoever opens one
// takes up the calls in it.
func (g *gateway) alone(c config.Config) config.Config {
	c.Carrier, c.PublicURL = "sim", ""
	c.TLS.Cert, c.TLS.Key = "", ""
	c.DatabaseURL = "sqlite://" + filepath.Join(g.dir, "talk.db")
	c.Recordings = "off" // the caller's own phone records
	return c
}

// otherVoice is a voice that is not the agent's.
func otherVoice(agents string) string {
	if agents == "kal16" {
		return "rms"
	}
	return "kal16"
}

func (g *gateway) watch(id telephony.CallID, e agentcore.Entry) {
	if l := g.live.Load(); l != nil {
		l.phone.entry(e)
		l.watch.Entry(id, e)
		g.doing(e)
	}
}

// doing tells what the agent does from e on.
func (g *gateway) doing(e agentcore.Entry) {
	if g.o.Doing == nil {
		return
	}
	switch e.Event.(type) {
	case agentcore.SpeechBegan:
		g.o.Doing("agent hears you")
	case agentcore.CallerSaid, agentcore.CallerPressed:
		g.o.Doing("agent thinks")
	case agentcore.Planned:
		g.o.Doing("agent speaks")
	case agentcore.AgentSaid, agentcore.NotUnderstood, agentcore.Ended:
		g.o.Doing("")
	}
}

func (g *gateway) interim(_ telephony.CallID, text string) {
	if l := g.live.Load(); l != nil {
		l.watch.Shown().Hearing(text)
	}
}

// close stops the gateway and waits for it.
func (g *gateway) close() error {
	g.stop()
	g.wg.Wait()
	var err error
	if g.caller != nil {
		err = g.caller.Close(context.Background())
	}
	if g.dir != "" {
		err = errors.Join(err, os.RemoveAll(g.dir))
	}
	return errors.Join(err, g.ended)
}
