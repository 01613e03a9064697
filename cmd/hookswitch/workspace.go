package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/sheet"
)

// workspaceCmd is about workspaces: whoever has a key of one sees nothing of
// another. Like keys, they are made on the gateway's own machine.
type workspaceCmd struct {
	Create workspaceCreateCmd `cmd:"" help:"Make a workspace."`
	List   workspaceListCmd   `cmd:"" help:"List the workspaces."`
}

type workspaceCreateCmd struct {
	ID   string `arg:"" placeholder:"ID" help:"How it is called in --workspace: letters, digits, - and _, at most 64."`
	Name string `placeholder:"NAME" help:"How people call it. Default: its ID."`
	place
	careful
}

var workspaceID = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

// Run makes the workspace and says how to get a key of it.
func (c *workspaceCreateCmd) Run(ctx context.Context, s streams) error {
	wrong := &fault.Fault{Where: fault.Keep("hookswitch workspace create " + c.ID), Code: "key/workspace", Exit: fault.Wrong}
	if !workspaceID.MatchString(c.ID) {
		wrong.What, wrong.Mend = fmt.Sprintf("%.80q can't be the id of a workspace", c.ID), "lower-case letters, digits, - and _, at most 64 of them"
		return wrong
	}
	if c.Name == "" {
		c.Name = c.ID
	}
	if c.DryRun {
		_, err := fmt.Fprintf(s.out, "would make the workspace %s\n", c.ID)
		return err
	}
	db, err := c.database(ctx, s)
	if err != nil {
		return err
	}
	err = db.CreateWorkspace(ctx, roster.Workspace{ID: c.ID, Name: c.Name, Created: time.Now()})
	if err := errors.Join(err, db.Close()); errors.Is(err, roster.ErrTaken) {
		wrong.What, wrong.Mend, wrong.Err = "there is a workspace "+c.ID+" already", fault.Keep("hookswitch workspace list"), err
		return wrong
	} else if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "workspace %s is made; a key of it: hookswitch key create --workspace %s --name me --scope admin\n", c.ID, c.ID)
	return err
}

type workspaceListCmd struct {
	place
	output
}

// Run lists the workspaces, oldest first.
func (c *workspaceListCmd) Run(ctx context.Context, s streams) error {
	db, err := c.database(ctx, s)
	if err != nil {
		return err
	}
	all, err := db.ListWorkspaces(ctx)
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	out := &sheet.Sheet{Columns: []sheet.Column{{Name: "ID"}, {Name: "NAME", Gives: true}}}
	for _, w := range all {
		item, err := json.Marshal(map[string]any{"id": w.ID, "name": w.Name})
		if err != nil {
			return err
		}
		out.Add(w.ID, item, w.ID, w.Name)
	}
	return out.Write(s.out, c.mode(s))
}
