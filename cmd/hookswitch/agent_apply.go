package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/client"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/declare"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/sheet"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
)

// agentApplyCmd makes agents what files say.
type agentApplyCmd struct {
	File  []string `short:"f" required:"" placeholder:"FILE" help:"YAML, one or several agents; - reads standard input. May be given several times."`
	Prune bool     `help:"Also delete every agent of the workspace that no file names."`
	reach
	output
	hushed
	dangerous
}

// Help is shown above the flags.
func (agentApplyCmd) Help() string {
	return "A file has the shape of the API's body: name, voice_uuid, greeting, asr, turn, llm, dynamic_variables, system_tools, tools, webhooks; and phone_numbers, " +
		"a list of numbers that lead to the agent. An agent is told by its name (or its uuid, to rename it).\n" +
		"What a file does not name stays as it is; a list that it names is the whole list. A webhook's secret is only ever written: without one in the file it stays.\n" +
		"To begin: hookswitch agent get NAME -o yaml."
}

// plan is what one document changes.
type plan struct {
	doc     *declare.Document
	agent   *agentView     // nil: it is new
	have    map[string]any // of the gateway; nil: nothing
	want    map[string]any
	changes []declare.Change
}

// Run shows and makes the changes.
func (c *agentApplyCmd) Run(ctx context.Context, s streams) error {
	docs, err := readFiles(s, c.File)
	if err != nil {
		return err
	}
	ask, err := c.dial(s)
	if err != nil {
		return err
	}
	defer ask.Close()
	refs, plans, err := plansFor(ctx, ask, docs)
	if err != nil {
		return err
	}
	var gone []agentRef
	if c.Prune {
		gone = unnamed(refs, plans)
	}
	if len(gone) > 0 {
		if err := c.sure(s, fmt.Sprintf("delete %s that no file names", plural(len(gone), "agent"))); err != nil {
			return err
		}
	}
	out := &sheet.Sheet{Columns: []sheet.Column{{Name: "NAME"}, {Name: "DONE"}}}
	for _, p := range plans {
		if err := c.apply(ctx, s, ask, p, plans, out); err != nil {
			return err
		}
	}
	if err := c.prune(ctx, s, ask, gone, out); err != nil {
		return err
	}
	if c.form() != "" {
		return out.Write(s.out, c.mode(s))
	}
	return nil
}

// apply does one plan of all and tells of it.
func (c *agentApplyCmd) apply(ctx context.Context, s streams, ask *client.Client, p *plan, all []*plan, out *sheet.Sheet) error {
	began, told := time.Now(), s.out
	if c.form() != "" {
		told = io.Discard
	}
	before, after := 0, p.agent
	if p.agent != nil {
		before = p.agent.Version
	}
	if len(p.changes) > 0 && !c.DryRun {
		var err error
		if after, err = p.send(ctx, ask, all); err != nil {
			return p.blame(err)
		}
	}
	if err := declare.Print(told, p.heading(after, c.DryRun), p.changes, look(s, c.output, false)); err != nil {
		return err
	}
	uuid, version := "", 0
	if after != nil {
		uuid, version = after.Agent.UUID, after.Version
	}
	if item, err := json.Marshal(applied{p.doc.Name(), uuid, p.verb(), version, c.DryRun, viewChanges(p.changes)}); err == nil {
		out.Add(uuid, item, p.doc.Name(), p.verb())
	}
	if len(p.changes) > 0 && !c.DryRun && !c.Quiet {
		fmt.Fprint(told, p.epilogue(before, after, time.Since(began)))
	}
	return nil
}

// prune deletes what no file names.
func (c *agentApplyCmd) prune(ctx context.Context, s streams, ask *client.Client, gone []agentRef, out *sheet.Sheet) error {
	for _, r := range gone {
		if !c.DryRun {
			if err := ask.Send(ctx, http.MethodDelete, client.Path("agents", r.uuid), nil, nil); err != nil {
				return err
			}
		}
		if c.form() == "" {
			fmt.Fprintf(s.out, "agent %s   %s\n", show.Clean(r.name), map[bool]string{true: "would be deleted", false: "deleted"}[c.DryRun])
		}
		if item, err := json.Marshal(applied{r.name, r.uuid, "deleted", 0, c.DryRun, nil}); err == nil {
			out.Add(r.uuid, item, r.name, "deleted")
		}
	}
	return nil
}

// applied is what was done with one agent, as JSON.
type applied struct {
	Name    string       `json:"name"`
	UUID    string       `json:"uuid"`
	Done    string       `json:"done"` // created, updated, unchanged, deleted
	Version int          `json:"version,omitempty"`
	DryRun  bool         `json:"dry_run,omitempty"`
	Changes []changeView `json:"changes,omitempty"`
}

type changeView struct {
	Op   string `json:"op"`
	Path string `json:"path"`
	Text string `json:"text"`
}

func viewChanges(changes []declare.Change) []changeView {
	var out []changeView
	for _, c := range changes {
		out = append(out, changeView{string(c.Op), c.Path, c.Text})
	}
	return out
}

// send makes the changes: the agent in one request, so that it is one version,
// then the numbers that lead to it.
func (p *plan) send(ctx context.Context, ask *client.Client, all []*plan) (*agentView, error) {
	links, err := p.links(ctx, ask, all)
	if err != nil {
		return nil, err
	}
	after := p.agent
	if body := declare.Body(p.have, p.want); len(body) > 0 || p.agent == nil {
		method, path := http.MethodPost, "/agents"
		if p.agent != nil {
			method, path = http.MethodPatch, client.Path("agents", p.agent.Agent.UUID)
		}
		var got rawItem
		if err := ask.Send(ctx, method, path+"?advanced=true", body, &got); err != nil {
			return nil, err
		}
		if after, err = viewAgent(got.Item); err != nil {
			return nil, err
		}
	}
	for _, l := range links {
		to := any(nil)
		if l.link {
			to = after.Agent.UUID
		}
		if err := ask.Send(ctx, http.MethodPatch, client.Path("phone_numbers", fmt.Sprint(l.id)), map[string]any{"agent_uuid": to}, nil); err != nil {
			return nil, err
		}
	}
	return after, nil
}
