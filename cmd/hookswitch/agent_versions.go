package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/client"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/declare"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/sheet"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
)

type agentVersionsCmd struct {
	Name  string `arg:"" help:"A name or uuid."`
	Limit int    `default:"20" help:"At most so many, the newest. Default ${default}."`
	reach
	output
}

// Run lists versions, the newest first.
func (c *agentVersionsCmd) Run(ctx context.Context, s streams) error {
	ask, err := c.dial(s)
	if err != nil {
		return err
	}
	defer ask.Close()
	a, err := findAgent(ctx, ask, c.Name)
	if err != nil {
		return err
	}
	out := &sheet.Sheet{Columns: []sheet.Column{{Name: "VERSION", Right: true}, {Name: "MADE"}, {Name: "BY", Gives: true}, {Name: "CHANGED", Gives: true}}}
	for before := 0; out.Len() < c.Limit; {
		q := url.Values{"limit": {fmt.Sprint(min(100, c.Limit-out.Len()))}}
		if before > 0 {
			q.Set("before", fmt.Sprint(before))
		}
		page := 0
		for raw, err := range ask.List(ctx, client.Path("agents", a.Agent.UUID, "versions"), q, 0) {
			if err != nil {
				return err
			}
			var v struct {
				Version int       `json:"version"`
				Who     string    `json:"who"`
				Created time.Time `json:"created_at"`
				Changed []string  `json:"changed"`
			}
			if err := json.Unmarshal(raw, &v); err != nil {
				return unreadable("a version")
			}
			changed := strings.Join(v.Changed, ", ")
			if v.Version == 1 {
				changed = "made"
			}
			out.Add(fmt.Sprint(v.Version), raw, fmt.Sprint(v.Version), when(v.Created), v.Who, changed)
			before, page = v.Version, page+1
		}
		if page == 0 || before <= 1 {
			break
		}
	}
	return out.Write(s.out, c.mode(s))
}

// versionOf asks for one version of a, in the shape of a file.
func versionOf(ctx context.Context, c *client.Client, a *agentView, n int) (map[string]any, error) {
	var got client.Item[struct {
		Definition json.RawMessage `json:"definition"`
	}]
	err := c.Get(ctx, client.Path("agents", a.Agent.UUID, "versions", fmt.Sprint(n)), nil, &got)
	var e *client.Error
	if errors.As(err, &e) && e.Status == http.StatusNotFound {
		return nil, &fault.Fault{What: fmt.Sprintf("agent %q has no version %d", a.Agent.Name, n), Where: fmt.Sprintf("its newest is %d", a.Version),
			Mend: fault.Keep("hookswitch agent versions " + quoted(a.Agent.Name)), Code: "agent/version", Exit: fault.Wrong, Err: err}
	}
	if err != nil {
		return nil, err
	}
	fields, err := declare.Definition(got.Item.Definition)
	if err != nil {
		return nil, unreadable("a version")
	}
	return fields, nil
}

// versions compares two versions of one agent.
func (c *agentDiffCmd) versions(ctx context.Context, s streams, ask *client.Client) (bool, error) {
	a, err := findAgent(ctx, ask, c.Name)
	if err != nil {
		return false, err
	}
	to := c.To
	if to == 0 {
		to = a.Version
	}
	before, err := versionOf(ctx, ask, a, c.From)
	if err != nil {
		return false, err
	}
	after, err := versionOf(ctx, ask, a, to)
	if err != nil {
		return false, err
	}
	changes := declare.Diff(before, after)
	if len(changes) == 0 {
		return false, nil
	}
	return true, declare.Print(s.out, fmt.Sprintf("agent %s   v%d -> v%d", show.Clean(a.Agent.Name), c.From, to), changes, look(s, c.output, true))
}

type agentRestoreCmd struct {
	Name    string `arg:"" help:"A name or uuid."`
	Version int    `arg:"" help:"The version that the newest is to be like."`
	reach
	output
	hushed
	careful
}

// Run makes a new version that says what an earlier one said. Numbers stay
// where they lead.
func (c *agentRestoreCmd) Run(ctx context.Context, s streams) error {
	ask, err := c.dial(s)
	if err != nil {
		return err
	}
	defer ask.Close()
	a, err := findAgent(ctx, ask, c.Name)
	if err != nil {
		return err
	}
	want, err := versionOf(ctx, ask, a, c.Version)
	if err != nil {
		return err
	}
	have, err := versionOf(ctx, ask, a, a.Version)
	if err != nil {
		return err
	}
	changes := declare.Diff(have, want)
	name := show.Clean(a.Agent.Name)
	if c.DryRun {
		return declare.Print(s.out, fmt.Sprintf("agent %s   v%d -> next, like v%d   (dry run, nothing was changed)", name, a.Version, c.Version), changes, look(s, c.output, false))
	}
	var got rawItem
	if err := ask.Send(ctx, http.MethodPost, client.Path("agents", a.Agent.UUID, "versions", fmt.Sprint(c.Version), "restore")+"?advanced=true", nil, &got); err != nil {
		return err
	}
	now, err := viewAgent(got.Item)
	if err != nil {
		return err
	}
	if form := c.form(); slices.Contains([]string{sheet.JSON, sheet.YAML}, form) {
		return sheet.Item(s.out, form, now.raw)
	}
	heading := fmt.Sprintf("agent %s   v%d -> v%d, like v%d", name, a.Version, now.Version, c.Version)
	if now.Version == a.Version {
		heading = fmt.Sprintf("agent %s   v%d, no change", name, now.Version)
	}
	return declare.Print(s.out, heading, changes, look(s, c.output, false))
}
