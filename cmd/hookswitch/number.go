package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/client"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/sheet"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
)

// numberCmd looks after phone numbers.
type numberCmd struct {
	List   numberListCmd   `cmd:"" help:"List the numbers."`
	Add    numberAddCmd    `cmd:"" help:"Tell the gateway of a number."`
	Link   numberLinkCmd   `cmd:"" help:"Say which agent answers a number."`
	Remove numberRemoveCmd `cmd:"" help:"Forget a number."`
}

// numberView is what commands read of a number of the API (advanced=true).
type numberView struct {
	ID        int64  `json:"id"`
	Number    string `json:"phone_number"`
	Label     string `json:"label"`
	Inbound   bool   `json:"supports_inbound"`
	Outbound  bool   `json:"supports_outbound"`
	Provider  string `json:"provider"`
	Status    string `json:"status"`
	AgentUUID string `json:"agent_uuid"`
	AgentName string `json:"agent_name"`
}

var advanced = url.Values{"advanced": {"true"}}

type numberListCmd struct {
	reach
	output
	hushed
}

// Run lists the numbers.
func (c *numberListCmd) Run(ctx context.Context, s streams) error {
	ask, err := c.dial(s)
	if err != nil {
		return err
	}
	defer ask.Close()
	out := &sheet.Sheet{Columns: []sheet.Column{{Name: "ID", Right: true}, {Name: "NUMBER"}, {Name: "LABEL", Gives: true}, {Name: "AGENT", Gives: true}, {Name: "CALLS"}, {Name: "PROVIDER"}, {Name: "STATE"}}}
	for raw, err := range ask.List(ctx, "/phone_numbers", advanced, 0) {
		if err != nil {
			return err
		}
		var n numberView
		if json.Unmarshal(raw, &n) != nil {
			return unreadable("a number")
		}
		number := n.Number
		if c.table(s) {
			number = show.Number(number)
		}
		out.Add(fmt.Sprint(n.ID), raw, fmt.Sprint(n.ID), number, n.Label, cmp.Or(n.AgentName, "-"), ways(n), n.Provider, n.Status)
	}
	if out.Len() == 0 && c.table(s) {
		c.note(s, "no numbers yet; the first one: hookswitch number add +14155550100 --label main --agent NAME")
		return nil
	}
	return out.Write(s.out, c.mode(s))
}

// table reports whether the output is a table for a person.
func (o output) table(s streams) bool {
	return o.form() == sheet.Table || o.form() == sheet.Wide || o.form() == "" && isTerminal(s.out)
}

func ways(n numberView) string {
	switch {
	case n.Inbound && n.Outbound:
		return "in, out"
	case n.Inbound:
		return "in"
	case n.Outbound:
		return "out"
	}
	return "none"
}

// findNumber is the number with this id, or written like this.
func findNumber(ctx context.Context, c *client.Client, name string) (numberView, error) {
	all, err := client.All[numberView](ctx, c, "/phone_numbers", advanced)
	if err != nil {
		return numberView{}, err
	}
	dialed := digits(name)
	i := slices.IndexFunc(all, func(n numberView) bool { return fmt.Sprint(n.ID) == name || n.Number == dialed })
	if i < 0 {
		return numberView{}, &fault.Fault{What: "this workspace has no such number", Where: "the first argument: an id, or +14155550100", Mend: fault.Keep("hookswitch number list"), Code: "number/not-found", Exit: fault.Wrong}
	}
	return all[i], nil
}

var e164 = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

// digits is a phone number without what people put between its digits.
func digits(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case ' ', '-', '(', ')', '.', '/', '\u00a0':
			return -1
		}
		return r
	}, s)
}

// e164Of is s as the API takes it. It does not repeat s: a number is told to
// nobody.
func e164Of(s, where string) (string, error) {
	n := digits(s)
	if !e164.MatchString(n) {
		return "", &fault.Fault{What: "this is no phone number with its country in front", Where: where, Mend: "write it as " + fault.Keep("+14155550100"), Code: "number/form", Exit: fault.Wrong}
	}
	return n, nil
}

type numberAddCmd struct {
	Number     string `arg:"" help:"The number, with + and its country."`
	Label      string `required:"" placeholder:"TEXT" help:"What people call it."`
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

// printed prints one thing that was changed: as the API shows it, its id, or
// text.
func (o output) printed(s streams, id string, item json.RawMessage, text string) error {
	switch {
	case o.structured():
		return sheet.Item(s.out, o.form(), item)
	case o.form() == sheet.ID:
		text = id + "\n"
	}
	_, err := fmt.Fprint(s.out, text)
	return err
}

func leads(a *agentView) string {
	if a == nil {
		return ""
	}
	return " -> " + show.Clean(a.Agent.Name)
}

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
