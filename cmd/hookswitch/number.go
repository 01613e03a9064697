package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/client"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/sheet"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
)

// numberCmd looks after phone numbers.
type numberCmd struct {
	List   numberListCmd   `cmd:"" help:"List the numbers."`
	Add    numberAddCmd    `cmd:"" help:"Tell the gateway of a number."`
	Link   numberLinkCmd   `cmd:"" help:"Say which agent answers a number."`
	Check  numberCheckCmd  `cmd:"" help:"Ask the carrier whether numbers still lead here."`
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
