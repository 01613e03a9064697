package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/client"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
)

type agentDeleteCmd struct {
	Names []string `arg:"" name:"name" help:"Names or uuids."`
	reach
	dangerous
}

// Run deletes agents. Their numbers then lead nowhere; records of their calls
// stay.
func (c *agentDeleteCmd) Run(ctx context.Context, s streams) error {
	ask, err := c.dial(s)
	if err != nil {
		return err
	}
	defer ask.Close()
	refs, err := agentRefs(ctx, ask)
	if err != nil {
		return err
	}
	var all []agentRef
	var names []string
	for _, name := range c.Names {
		r, err := pick(refs, name)
		if err != nil {
			return err
		}
		all = append(all, r)
		names = append(names, r.name)
	}
	if c.DryRun {
		_, err := fmt.Fprintf(s.out, "would delete %s\n", show.Clean(strings.Join(names, ", ")))
		return err
	}
	if err := c.sure(s, fmt.Sprintf("delete %s (%s); numbers that lead there will lead nowhere", plural(len(all), "agent"), strings.Join(names, ", "))); err != nil {
		return err
	}
	for _, r := range all {
		if err := ask.Send(ctx, http.MethodDelete, client.Path("agents", r.uuid), nil, nil); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "deleted %s\n", show.Clean(r.name))
	}
	return nil
}
