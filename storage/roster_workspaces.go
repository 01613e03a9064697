package storage

import (
	"context"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

var _ roster.Store = (*DB)(nil)

// CreateWorkspace implements [roster.Store].
func (db *DB) CreateWorkspace(ctx context.Context, w roster.Workspace) error {
	return db.write(ctx, "create workspace", func(tx Tx) error {
		n, err := tx.Exec(ctx, `INSERT INTO workspaces (id, name, created_us) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING`,
			text(w.ID), text(w.Name), w.Created.UnixMicro())
		if err == nil && n == 0 {
			err = roster.ErrTaken
		}
		return err
	})
}

// Workspace implements [roster.Store].
func (db *DB) Workspace(ctx context.Context, id string) (roster.Workspace, error) {
	all, err := db.workspaces(ctx, "find workspace", `SELECT id, name, created_us FROM workspaces WHERE id = $1`, text(id))
	if err != nil {
		return roster.Workspace{}, err
	}
	if len(all) == 0 {
		return roster.Workspace{}, named("find workspace", roster.ErrNotFound)
	}
	return all[0], nil
}

// ListWorkspaces implements [roster.Store]. The oldest comes first.
func (db *DB) ListWorkspaces(ctx context.Context) ([]roster.Workspace, error) {
	return db.workspaces(ctx, "list workspaces", `SELECT id, name, created_us FROM workspaces ORDER BY created_us, id`)
}

func (db *DB) workspaces(ctx context.Context, what, query string, args ...any) ([]roster.Workspace, error) {
	var all []roster.Workspace
	err := db.read(ctx, what, func(tx Tx) error {
		all = nil
		return tx.Each(ctx, query, args, func(scan Scan) error {
			var w roster.Workspace
			var created int64
			err := scan(&w.ID, &w.Name, &created)
			w.Created = time.UnixMicro(created)
			all = append(all, w)
			return err
		})
	})
	return all, err
}
