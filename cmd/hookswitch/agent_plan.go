package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/client"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/declare"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
)

// look is how changes are printed to s.out.
func look(s streams, o output, whole bool) declare.Look {
	m := o.mode(s)
	return declare.Look{Color: m.Terminal && s.variable("NO_COLOR") == "", Width: m.Width, Whole: whole}
}

// verb says what became of the agent.
func (p *plan) verb() string {
	switch {
	case p.agent == nil:
		return "created"
	case len(p.changes) == 0:
		return "unchanged"
	}
	return "updated"
}

// heading is the line above the changes.
func (p *plan) heading(after *agentView, dry bool) string {
	name := show.Clean(p.doc.Name())
	if p.agent != nil {
		name = show.Clean(p.agent.Agent.Name)
	}
	would := ""
	if dry {
		would = "   (dry run, nothing was changed)"
	}
	switch {
	case p.agent == nil:
		return fmt.Sprintf("agent %s   new%s", name, would)
	case len(p.changes) == 0:
		return fmt.Sprintf("agent %s   v%d, no change", name, p.agent.Version)
	case after == nil || after.Version == p.agent.Version && !dry:
		return fmt.Sprintf("agent %s   v%d", name, p.agent.Version) // only numbers, which no version holds
	case dry:
		return fmt.Sprintf("agent %s   v%d -> next%s", name, p.agent.Version, would)
	}
	return fmt.Sprintf("agent %s   v%d -> v%d", name, p.agent.Version, after.Version)
}

// epilogue tells what holds now.
func (p *plan) epilogue(before int, after *agentView, took time.Duration) string {
	name := quoted(show.Clean(after.Agent.Name))
	text := fmt.Sprintf("applied in %d ms", took.Milliseconds())
	if p.agent == nil {
		return text + fmt.Sprintf("\ncall somebody:  hookswitch call dial NUMBER --agent %s\n", name)
	}
	if after.Version == before {
		return text + "\n"
	}
	text += fmt.Sprintf("; calls that run now finish on v%d\n", before)
	for _, c := range p.changes {
		if len(c.Lines) > 0 {
			return text + fmt.Sprintf("line by line:  hookswitch agent diff %s %d %d\n", name, before, after.Version)
		}
	}
	return text
}

// blame puts the place in the file on what the gateway refuses.
func (p *plan) blame(err error) error {
	var e *client.Error
	if !errors.As(err, &e) || len(e.Fields) == 0 || e.Status == 401 || e.Status == 403 || e.Status >= 500 {
		return err
	}
	left := "it was left as it is"
	if p.agent == nil {
		left = "it was not made"
	}
	list := &fault.List{Title: fmt.Sprintf("the gateway refused agent %q: %d mistakes, %s", p.doc.Name(), len(e.Fields), left)}
	for _, f := range e.Fields {
		what := f.Name + ": " + f.Text
		if f.Name == "base" || f.Name == "agent" {
			what = f.Text
		}
		one := &fault.Fault{What: what, Where: fault.Keep(p.doc.Where(f.Name)), Code: "api/refused", Exit: fault.Wrong, Err: e}
		list.Faults = append(list.Faults, one)
	}
	last := list.Faults[len(list.Faults)-1]
	if e.RequestID != "" {
		last.Where += "   request " + e.RequestID
	}
	last.Mend = "change it and apply again; what there is: " + fault.Keep("GET /api/v2/voices") + ", " + fault.Keep("/agents/capabilities")
	return list
}

// agentDiffCmd compares.
type agentDiffCmd struct {
	File []string `short:"f" placeholder:"FILE" help:"Compare these files with the gateway; - reads standard input."`
	Name string   `arg:"" optional:"" help:"An agent, to compare two of its versions; or, with one number, that version and the newest."`
	From int      `arg:"" optional:"" help:"The older version."`
	To   int      `arg:"" optional:"" help:"The newer version."`
	reach
	output
}

// Help is shown above the flags.
func (agentDiffCmd) Help() string {
	return "Exit status: 0 nothing differs, 1 something does, 2 an error."
}

// Run compares. Its exit status is diff's own.
func (c *agentDiffCmd) Run(ctx context.Context, s streams) error {
	differs, err := c.compare(ctx, s)
	if err != nil {
		return asWrong(err)
	}
	if differs {
		return fault.ErrCheckFailed
	}
	return nil
}

func (c *agentDiffCmd) compare(ctx context.Context, s streams) (bool, error) {
	if (len(c.File) > 0) == (c.Name != "") || c.Name != "" && c.From == 0 {
		return false, &fault.Fault{What: "diff compares either files with the gateway, or versions of one agent", Where: fault.Keep("hookswitch agent diff"),
			Mend: fault.Keep("hookswitch agent diff -f FILE") + "   or   " + fault.Keep("hookswitch agent diff NAME 6 7"), Code: "cli/usage", Exit: fault.Wrong}
	}
	var docs []*declare.Document
	var err error
	if len(c.File) > 0 {
		if docs, err = readFiles(s, c.File); err != nil {
			return false, err
		}
	}
	ask, err := c.dial(s)
	if err != nil {
		return false, err
	}
	defer ask.Close()
	if docs == nil {
		return c.versions(ctx, s, ask)
	}
	_, plans, err := plansFor(ctx, ask, docs)
	if err != nil {
		return false, err
	}
	differs := false
	for _, p := range plans {
		if p.agent != nil && len(p.changes) == 0 {
			continue
		}
		differs = true
		heading := fmt.Sprintf("agent %s   new", show.Clean(p.doc.Name()))
		if p.agent != nil {
			heading = fmt.Sprintf("agent %s   v%d -> %s", show.Clean(p.agent.Agent.Name), p.agent.Version, show.Clean(p.doc.Path))
		}
		if err := declare.Print(s.out, heading, p.changes, look(s, c.output, true)); err != nil {
			return false, err
		}
	}
	return differs, nil
}

// asWrong is err with the exit status 2, which for diff means trouble.
func asWrong(err error) error {
	var list *fault.List
	var f *fault.Fault
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &list):
		for _, f := range list.Faults {
			f.Exit = fault.Wrong
		}
		return err
	case errors.As(err, &f):
		f.Exit = fault.Wrong
		return err
	}
	return &fault.Fault{What: err.Error(), Code: "cli/diff", Exit: fault.Wrong, Err: err}
}
