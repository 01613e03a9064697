package storage

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

const agentColumns = `a.id, a.uuid, a.workspace, a.version, a.created_us, a.updated_us, a.definition`

// CreateAgent implements [roster.Store]. A UUID in use, also by an agent that
// was deleted, is [roster.ErrTaken]. Names need not differ.
func (db *DB) CreateAgent(ctx context.Context, a roster.Agent, link int64, who roster.Actor, now time.Time) (made roster.Agent, err error) {
	err = db.change(ctx, "create agent", func(tx Tx) error {
		if err := inWorkspace(ctx, tx, a.Workspace); err != nil {
			return err
		}
		d, err := canonical(a.Definition)
		if err != nil {
			return err
		}
		if err := identify(ctx, tx, &d, roster.Definition{}); err != nil {
			return err
		}
		kept, err := encodeDefinition(d)
		if err != nil {
			return err
		}
		id, err := take(ctx, tx, "agent", 1)
		if err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `INSERT INTO agents (id, uuid, workspace, name, version, definition, created_us, updated_us)
			VALUES ($1, $2, $3, $4, 1, $5, $6, $6) ON CONFLICT (uuid) DO NOTHING`,
			id, text(a.UUID), text(a.Workspace), text(d.Name), kept, now.UnixMicro())
		if err != nil {
			return err
		}
		if n == 0 {
			return roster.ErrTaken
		}
		if err := addVersion(ctx, tx, id, 1, who, now, kept); err != nil {
			return err
		}
		made = roster.Agent{
			ID: id, UUID: text(a.UUID), Workspace: text(a.Workspace), Version: 1,
			Created: time.UnixMicro(now.UnixMicro()), Updated: time.UnixMicro(now.UnixMicro()), Definition: d,
		}
		if err := note(ctx, tx, roster.Change{
			Workspace: a.Workspace, Who: who, What: "agent.create", Target: a.UUID, Detail: "version 1", At: now,
		}); err != nil || link == 0 {
			return err
		}
		return linkTo(ctx, tx, made, link, who, now)
	})
	if err != nil {
		return roster.Agent{}, err
	}
	return made, nil
}

// Agent implements [roster.Store].
func (db *DB) Agent(ctx context.Context, workspace, uuid string) (a roster.Agent, err error) {
	err = db.read(ctx, "find agent", func(tx Tx) error {
		a, err = agentOf(ctx, tx, workspace, uuid)
		return err
	})
	return a, err
}

// ChangeAgent implements [roster.Store]. A tool or webhook without an id keeps
// the one that its UUID has in the present version, a system tool that of its
// name. Sealed texts are compared as they are: who changes nothing gives the
// present ones back.
func (db *DB) ChangeAgent(ctx context.Context, workspace, uuid string, from int, d roster.Definition, link *int64, who roster.Actor, now time.Time) (made roster.Agent, err error) {
	err = db.change(ctx, "change agent", func(tx Tx) error {
		made, err = agentOf(ctx, tx, workspace, uuid)
		if err != nil {
			return err
		}
		if made.Version != from {
			return roster.ErrConflict
		}
		if err := nextVersion(ctx, tx, &made, d, who, now); err != nil || link == nil || *link == 0 {
			return err
		}
		return linkTo(ctx, tx, made, *link, who, now)
	})
	if err != nil {
		return roster.Agent{}, err
	}
	return made, nil
}

// nextVersion makes d the next version of a, unless it says what a says.
func nextVersion(ctx context.Context, tx Tx, a *roster.Agent, d roster.Definition, who roster.Actor, now time.Time) error {
	d, err := canonical(d)
	if err != nil {
		return err
	}
	if err := identify(ctx, tx, &d, a.Definition); err != nil {
		return err
	}
	what, err := partsChanged(a.Definition, d)
	if err != nil || len(what) == 0 {
		return err
	}
	kept, err := encodeDefinition(d)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `UPDATE agents SET name = $3, version = version + 1, definition = $4, updated_us = $5
		WHERE id = $1 AND version = $2 AND deleted_us IS NULL`,
		a.ID, a.Version, text(d.Name), kept, now.UnixMicro())
	if err != nil {
		return err
	}
	if n == 0 {
		return roster.ErrConflict
	}
	a.Version, a.Updated, a.Definition = a.Version+1, time.UnixMicro(now.UnixMicro()), d
	if err := addVersion(ctx, tx, a.ID, a.Version, who, now, kept); err != nil {
		return err
	}
	return note(ctx, tx, roster.Change{
		Workspace: a.Workspace, Who: who, What: "agent.update", Target: a.UUID,
		Detail: fmt.Sprintf("version %d: %s", a.Version, strings.Join(what, ", ")), At: now,
	})
}

// DeleteAgent implements [roster.Store].
func (db *DB) DeleteAgent(ctx context.Context, workspace, uuid string, who roster.Actor, now time.Time) error {
	return db.change(ctx, "delete agent", func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE agents SET deleted_us = $3, updated_us = $3
			WHERE workspace = $1 AND uuid = $2 AND deleted_us IS NULL`, text(workspace), text(uuid), now.UnixMicro())
		if err != nil {
			return err
		}
		if n == 0 {
			return roster.ErrNotFound
		}
		n, err = tx.Exec(ctx, `UPDATE phone_numbers SET agent_id = NULL, updated_us = $2
			WHERE agent_id = (SELECT id FROM agents WHERE uuid = $1)`, text(uuid), now.UnixMicro())
		if err != nil {
			return err
		}
		return note(ctx, tx, roster.Change{
			Workspace: workspace, Who: who, What: "agent.delete", Target: uuid,
			Detail: fmt.Sprintf("phone numbers let go: %d", n), At: now,
		})
	})
}

// agentOf returns an agent that was not deleted, or [roster.ErrNotFound].
func agentOf(ctx context.Context, tx Tx, workspace, uuid string) (a roster.Agent, err error) {
	found := false
	err = tx.Each(ctx, `SELECT `+agentColumns+` FROM agents a WHERE a.workspace = $1 AND a.uuid = $2 AND a.deleted_us IS NULL`,
		[]any{text(workspace), text(uuid)}, func(scan Scan) error {
			var kept string
			if a, kept, err = scanAgent(scan); err != nil {
				return err
			}
			found = true
			a.Definition, err = decodeDefinition(kept)
			return err
		})
	if err == nil && !found {
		err = roster.ErrNotFound
	}
	if err != nil {
		return roster.Agent{}, err
	}
	return a, nil
}

// scanAgent returns an agent without its definition, and that as it is kept.
func scanAgent(scan Scan) (a roster.Agent, definition string, err error) {
	var created, updated int64
	err = scan(&a.ID, &a.UUID, &a.Workspace, &a.Version, &created, &updated, &definition)
	a.Created, a.Updated = time.UnixMicro(created), time.UnixMicro(updated)
	return a, definition, err
}
