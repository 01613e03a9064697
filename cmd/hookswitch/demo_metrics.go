package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/demometrics"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
)

// demoMetricsCmd proves the dashboards and rules of this repository with a real
// Prometheus.
type demoMetricsCmd struct {
	Deploy   string        `placeholder:"FOLDER" default:"deploy" help:"Where the dashboards and rules are. Default ${default}."`
	Pictures string        `placeholder:"FOLDER" help:"Draw the dashboards there, from what was measured."`
	Duration time.Duration `placeholder:"TIME" default:"75s" help:"How long the gateway is called. Default ${default}."`
	CacheDir string        `placeholder:"FOLDER" help:"Where the speech models are kept."`
}

// Run proves them. Its error is fault.ErrCheckFailed when an expression returns
// nothing.
func (c *demoMetricsCmd) Run(ctx context.Context, s streams) error {
	ctx, stop := interruptible(ctx)
	defer stop()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	found, err := demometrics.Run(ctx, demometrics.Options{
		Deploy: c.Deploy, Pictures: c.Pictures, Duration: c.Duration, CacheDir: c.CacheDir, Out: s.out, Log: s.err,
		Gateway: func(context.Context) *exec.Cmd { return exec.Command(self, "serve") },
	})
	if errors.Is(err, demometrics.ErrEmpty) {
		fmt.Fprintln(s.err, err)
		return fault.ErrCheckFailed
	}
	if err == nil {
		_, err = fmt.Fprintf(s.out, "%d expressions returned %d series; none returned nothing\n", found.Asked, found.Series)
	}
	return err
}
