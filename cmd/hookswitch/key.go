package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/storage"
)

// keyCmd is about API keys, key pairs, and the key that secrets are sealed with. It works on the gateway's own machine, on its
// database: who can read that needs no key.
type keyCmd struct {
	Create keyCreateCmd `cmd:"" help:"Make an API key and print its secret, once."`
	List   keyListCmd   `cmd:"" help:"List the API keys."`
	Revoke keyRevokeCmd `cmd:"" help:"End an API key."`
	Pair   keyPairCmd   `cmd:"" help:"Make a key pair for LiveKit's clients and print it, once."`
	Pairs  keyPairsCmd  `cmd:"" help:"List the key pairs of LiveKit's clients."`
	Unpair keyUnpairCmd `cmd:"" help:"End a key pair."`
	Rotate keyRotateCmd `cmd:"" name:"rotate-secrets" help:"Seal all kept secrets with the newest secret key."`
}

// place is the database that a command works on, without a gateway: the same
// settings as serve.
type place struct {
	File        string `name:"config" placeholder:"FILE" help:"Read settings from FILE. Default hookswitch.yaml, if it exists (HOOKSWITCH_CONFIG)."`
	DatabaseURL string `name:"database-url" placeholder:"URL" help:"The gateway's database. Default as in the settings: database_url (HOOKSWITCH_DATABASE_URL)."`
}

// settings are those of serve.
func (p place) settings(s streams) (config.Config, error) {
	given := map[string]string{}
	if p.DatabaseURL != "" {
		given["database-url"] = p.DatabaseURL
	}
	l, err := config.Load(config.Input{Flags: given, Path: p.File, Environ: s.environ})
	if err != nil {
		return config.Config{}, err
	}
	return l.Config, nil
}

// database opens the database, which a gateway may be using. The caller closes
// it.
func (p place) database(ctx context.Context, s streams) (*storage.DB, error) {
	c, err := p.settings(s)
	if err != nil {
		return nil, err
	}
	return server.OpenStore(ctx, c.DatabaseURL)
}

// ground is a workspace in a [place].
type ground struct {
	place
	Workspace string `short:"w" default:"default" placeholder:"ID" help:"The workspace. Default ${default}."`
}

// open is database, in which it finds the workspace.
func (g ground) open(ctx context.Context, s streams) (*storage.DB, error) {
	db, err := g.database(ctx, s)
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
