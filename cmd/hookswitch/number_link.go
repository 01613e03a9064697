package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/client"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
)

type numberLinkCmd struct {
	Number string `arg:"" help:"The number, or its id."`
	Agent  string `arg:"" optional:"" help:"The agent that answers it, by name or uuid."`
	Nobody bool   `help:"Nobody answers it."`
	reach
	output
	careful
}

// Run links, also a number that leads to another agent.
func (c *numberLinkCmd) Run(ctx context.Context, s streams) error {
	if (c.Agent == "") != c.Nobody {
		return &fault.Fault{What: "a number leads either to an agent or to nobody", Where: fault.Keep("hookswitch number link"), Mend: fault.Keep("hookswitch number link NUMBER AGENT") + "   or   " + fault.Keep("--nobody"), Code: "cli/usage", Exit: fault.Wrong}
	}
	ask, err := c.dial(s)
	if err != nil {
		return err
	}
	defer ask.Close()
	n, err := findNumber(ctx, ask, c.Number)
	if err != nil {
		return err
	}
	to, name := any(nil), "nobody"
	if c.Agent != "" {
		a, err := findAgent(ctx, ask, c.Agent)
		if err != nil {
			return err
		}
		to, name = a.Agent.UUID, a.Agent.Name
	}
	text := fmt.Sprintf("%s -> %s", show.Number(n.Number), show.Clean(name))
	if n.AgentName != "" && n.AgentUUID != to {
		text += fmt.Sprintf("   (it led to %s)", show.Clean(n.AgentName))
	}
	if c.DryRun {
		_, err := fmt.Fprintln(s.out, "would link "+text)
		return err
	}
	path := client.Path("phone_numbers", fmt.Sprint(n.ID)) + "?advanced=true"
	if n.AgentUUID != "" && to != nil && n.AgentUUID != to { // one number, one agent: it is let go of first
		if err := ask.Send(ctx, http.MethodPatch, path, map[string]any{"agent_uuid": nil}, nil); err != nil {
			return err
		}
	}
	var got rawItem
	if err := ask.Send(ctx, http.MethodPatch, path, map[string]any{"agent_uuid": to}, &got); err != nil {
		return err
	}
	return c.printed(s, fmt.Sprint(n.ID), got.Item, text+"\n")
}

type numberRemoveCmd struct {
	Number string `arg:"" help:"The number, or its id."`
	Force  bool   `help:"Also when its clean-up at the carrier failed before: what it has there stays."`
	reach
	dangerous
}

// Run gives the number back.
func (c *numberRemoveCmd) Run(ctx context.Context, s streams) error {
	ask, err := c.dial(s)
	if err != nil {
		return err
	}
	defer ask.Close()
	n, err := findNumber(ctx, ask, c.Number)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("remove %s %q", show.Number(n.Number), show.Clean(n.Label))
	if n.AgentName != "" {
		what += ", which leads to " + show.Clean(n.AgentName)
	}
	if c.DryRun {
		_, err := fmt.Fprintln(s.out, "would "+what)
		return err
	}
	if err := c.sure(s, what); err != nil {
		return err
	}
	path := client.Path("phone_numbers", fmt.Sprint(n.ID))
	if c.Force && n.Status == "corrupted" {
		path += "/force"
	}
	if err := ask.Send(ctx, http.MethodDelete, path, nil, nil); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "removed %s\n", show.Number(n.Number))
	return err
}
