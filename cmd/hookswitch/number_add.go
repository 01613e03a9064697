package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/client"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
)

type numberAddCmd struct {
	Number     string `arg:"" help:"The number, with + and its country."`
	Label      string `placeholder:"TEXT" help:"What people call it. Default the number."`
	Agent      string `placeholder:"NAME" help:"The agent that answers it."`
	Inbound    bool   `default:"true" negatable:"" help:"Calls come in on it. Default yes."`
	Outbound   bool   `default:"true" negatable:"" help:"Calls go out from it. Default yes."`
	Sim        bool   `help:"A number of the simulated carrier that is built in: needs no account."`
	AccountSID string `name:"account-sid" placeholder:"SID" help:"The Twilio account that has it (HOOKSWITCH_TWILIO_ACCOUNT_SID)."`
	AuthToken  string `name:"auth-token" placeholder:"TOKEN" help:"Its auth token; better in HOOKSWITCH_TWILIO_AUTH_TOKEN, where nobody sees it."`
	reach
	output
	careful
}

// Run makes the number, and links it.
func (c *numberAddCmd) Run(ctx context.Context, s streams) error {
	number, err := e164Of(c.Number, "the first argument")
	if err != nil {
		return err
	}
	c.Label = cmp.Or(c.Label, number)
	body := map[string]any{"phone_number": number, "label": c.Label, "supports_inbound": c.Inbound, "supports_outbound": c.Outbound, "provider": "twilio"}
	if body["twilio_account_sid"], body["twilio_auth_token"], err = c.account(s); err != nil {
		return err
	}
	ask, err := c.dial(s)
	if err != nil {
		return err
	}
	defer ask.Close()
	var agent *agentView
	if c.Agent != "" { // first: a wrong name leaves nothing half done
		if agent, err = findAgent(ctx, ask, c.Agent); err != nil {
			return err
		}
	}
	if c.DryRun {
		_, err := fmt.Fprintf(s.out, "would add %s %q%s\n", show.Number(number), show.Clean(c.Label), leads(agent))
		return err
	}
	var got rawItem
	if err := ask.Send(ctx, http.MethodPost, "/phone_numbers?advanced=true", body, &got); err != nil {
		return err
	}
	var n numberView
	if json.Unmarshal(got.Item, &n) != nil || n.ID == 0 {
		return unreadable("a number")
	}
	if agent != nil {
		if err := ask.Send(ctx, http.MethodPatch, client.Path("phone_numbers", fmt.Sprint(n.ID))+"?advanced=true", map[string]any{"agent_uuid": agent.Agent.UUID}, &got); err != nil {
			return err
		}
	}
	return c.printed(s, fmt.Sprint(n.ID), got.Item, fmt.Sprintf("added %s as %d%s\n", show.Number(number), n.ID, leads(agent)))
}

// account is who has the number at Twilio, or at its simulation.
func (c *numberAddCmd) account(s streams) (sid, token string, err error) {
	if c.Sim {
		return server.SimAccount, server.SimToken, nil
	}
	sid = cmp.Or(c.AccountSID, s.variable("HOOKSWITCH_TWILIO_ACCOUNT_SID"))
	token = cmp.Or(c.AuthToken, s.variable("HOOKSWITCH_TWILIO_AUTH_TOKEN"))
	if sid == "" || token == "" {
		return "", "", &fault.Fault{What: "a number at Twilio needs the account that has it, and its auth token", Where: "HOOKSWITCH_TWILIO_ACCOUNT_SID and HOOKSWITCH_TWILIO_AUTH_TOKEN",
			Mend: "set both; for a number of the simulated carrier: " + fault.Keep("--sim"), Code: "number/account", Exit: fault.Wrong}
	}
	return sid, token, nil
}

func leads(a *agentView) string {
	if a == nil {
		return ""
	}
	return " -> " + show.Clean(a.Agent.Name)
}
