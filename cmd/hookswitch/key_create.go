package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/sheet"
)

type keyCreateCmd struct {
	Name  string   `required:"" placeholder:"NAME" help:"What it is for, such as laptop or crm."`
	Scope []string `default:"admin" placeholder:"SCOPE" help:"What it may do, several with commas: admin (all), agents:read, agents:write, numbers:read, numbers:write, calls:read, calls:write, providers:read, providers:write, keys:write. Default admin."`
	ground
	output
	hushed
	careful
}

// Run makes the key. Its secret is the only thing on stdout.
func (c *keyCreateCmd) Run(ctx context.Context, s streams) error {
	scopes, err := scopesOf(c.Scope)
	if err != nil {
		return err
	}
	settings, err := c.settings(s)
	if err != nil {
		return err
	}
	place, fresh := keptIn(settings.DatabaseURL)
	if c.DryRun {
		_, err := fmt.Fprintf(s.out, "would make a key called %q (%s) in workspace %s of %s\n", c.Name, strings.Join(c.Scope, ", "), c.Workspace, place)
		return err
	}
	db, err := c.open(ctx, s)
	if err != nil {
		return err
	}
	key, secret, err := roster.Issue(ctx, db, c.Workspace, c.Name, scopes, actor(s), time.Now())
	if err := errors.Join(err, db.Close()); err != nil {
		return c.refused(err)
	}
	if c.structured() {
		b, err := json.Marshal(keyWith{keyView: viewOf(key), Secret: secret})
		if err != nil {
			return err
		}
		return sheet.Item(s.out, c.form(), b)
	}
	if fresh {
		place += ", new"
	}
	c.note(s, "key %s, %q (%s), workspace %s, %s\nits secret is shown this once:", key.ID, c.Name, strings.Join(c.Scope, ", "), c.Workspace, place)
	_, err = fmt.Fprintln(s.out, secret)
	return err
}

// refused tells of a name that can't be one.
func (c *keyCreateCmd) refused(err error) error {
	var wrong roster.KeyError
	if !errors.As(err, &wrong) {
		return err
	}
	return &fault.Fault{What: "the key's " + wrong.Field + " " + wrong.Why, Where: fault.Keep("--" + wrong.Field), Mend: fault.Keep("hookswitch key create --name laptop"), Code: "key/name", Exit: fault.Wrong, Err: err}
}

// keptIn names a database for people, without a password, and says whether it
// is still to be made.
func keptIn(url string) (place string, fresh bool) {
	file, embedded := strings.CutPrefix(url, "sqlite://")
	if !embedded {
		return "Postgres", false
	}
	_, err := os.Stat(file)
	return file, errors.Is(err, os.ErrNotExist)
}

func scopesOf(names []string) ([]roster.Scope, error) {
	var known []string
	for _, s := range roster.Scopes {
		known = append(known, string(s))
	}
	var out []roster.Scope
	for _, name := range names {
		if slices.Contains(known, name) {
			out = append(out, roster.Scope(name))
			continue
		}
		mend := "all scopes: " + strings.Join(known, ", ")
		if near := fault.Nearest(name, known); near != "" {
			mend = "did you mean " + near + "? " + mend
		}
		return nil, &fault.Fault{What: fmt.Sprintf("%q is not a scope", name), Where: fault.Keep("--scope " + name), Mend: mend, Code: "key/scope", Exit: fault.Wrong}
	}
	return out, nil
}

type keyWith struct {
	keyView
	Secret string `json:"key"`
}
