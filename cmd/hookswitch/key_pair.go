package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/sheet"
	"github.com/hookswitch/hookswitch/storage"
)

// pairView is a key pair as JSON.
type pairView struct {
	Key       string     `json:"api_key"`
	Workspace string     `json:"workspace"`
	Name      string     `json:"name"`
	Created   time.Time  `json:"created_at"`
	Used      *time.Time `json:"last_used_at"`
	Revoked   *time.Time `json:"revoked_at"`
	Secret    string     `json:"api_secret,omitempty"` // in the answer that made it
}

func pairViewOf(p roster.Pair) pairView {
	return pairView{p.Key, p.Workspace, p.Name, p.Created.UTC(), timeOrNull(p.Used), timeOrNull(p.Revoked), ""}
}

type keyPairCmd struct {
	Name string `arg:"" help:"What it is for, such as dispatcher."`
	ground
	output
	hushed
	careful
}

// Help is shown above the flags.
func (keyPairCmd) Help() string {
	return "The pair is LIVEKIT_API_KEY and LIVEKIT_API_SECRET of LiveKit's clients: whoever has it can send agents into the workspace's calls, and take part as a worker."
}

// Run makes the pair. Key and secret, as variables, are the only thing on stdout.
func (c *keyPairCmd) Run(ctx context.Context, s streams) error {
	settings, err := c.settings(s)
	if err != nil {
		return err
	}
	place, fresh := keptIn(settings.DatabaseURL)
	if c.DryRun {
		_, err := fmt.Fprintf(s.out, "would make a LiveKit key pair called %q in workspace %s of %s\n", c.Name, c.Workspace, place)
		return err
	}
	ring, made, err := server.OpenKeyring(settings)
	if err != nil {
		return err
	}
	if made {
		c.note(s, "there was no secret key; one was made. Is this the folder that serve runs in?")
	}
	db, err := c.open(ctx, s)
	if err != nil {
		return err
	}
	p, secret, err := roster.IssuePair(ctx, db, ring, c.Workspace, c.Name, actor(s), time.Now())
	if err := errors.Join(err, db.Close()); err != nil {
		return c.refused(err)
	}
	if c.structured() {
		view := pairViewOf(p)
		view.Secret = secret
		b, err := json.Marshal(view)
		if err != nil {
			return err
		}
		return sheet.Item(s.out, c.form(), b)
	}
	if fresh {
		place += ", new"
	}
	c.note(s, "LiveKit key pair %q, workspace %s, %s\nits secret is shown this once:", p.Name, c.Workspace, place)
	_, err = fmt.Fprintf(s.out, "LIVEKIT_API_KEY=%s\nLIVEKIT_API_SECRET=%s\n", p.Key, secret)
	return err
}

// refused tells why there is no pair.
func (c *keyPairCmd) refused(err error) error {
	var wrong roster.KeyError
	switch {
	case errors.As(err, &wrong):
		return &fault.Fault{What: "the pair's " + wrong.Field + " " + wrong.Why, Where: fault.Keep("hookswitch key pair"), Mend: fault.Keep("hookswitch key pair dispatcher"), Code: "key/name", Exit: fault.Wrong, Err: err}
	case errors.Is(err, roster.ErrTooMany):
		return &fault.Fault{What: fmt.Sprintf("workspace %s has %d key pairs, as many as it may", c.Workspace, roster.MaxPairs), Where: fault.Keep("hookswitch key pairs"), Mend: fault.Keep("hookswitch key unpair API..."), Code: "key/too-many", Exit: fault.Wrong, Err: err}
	}
	return err
}

type keyPairsCmd struct {
	All bool `help:"Also those that were revoked."`
	ground
	output
}

// Run lists pairs, newest last.
func (c *keyPairsCmd) Run(ctx context.Context, s streams) error {
	db, err := c.open(ctx, s)
	if err != nil {
		return err
	}
	pairs, err := db.ListPairs(ctx, c.Workspace)
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	out := &sheet.Sheet{Columns: []sheet.Column{{Name: "API KEY"}, {Name: "NAME", Gives: true}, {Name: "LAST USED"}, {Name: "MADE", Wide: true}, {Name: "STATE"}}}
	for _, p := range pairs {
		state := "good"
		if !p.Revoked.IsZero() {
			state = "revoked"
			if !c.All {
				continue
			}
		}
		item, err := json.Marshal(pairViewOf(p))
		if err != nil {
			return err
		}
		out.Add(p.Key, item, p.Key, p.Name, when(p.Used), when(p.Created), state)
	}
	return out.Write(s.out, c.mode(s))
}

type keyUnpairCmd struct {
	Key string `arg:"" help:"The pair's API key, as key pairs shows it."`
	ground
	dangerous
}

// Run ends a pair; tokens that it signed are refused from the next request on.
func (c *keyUnpairCmd) Run(ctx context.Context, s streams) error {
	db, err := c.open(ctx, s)
	if err != nil {
		return err
	}
	return errors.Join(c.revoke(ctx, s, db), db.Close())
}

func (c *keyUnpairCmd) revoke(ctx context.Context, s streams, db *storage.DB) error {
	p, err := db.Pair(ctx, c.Key)
	if err != nil && !errors.Is(err, roster.ErrNotFound) {
		return err
	}
	if err != nil || p.Workspace != c.Workspace {
		return c.unknown(ctx, db)
	}
	if c.DryRun {
		_, err := fmt.Fprintf(s.out, "would revoke %s %q\n", p.Key, p.Name)
		return err
	}
	if err := c.sure(s, fmt.Sprintf("revoke key pair %s %q", p.Key, p.Name)); err != nil {
		return err
	}
	if err := db.RevokePair(ctx, c.Workspace, p.Key, actor(s), time.Now()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "revoked %s\n", p.Key)
	return err
}

// unknown tells that there is no such pair in the workspace, and of the nearest.
func (c *keyUnpairCmd) unknown(ctx context.Context, db *storage.DB) error {
	all, err := db.ListPairs(ctx, c.Workspace)
	if err != nil {
		return err
	}
	var keys []string
	for _, p := range all {
		keys = append(keys, p.Key)
	}
	f := &fault.Fault{What: fmt.Sprintf("there is no key pair %q in workspace %s", c.Key, c.Workspace), Where: fault.Keep("hookswitch key unpair " + c.Key), Mend: fault.Keep("hookswitch key pairs"), Code: "key/not-found", Exit: fault.Wrong}
	if near := fault.Nearest(c.Key, keys); near != "" {
		f.Mend = "did you mean " + near + "? " + f.Mend
	}
	return f
}
