package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/client"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/declare"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
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
				Mend: "tell the gateway of it first: " + fault.Keep("hookswitch number add NUMBER --label LABEL"), Code: "agent/number", Exit: fault.Wrong}
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
