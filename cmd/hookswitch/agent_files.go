package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/client"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/declare"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
)

// readFiles reads the agents of all files; a name is in one of them only.
func readFiles(s streams, files []string) ([]*declare.Document, error) {
	var all []*declare.Document
	for _, name := range files {
		docs, err := readAgents(s, name)
		if err != nil {
			return nil, err
		}
		for _, d := range docs {
			for _, other := range all {
				if other.Name() == d.Name() && other.UUID() == d.UUID() {
					return nil, &fault.Fault{What: fmt.Sprintf("%q is in two files", d.Name()), Where: fault.Keep(other.Where("name")) + "  " + fault.Keep(d.Where("name")), Mend: "keep one of them", Code: "agent/shape", Exit: fault.Wrong}
				}
			}
			all = append(all, d)
		}
	}
	return all, nil
}

func readAgents(s streams, name string) ([]*declare.Document, error) {
	if name == "-" {
		return declare.Read("-", s.in)
	}
	f, err := os.Open(name)
	if err != nil {
		why := err
		var pe *os.PathError
		if errors.As(err, &pe) {
			why = pe.Err
		}
		return nil, &fault.Fault{What: "the file can't be read: " + why.Error(), Where: fault.Keep("-f " + name), Mend: "name a file, or - for what comes from a pipe", Code: "agent/file", Exit: fault.Wrong, Err: err}
	}
	defer f.Close()
	return declare.Read(name, f)
}

// plansFor compares documents with what the gateway has. refs are all of its
// agents.
func plansFor(ctx context.Context, ask *client.Client, docs []*declare.Document) (refs []agentRef, plans []*plan, err error) {
	refs, err = agentRefs(ctx, ask)
	if err != nil {
		return nil, nil, err
	}
	for _, d := range docs {
		p, err := planFor(ctx, ask, refs, d)
		if err != nil {
			return nil, nil, err
		}
		plans = append(plans, p)
	}
	return refs, plans, nil
}

func planFor(ctx context.Context, ask *client.Client, refs []agentRef, d *declare.Document) (*plan, error) {
	var found []agentRef
	for _, r := range refs {
		if d.UUID() == r.uuid || d.UUID() == "" && d.Name() == r.name {
			found = append(found, r)
		}
	}
	p := &plan{doc: d}
	switch {
	case len(found) > 1:
		return nil, severalAgents(d.Name(), found)
	case len(found) == 0 && d.UUID() != "":
		return nil, &fault.Fault{What: "there is no agent with this uuid", Where: fault.Keep(d.Where("uuid")), Mend: "without the line it is found by its name, or made", Code: "agent/not-found", Exit: fault.Wrong}
	case len(found) == 1:
		var err error
		if p.agent, err = readAgent(ctx, ask, found[0].uuid); err != nil {
			return nil, err
		}
		if p.have, err = declare.Remote(p.agent.raw); err != nil {
			return nil, unreadable("an agent")
		}
	}
	p.want = declare.Overlay(p.have, d)
	p.changes = declare.Diff(p.have, p.want)
	return p, nil
}

// unnamed are the agents that no plan is about.
func unnamed(refs []agentRef, plans []*plan) []agentRef {
	return slices.DeleteFunc(slices.Clone(refs), func(r agentRef) bool {
		return slices.ContainsFunc(plans, func(p *plan) bool { return p.agent != nil && p.agent.Agent.UUID == r.uuid })
	})
}
