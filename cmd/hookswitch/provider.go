package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/client"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/sheet"
)

// providerCmd looks after the services that hear, think and speak for agents.
type providerCmd struct {
	List   providerListCmd   `cmd:"" help:"List the providers, and which of them have a key."`
	Set    providerSetCmd    `cmd:"" help:"Set the workspace's key of a provider."`
	Remove providerRemoveCmd `cmd:"" help:"Forget the workspace's key of a provider."`
	Check  providerCheckCmd  `cmd:"" help:"Make one real round trip to each provider that has a key."`
}

type providerListCmd struct {
	reach
	output
}

// Run lists the providers.
func (c *providerListCmd) Run(ctx context.Context, s streams) error {
	ask, err := c.dial(s)
	if err != nil {
		return err
	}
	defer ask.Close()
	out := &sheet.Sheet{Columns: []sheet.Column{{Name: "PROVIDER"}, {Name: "DOES"}, {Name: "KEY"}, {Name: "SET"}, {Name: "STATE", Gives: true}}}
	for raw, err := range ask.List(ctx, "/providers", nil, 0) {
		if err != nil {
			return err
		}
		var p client.Provider
		if json.Unmarshal(raw, &p) != nil {
			return unreadable("a provider")
		}
		out.Add(p.Name, raw, p.Name, strings.Join(p.Stages, ", "), keyOf(p), setAt(p), standing(p))
	}
	return out.Write(s.out, c.mode(s))
}

// keyOf says whose key a provider is asked with.
func keyOf(p client.Provider) string {
	if p.Source == "built_in" {
		return "not needed"
	}
	return p.Source
}

func setAt(p client.Provider) string {
	if p.Updated == nil {
		return when(time.Time{})
	}
	return when(*p.Updated)
}

// standing says whether a call could use a provider, and if not, why.
func standing(p client.Provider) string {
	if p.Configured {
		return "ready"
	}
	return p.Why
}

// findProvider is the provider called name.
func findProvider(ctx context.Context, c *client.Client, name string) (client.Provider, error) {
	all, err := c.Providers(ctx)
	if err != nil {
		return client.Provider{}, err
	}
	var names []string
	for _, p := range all {
		if p.Name == name {
			return p, nil
		}
		names = append(names, p.Name)
	}
	// What was typed may be a key: it is not repeated.
	f := &fault.Fault{What: "this gateway has no client for such a provider", Where: "the first argument", Mend: "all of them: " + strings.Join(names, ", "), Code: "provider/not-found", Exit: fault.Wrong}
	if near := fault.Nearest(name, names); near != "" {
		f.Mend = "did you mean " + near + "? " + f.Mend
	}
	return client.Provider{}, f
}

type providerRemoveCmd struct {
	Name string `arg:"" help:"The provider, as provider list shows it."`
	reach
	dangerous
}

// Run forgets the key. The next call is without it.
func (c *providerRemoveCmd) Run(ctx context.Context, s streams) error {
	ask, err := c.dial(s)
	if err != nil {
		return err
	}
	defer ask.Close()
	p, err := findProvider(ctx, ask, c.Name)
	if err != nil {
		return err
	}
	if p.Source != "workspace" {
		return &fault.Fault{What: "this workspace has no key of its own of " + p.Name, Where: "the first argument", Mend: fault.Keep("hookswitch provider list"), Code: "provider/no-key", Exit: fault.Wrong}
	}
	what := "remove the workspace's key of " + p.Name
	if c.DryRun {
		_, err := fmt.Fprintln(s.out, "would "+what)
		return err
	}
	if err := c.sure(s, what); err != nil {
		return err
	}
	if err := ask.RemoveProviderKey(ctx, p.Name); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "removed the workspace's key of %s\n", p.Name)
	return err
}
