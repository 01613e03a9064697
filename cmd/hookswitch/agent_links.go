package main

import (
	"context"
	"fmt"
	"net/url"
	"slices"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/client"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/declare"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
)

// link is a number that is to lead to the agent, or no longer.
type link struct {
	id   int64
	link bool
}

// links are the numbers whose link differs, in an order that works: a number
// leads to one agent only. Those that the gateway does not have, or that lead to
// an agent which no plan takes them from, are mistakes that are told before this
// agent is changed.
func (p *plan) links(ctx context.Context, ask *client.Client, plans []*plan) ([]link, error) {
	want, named := declare.Texts(p.want, "phone_numbers")
	have, _ := declare.Texts(p.have, "phone_numbers")
	if !named || slices.Equal(want, have) {
		return nil, nil
	}
	all, err := client.All[numberView](ctx, ask, "/phone_numbers", url.Values{"advanced": {"true"}})
	if err != nil {
		return nil, err
	}
	var out []link
	for _, n := range have {
		i := slices.IndexFunc(all, func(v numberView) bool { return v.Number == n && v.AgentUUID == p.agent.Agent.UUID })
		if i >= 0 && !slices.Contains(want, n) {
			out = append(out, link{all[i].ID, false})
		}
	}
	for i, n := range want {
		at := slices.IndexFunc(all, func(v numberView) bool { return v.Number == n })
		where := fault.Keep(p.doc.Where("phone_numbers"))
		switch {
		case slices.Contains(have, n):
			continue
		case at < 0:
			return nil, &fault.Fault{What: fmt.Sprintf("%s of phone_numbers is no number of this workspace", nth(i)), Where: where,
				Mend: "tell the gateway of it first: " + fault.Keep("hookswitch number add NUMBER"), Code: "agent/number", Exit: fault.Wrong}
		case all[at].AgentUUID != "" && letGo(plans, all[at].AgentUUID, n):
			out = append(out, link{all[at].ID, false})
		case all[at].AgentUUID != "":
			return nil, &fault.Fault{What: fmt.Sprintf("%s of phone_numbers leads to agent %q already", nth(i), all[at].AgentName), Where: where,
				Mend: "let it go there first: " + fault.Keep(fmt.Sprintf("hookswitch number link %d --nobody", all[at].ID)), Code: "agent/number", Exit: fault.Wrong}
		}
		out = append(out, link{all[at].ID, true})
	}
	return out, nil
}

// letGo reports whether a plan takes a number from an agent.
func letGo(plans []*plan, agent, number string) bool {
	return slices.ContainsFunc(plans, func(p *plan) bool {
		want, named := declare.Texts(p.want, "phone_numbers")
		return p.agent != nil && p.agent.Agent.UUID == agent && named && !slices.Contains(want, number)
	})
}

func nth(i int) string {
	if i < 3 {
		return []string{"the first", "the second", "the third"}[i]
	}
	return fmt.Sprintf("number %d", i+1)
}
