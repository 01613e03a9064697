package main

import (
	"cmp"
	"context"
	"fmt"
	"net/http"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/client"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
)

type callHangupCmd struct {
	IDs []string `arg:"" name:"id" help:"The calls' ids, or their beginnings."`
	reach
	careful
}

// Run ends calls. One that is over is no error.
func (c *callHangupCmd) Run(ctx context.Context, s streams) error {
	ask, err := c.dial(s)
	if err != nil {
		return err
	}
	defer ask.Close()
	for _, id := range c.IDs {
		v, _, err := findCall(ctx, ask, id)
		if err != nil {
			return err
		}
		if c.DryRun {
			fmt.Fprintf(s.out, "would hang up %s (%s)\n", short(v.ID), v.state())
			continue
		}
		var got client.Item[any]
		if err := ask.Send(ctx, http.MethodPost, client.Path("calls", v.ID, "hangup"), nil, &got); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "%s  %s\n", short(v.ID), cmp.Or(show.Clean(got.Message), "hung up"))
	}
	return nil
}
