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
	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/sheet"
	"github.com/hookswitch/hookswitch/storage"
)

// keyCmd is about API keys, and the key that secrets are sealed with. It works on the gateway's own machine, on its
// database: who can read that needs no key.
type keyCmd struct {
	Create keyCreateCmd `cmd:"" help:"Make an API key and print its secret, once."`
	List   keyListCmd   `cmd:"" help:"List the API keys."`
	Revoke keyRevokeCmd `cmd:"" help:"End an API key."`
	Rotate keyRotateCmd `cmd:"" name:"rotate-secrets" help:"Seal all kept secrets with the newest secret key."`
}

// ground is the database that a command works on, without a gateway: the same
// settings as serve.
type ground struct {
	File        string `name:"config" placeholder:"FILE" help:"Read settings from FILE. Default hookswitch.yaml, if it exists (HOOKSWITCH_CONFIG)."`
	DatabaseURL string `name:"database-url" placeholder:"URL" help:"The gateway's database. Default as in the settings: database_url (HOOKSWITCH_DATABASE_URL)."`
	Workspace   string `short:"w" default:"default" placeholder:"ID" help:"The workspace. Default ${default}."`
}

// settings are those of serve.
func (g ground) settings(s streams) (config.Config, error) {
	given := map[string]string{}
	if g.DatabaseURL != "" {
		given["database-url"] = g.DatabaseURL
	}
	l, err := config.Load(config.Input{Flags: given, Path: g.File, Environ: s.environ})
	if err != nil {
		return config.Config{}, err
	}
	return l.Config, nil
}

// open opens the database, which a gateway may be using, and finds the
// workspace in it. The caller closes it.
func (g ground) open(ctx context.Context, s streams) (*storage.DB, error) {
	c, err := g.settings(s)
	if err != nil {
		return nil, err
	}
	db, err := server.OpenStore(ctx, c.DatabaseURL)
	if err != nil {
		return nil, err
	}
	if _, err := db.Workspace(ctx, g.Workspace); err != nil {
		return nil, errors.Join(g.noWorkspace(ctx, db, err), db.Close())
	}
	return db, nil
}

func (g ground) noWorkspace(ctx context.Context, db *storage.DB, err error) error {
	if !errors.Is(err, roster.ErrNotFound) {
		return err
	}
	f := &fault.Fault{What: fmt.Sprintf("there is no workspace %q", g.Workspace), Where: fault.Keep("--workspace " + g.Workspace), Mend: fault.Keep("--workspace " + roster.Default), Code: "key/workspace", Exit: fault.Wrong, Err: err}
	all, err := db.ListWorkspaces(ctx)
	if err != nil {
		return f
	}
	var ids []string
	for _, w := range all {
		ids = append(ids, w.ID)
	}
	if near := fault.Nearest(g.Workspace, ids); near != "" {
		f.Mend = "did you mean " + fault.Keep("--workspace "+near) + "?"
	}
	return f
}

// actor is who changes something here.
func actor(s streams) roster.Actor {
	for _, name := range []string{"SUDO_USER", "USER", "LOGNAME"} {
		if who := s.variable(name); who != "" {
			return roster.Actor("cli:" + who)
		}
	}
	return "cli:unknown"
}

