package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"
)

// Times that stopping may take.
const (
	readyLook    = 5 * time.Second         // between two looks at our own readiness
	closeWait    = 10 * time.Second        // for calls to end when we stop at once
	recoverEvery = 15 * time.Second        // between looks for calls that were left open
	recoverSoon  = 6 * time.Second         // until the second: who died just before our start is known to be dead by then
	idleWait     = 3 * time.Second         // for requests in flight
	doorWait     = 1500 * time.Millisecond // for the carrier to ask what an ended call does next
)

// Run serves until ctx ends, then ends what is left of the calls, and returns
// when every goroutine is gone. Call it once.
func (s *Server) Run(ctx context.Context) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	var wg sync.WaitGroup
	wg.Go(func() { end(s.serve()) })
	if s.admin != nil {
		wg.Go(func() {
			if err := s.admin.serve(); err != nil {
				s.log.Error("profiles are served no more", "error", err)
			}
		})
	}
	wg.Go(func() { s.speech.run(ctx) })
	wg.Go(func() { s.recover(ctx) })
	wg.Go(func() { s.watchReadiness(ctx) })
	wg.Go(func() { s.sweep(ctx) })
	wg.Go(func() { s.work(ctx) })
	wg.Go(func() { s.clerk.Run(ctx) })
	wg.Go(func() { s.tidy(ctx) })
	wg.Go(func() { s.watchFiles(ctx) })
	wg.Go(func() { s.load.Run(ctx) })
	wg.Go(func() { s.turnstile.run(ctx) })
	wg.Go(func() { new(garbage).run(ctx) })
	following, unfollow := context.WithCancel(context.WithoutCancel(ctx)) // streams tell of the ends that stopping makes
	defer unfollow()
	wg.Go(func() { s.hub.Run(following) })
	wg.Go(func() { s.meet(following) })
	tracing, traced := context.WithCancel(context.WithoutCancel(ctx)) // until the last call is over, and told of
	defer traced()
	var traces sync.WaitGroup
	if s.tracer != nil {
		traces.Go(func() { s.tracer.Run(tracing) })
	}

	<-ctx.Done()
	err := context.Cause(ctx)
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, context.Canceled) {
		err = nil
	}
	err = errors.Join(err, s.stopTalking())
	unfollow()
	err = errors.Join(err, s.stopServing())
	if s.admin != nil {
		err = errors.Join(err, s.admin.close())
	}
	wg.Wait()
	traced()
	traces.Wait()
	return errors.Join(err, s.Close())
}

// serve answers on the listener until it is closed.
func (s *Server) serve() error {
	ln := s.listener
	if cfg := s.tls(); cfg != nil {
		cfg = cfg.Clone()
		cfg.NextProtos = []string{"http/1.1"}
		ln = tls.NewListener(ln, cfg)
	}
	return s.http.Serve(ln)
}

// recover takes up the calls that an earlier process left open, and from time to
// time those whose end could not be written down.
func (s *Server) recover(ctx context.Context) {
	again := time.NewTimer(recoverSoon)
	defer again.Stop()
	for ; ; again.Reset(recoverEvery) {
		if err := s.desk.Recover(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("calls that were left open are not taken up", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		}
	}
}

// watchReadiness keeps the metric true between two questions for /readyz.
func (s *Server) watchReadiness(ctx context.Context) {
	tick := time.NewTicker(readyLook)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.readiness(ctx)
		}
	}
}

// stopTalking ends every call, for shutdown.
func (s *Server) stopTalking() error {
	s.draining.Store(true)
	ctx, cancel := context.WithTimeout(context.Background(), closeWait)
	defer cancel()
	if s.crew != nil {
		s.crew.Drain()
	}
	err := s.turns.Close() // who waits for a turn waits no more
	err = errors.Join(err, s.desk.Close(ctx), s.trunk.Close(ctx))
	s.finishing.Wait()
	return err
}

// stopServing lets requests finish. Nobody talks any more; but the carrier of a
// call that ended a moment ago still asks what to do, and plays an error to
// whoever listens when nobody answers.
func (s *Server) stopServing() error {
	time.Sleep(time.Until(time.Unix(0, s.lastEnd.Load()).Add(doorWait)))
	ctx, cancel := context.WithTimeout(context.Background(), idleWait)
	defer cancel()
	if err := s.http.Shutdown(ctx); err != nil {
		return s.http.Close()
	}
	return nil
}

// Drain takes no new calls from now on, says so on /readyz, and waits until
// every call has ended by itself, or ctx ends. Who is left is logged.
func (s *Server) Drain(ctx context.Context) error {
	s.draining.Store(true)
	s.readiness(ctx)
	s.tellWhoIsLeft()
	return s.desk.Drain(ctx)
}

// tellWhoIsLeft logs what a drain begins with; the desk says every few seconds
// what it still waits for.
func (s *Server) tellWhoIsLeft() {
	const sample = 5
	live := s.desk.Live()
	ids := make([]string, 0, sample)
	for _, call := range live[:min(len(live), sample)] {
		ids = append(ids, string(call.ID))
	}
	s.log.Info("draining: no new calls", "left", len(live), "some", ids)
}

// RunUntil runs until a signal comes. The first drains, for at most
// Config.Drain; the second, or the end of ctx, stops at once. It returns the
// first signal, if one came.
func (s *Server) RunUntil(ctx context.Context, signals <-chan os.Signal) (os.Signal, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var first os.Signal
	var wg sync.WaitGroup
	wg.Go(func() {
		defer stop()
		select {
		case first = <-signals:
			s.log.Info("stopping", "signal", fmt.Sprint(first), "calls", len(s.desk.Live()), "at_once", "a second signal")
		case <-ctx.Done():
			return
		}
		s.drainOr(ctx, signals)
	})
	err := s.Run(ctx)
	stop()
	wg.Wait()
	return first, err
}

// drainOr drains until it is done, Config.Drain is over or a signal comes.
func (s *Server) drainOr(ctx context.Context, signals <-chan os.Signal) {
	ctx, cancel := context.WithTimeout(ctx, s.c.Drain)
	defer cancel()
	drained := make(chan error, 1)
	go func() { drained <- s.Drain(ctx) }()
	select {
	case err := <-drained:
		s.log.Info("drained", "left", len(s.desk.Live()), "error", err)
	case second := <-signals:
		s.log.Warn("not waiting any longer", "signal", fmt.Sprint(second), "left", len(s.desk.Live()))
		cancel()
		<-drained
	}
}
