package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/sheet"
	"github.com/hookswitch/hookswitch/storage"
)

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

func viewOf(k roster.Key) keyView {
	return keyView{k.ID, k.Workspace, k.Name, k.Prefix, k.Scopes, k.Created.UTC(), timeOrNull(k.Used), timeOrNull(k.Revoked)}
}

func timeOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
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
