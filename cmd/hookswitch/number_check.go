package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/client"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/sheet"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
)

// numberCheckCmd asks the carrier whether numbers still lead here. It changes
// nothing.
type numberCheckCmd struct {
	Number string `arg:"" optional:"" help:"The number, or its id. Default all of the workspace."`
	reach
	output
	hushed
}

// checkedNumber is what the API says of one number.
type checkedNumber struct {
	ID     int64         `json:"id"`
	Number string        `json:"phone_number"`
	Agent  string        `json:"agent_name,omitempty"`
	State  string        `json:"state"` // ok, drift, unlinked or unknown
	Why    string        `json:"why,omitempty"`
	Linked bool          `json:"linked"`
	Drift  []numberDrift `json:"drift"`
}

// numberDrift is a setting that somebody changed at the carrier.
type numberDrift struct {
	Setting string `json:"setting"`
	Want    string `json:"want"`
	Is      string `json:"is"`
}

// Run exits with 1 when a number that an agent answers does not lead here as it
// was set up.
func (c *numberCheckCmd) Run(ctx context.Context, s streams) error {
	ask, err := c.dial(s)
	if err != nil {
		return err
	}
	defer ask.Close()
	var numbers []numberView
	if c.Number != "" {
		n, err := findNumber(ctx, ask, c.Number)
		if err != nil {
			return err
		}
		numbers = []numberView{n}
	} else if numbers, err = client.All[numberView](ctx, ask, "/phone_numbers", advanced); err != nil {
		return err
	}
	var all []checkedNumber
	bad := 0
	for _, n := range numbers {
		one, err := checkNumber(ctx, ask, n)
		if err != nil {
			return err
		}
		all = append(all, one)
		if one.State != "ok" && n.AgentName != "" {
			bad++
		}
	}
	if err := c.tell(s, all); err != nil {
		return err
	}
	if bad > 0 {
		c.note(s, "%d of %d numbers do not lead here; set them up again: hookswitch number link NUMBER AGENT", bad, len(all))
		return fault.ErrCheckFailed
	}
	return nil
}

func checkNumber(ctx context.Context, ask *client.Client, n numberView) (checkedNumber, error) {
	one := checkedNumber{ID: n.ID, Number: n.Number, Agent: n.AgentName}
	var got rawItem
	if err := ask.Get(ctx, client.Path("phone_numbers", fmt.Sprint(n.ID), "check"), nil, &got); err != nil {
		return one, err
	}
	if json.Unmarshal(got.Item, &one) != nil {
		return one, unreadable("what the carrier says of a number")
	}
	switch {
	case one.Why != "":
		one.State = "unknown"
	case !one.Linked:
		one.State = "unlinked"
	case len(one.Drift) > 0:
		one.State = "drift"
	default:
		one.State = "ok"
	}
	return one, nil
}

// tell prints a line for each number, and one for each setting that drifted.
func (c *numberCheckCmd) tell(s streams, all []checkedNumber) error {
	if c.structured() {
		out := &sheet.Sheet{}
		for _, n := range all {
			raw, err := json.Marshal(n)
			if err != nil {
				return err
			}
			out.Add(fmt.Sprint(n.ID), raw)
		}
		return out.Write(s.out, c.mode(s))
	}
	if len(all) == 0 {
		c.note(s, "no numbers yet; the first one: hookswitch number add +14155550100 --label main --agent NAME")
	}
	for _, n := range all {
		if err := n.line(s.out); err != nil {
			return err
		}
	}
	return nil
}

func (n checkedNumber) line(w io.Writer) error {
	text := n.Why
	switch {
	case n.State == "unlinked":
		text = "its carrier sends calls elsewhere"
	case text == "" && n.Agent != "":
		text = "-> " + n.Agent
	}
	line := fmt.Sprintf("%-9s %4d  %s  %s", n.State, n.ID, show.Number(n.Number), show.Clean(text))
	if _, err := fmt.Fprintln(w, strings.TrimRight(line, " ")); err != nil {
		return err
	}
	for _, d := range n.Drift {
		if _, err := fmt.Fprintf(w, "%-9s       %s is %s, should be %s\n", "", show.Clean(d.Setting), orNone(d.Is), orNone(d.Want)); err != nil {
			return err
		}
	}
	return nil
}

func orNone(s string) string {
	if s == "" {
		return "nothing"
	}
	return show.Clean(s)
}
