package main

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
)

// serveCmd runs the gateway until it is told to stop.
type serveCmd struct {
	Agent    string   `enum:"own,echo" default:"own" help:"What answers calls: own, the agents of the settings and the API; or echo, each call's own sound, for whoever measures the line. The echo needs no speech models, and answers every number. Default ${default}."`
	Settings settings `embed:""`
}

// Run serves. SIGTERM or Ctrl-C drains: no new calls, until the last has ended;
// a second one stops at once.
func (c *serveCmd) Run(ctx context.Context, s streams) error {
	began := time.Now()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)

	l, err := c.Settings.load(s.environ)
	if err != nil {
		return err
	}
	person := isTerminal(s.out)
	srv, err := server.Build(ctx, server.Options{Config: l.Config, Version: version, Log: newLog(s, l.Config, person), Echo: c.Agent == "echo"})
	if err != nil {
		return err
	}
	ctx, done := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		if text(l.Config, person) {
			srv.Greet(ctx, s.out, l.Origin(), began)
			return
		}
		srv.Announce(ctx, l.Origin(), began)
	})
	first, err := srv.RunUntil(ctx, signals)
	done()
	wg.Wait()
	if err == nil && first == os.Interrupt {
		return context.Canceled // 130, as a shell expects of Ctrl-C
	}
	return err
}