type keyCreateCmd struct {
	Name  string   `required:"" placeholder:"NAME" help:"What it is for, such as laptop or crm."`
	Scope []string `default:"admin" placeholder:"SCOPE" help:"What it may do, several with commas: admin (all), agents:read, agents:write, numbers:read, numbers:write, calls:read, calls:write, keys:write. Default admin."`
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

// keyView is a key as JSON.
type keyView struct {
	ID        string         `json:"id"`
	Workspace string         `json:"workspace"`
	Name      string         `json:"name"`
	Prefix    string         `json:"prefix"`
	Scopes    []roster.Scope `json:"scopes"`
	Created   time.Time      `json:"created_at"`
	Used      *time.Time     `json:"last_used_at"`
	Revoked   *time.Time     `json:"revoked_at"`
}

type keyWith struct {
	keyView
	Secret string `json:"key"`
}

func viewOf(k roster.Key) keyView {
	orNull := func(t time.Time) *time.Time {
		if t.IsZero() {
			return nil
		}
		t = t.UTC()
		return &t
	}
	return keyView{k.ID, k.Workspace, k.Name, k.Prefix, k.Scopes, k.Created.UTC(), orNull(k.Used), orNull(k.Revoked)}
}

type keyListCmd struct {
	All bool `help:"Also those that were revoked."`
	ground
	output
}

// Run lists keys, newest last.
func (c *keyListCmd) Run(ctx context.Context, s streams) error {
	db, err := c.open(ctx, s)
	if err != nil {
		return err
	}
	keys, err := db.ListKeys(ctx, c.Workspace)
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	out := &sheet.Sheet{Columns: []sheet.Column{{Name: "ID"}, {Name: "NAME", Gives: true}, {Name: "SECRET"}, {Name: "SCOPES", Gives: true}, {Name: "LAST USED"}, {Name: "MADE", Wide: true}, {Name: "STATE"}}}
	for _, k := range keys {
		state := "good"
		if !k.Revoked.IsZero() {
			state = "revoked"
			if !c.All {
				continue
			}
		}
		var scopes []string
		for _, s := range k.Scopes {
			scopes = append(scopes, string(s))
		}
		item, err := json.Marshal(viewOf(k))
		if err != nil {
			return err
		}
		out.Add(k.ID, item, k.ID, k.Name, k.Prefix+"...", strings.Join(scopes, ", "), when(k.Used), when(k.Created), state)
	}
	return out.Write(s.out, c.mode(s))
}

type keyRevokeCmd struct {
	ID string `arg:"" help:"The key's id, as key list shows it, or its name."`
	ground
	dangerous
}

// Run ends a key; what uses it is refused from the next request on.
func (c *keyRevokeCmd) Run(ctx context.Context, s streams) error {
	db, err := c.open(ctx, s)
	if err != nil {
		return err
	}
	return errors.Join(c.revoke(ctx, s, db), db.Close())
}

func (c *keyRevokeCmd) revoke(ctx context.Context, s streams, db *storage.DB) error {
	key, err := c.find(ctx, db)
	if err != nil {
		return err
	}
	if c.DryRun {
		_, err := fmt.Fprintf(s.out, "would revoke %s %q\n", key.ID, key.Name)
		return err
	}
	if err := c.sure(s, fmt.Sprintf("revoke key %s %q", key.ID, key.Name)); err != nil {
		return err
	}
	if err := db.RevokeKey(ctx, c.Workspace, key.ID, actor(s), time.Now()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "revoked %s\n", key.ID)
	return err
}

// find is the key of that id, or the only good one of that name.
func (c *keyRevokeCmd) find(ctx context.Context, db *storage.DB) (roster.Key, error) {
	keys, err := db.ListKeys(ctx, c.Workspace)
	if err != nil {
		return roster.Key{}, err
	}
	var named []roster.Key
	var names []string
	for _, k := range keys {
		if k.ID == c.ID {
			return k, nil
		}
		if k.Name == c.ID && k.Revoked.IsZero() {
			named = append(named, k)
		}
		names = append(names, k.ID, k.Name)
	}
	if len(named) == 1 {
		return named[0], nil
	}
	f := &fault.Fault{What: fmt.Sprintf("there is no key %q in workspace %s", c.ID, c.Workspace), Where: fault.Keep("hookswitch key revoke " + c.ID), Mend: fault.Keep("hookswitch key list"), Code: "key/not-found", Exit: fault.Wrong}
	if len(named) > 1 {
		f.What = fmt.Sprintf("%d keys are called %q", len(named), c.ID)
		f.Mend = "name one by its id: " + fault.Keep("hookswitch key list")
	} else if near := fault.Nearest(c.ID, names); near != "" {
		f.Mend = "did you mean " + near + "? " + f.Mend
	}
	return roster.Key{}, f
}
