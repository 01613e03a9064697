// Command hookswitch gives AI agents a telephone: it answers and places calls,
// hears, thinks, speaks, and keeps a record of which words were heard.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
)

func main() {
	io := streams{in: os.Stdin, out: os.Stdout, err: os.Stderr, environ: os.Environ(), width: fault.Width(os.Stderr)}
	os.Exit(run(context.Background(), io, os.Args[1:]))
}

// streams is what a command has of the world around it.
type streams struct {
	in       io.Reader
	out, err io.Writer // the result; progress, logs and errors
	environ  []string
	width    int // of err, in columns
}

// run does what args ask for and returns the exit status.
func run(ctx context.Context, s streams, args []string) int {
	if len(args) == 0 {
		io.WriteString(s.out, welcome)
		return fault.Held
	}
	cmd, status, err := parse(s, args)
	if cmd == nil && err == nil {
		return status // help was asked for, and printed
	}
	if err == nil {
		err = cmd(ctx)
	}
	fault.Write(s.err, err, s.width)
	return fault.Status(err)
}

// interruptible is ctx until somebody presses Ctrl-C or asks us to stop: once
// ends what runs politely, twice at once.
func interruptible(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-signals:
			cancel()
		case <-ctx.Done():
			return
		}
		if _, again := <-signals; again {
			os.Exit(fault.Interrupted)
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(signals)
		cancel()
		<-done
	}
}
