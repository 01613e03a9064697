package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/client"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/sheet"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
)

type webhookResendCmd struct {
	IDs []string `arg:"" name:"id" help:"The deliveries' ids, or their beginnings."`
	reach
	output
	careful
}

// Run sends again, and waits for what comes of it.
func (c *webhookResendCmd) Run(ctx context.Context, s streams) error {
	ask, err := c.dial(s)
	if err != nil {
		return err
	}
	defer ask.Close()
	failed := false
	for _, id := range c.IDs {
		d, _, err := findDelivery(ctx, ask, id)
		if err != nil {
			return err
		}
		if c.DryRun {
			fmt.Fprintf(s.out, "would send %s again (%s, %d attempts so far)\n", shortDelivery(d.ID), d.Status, d.Tries)
			continue
		}
		if err := ask.Send(ctx, http.MethodPost, client.Path("deliveries", d.ID, "resend"), nil, nil); err != nil {
			return err
		}
		now, raw, err := c.after(ctx, ask, d)
		if err != nil {
			return err
		}
		line := fmt.Sprintf("%s will be sent; the gateway has not come to it yet\n", shortDelivery(d.ID))
		if n := len(now.Attempts); n > d.Tries {
			last := now.Attempts[n-1]
			failed = failed || last.Error != ""
			line = fmt.Sprintf("sent again: %s    (same webhook-id %s; receivers can drop repeats)\n", last.outcome(), now.Message)
		}
		if err := c.printed(s, d.ID, raw, line); err != nil {
			return err
		}
	}
	if failed {
		return fault.ErrCheckFailed
	}
	return nil
}

// after waits, within the time-out, until there is one more attempt than before.
func (c *webhookResendCmd) after(ctx context.Context, ask *client.Client, before *deliveryView) (*deliveryView, json.RawMessage, error) {
	for until := time.Now().Add(c.Timeout); ; {
		d, raw, err := readDelivery(ctx, ask, before.ID)
		if err != nil || len(d.Attempts) > before.Tries || time.Now().After(until) {
			return d, raw, err
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
	}
}

type webhookTestCmd struct {
	Agent string `arg:"" help:"The agent, by name or uuid."`
	Type  string `arg:"" optional:"" enum:"pre_call,post_call," default:"" help:"pre_call or post_call, when the agent has both."`
	reach
	output
	careful
}

// Run sends a sample of a call that nobody made, and shows what was said.
func (c *webhookTestCmd) Run(ctx context.Context, s streams) error {
	ask, err := c.dial(s)
	if err != nil {
		return err
	}
	defer ask.Close()
	a, err := findAgent(ctx, ask, c.Agent)
	if err != nil {
		return err
	}
	hook, err := c.choose(a)
	if err != nil {
		return err
	}
	if c.DryRun {
		_, err := fmt.Fprintf(s.out, "would send a sample to the %s of %s\n", hook.Type, show.Clean(a.Agent.Name))
		return err
	}
	var got rawItem
	if err := ask.Send(ctx, http.MethodPost, client.Path("agents", a.Agent.UUID, "webhooks", fmt.Sprint(hook.ID), "test"), nil, &got); err != nil {
		return err
	}
	var t attemptView
	if json.Unmarshal(got.Item, &t) != nil {
		return unreadable("an attempt")
	}
	if c.structured() {
		if err := sheet.Item(s.out, c.form(), got.Item); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(s.out, "%s of %s: %s\n", hook.Type, show.Clean(a.Agent.Name), t.outcome())
		exchange(s.out, t)
	}
	if t.Error != "" {
		return fault.ErrCheckFailed
	}
	return nil
}

// choose is the webhook that is meant.
func (c *webhookTestCmd) choose(a *agentView) (hookView, error) {
	for _, h := range a.Hooks {
		if h.Type == c.Type || c.Type == "" && len(a.Hooks) == 1 {
			return h, nil
		}
	}
	f := &fault.Fault{What: fmt.Sprintf("agent %q has no %s webhook", a.Agent.Name, c.Type), Where: fault.Keep("hookswitch webhook test"), Mend: fault.Keep("hookswitch agent get " + quoted(a.Agent.Name) + " -o yaml"), Code: "webhook/none", Exit: fault.Wrong}
	switch {
	case len(a.Hooks) == 0:
		f.What = fmt.Sprintf("agent %q has no webhook", a.Agent.Name)
	case c.Type == "":
		f.What = fmt.Sprintf("agent %q has two webhooks", a.Agent.Name)
		f.Mend = "name one: " + fault.Keep("hookswitch webhook test "+quoted(a.Agent.Name)+" post_call")
	}
	return hookView{}, f
}
