package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

const keyColumns = `id, workspace, name, prefix, hash, scopes, created_us, used_us, revoked_us`

// CreateKey implements [roster.Store]. An id in use is [roster.ErrTaken], too.
func (db *DB) CreateKey(ctx context.Context, k roster.Key, who roster.Actor) error {
	if k.Scopes == nil {
		k.Scopes = []roster.Scope{}
	}
	scopes, err := json.Marshal(k.Scopes)
	if err != nil {
		return named("create key", err)
	}
	return db.change(ctx, "create key", func(tx Tx) error {
		if err := inWorkspace(ctx, tx, k.Workspace); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `INSERT INTO api_keys (id, workspace, name, prefix, hash, scopes, created_us)
			VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
			text(k.ID), text(k.Workspace), text(k.Name), text(k.Prefix), text(k.Hash), text(string(scopes)), k.Created.UnixMicro())
		if err != nil {
			return err
		}
		if n == 0 {
			return roster.ErrTaken
		}
		return note(ctx, tx, roster.Change{
			Workspace: k.Workspace, Who: who, What: "key.create", Target: k.ID,
			Detail: fmt.Sprintf("scopes %s", scopes), At: k.Created,
		})
	})
}

// KeyByHash implements [roster.Store].
func (db *DB) KeyByHash(ctx context.Context, hash string) (roster.Key, error) {
	all, err := db.keys(ctx, "find key", `SELECT `+keyColumns+` FROM api_keys WHERE hash = $1`, text(hash))
	if err != nil {
		return roster.Key{}, err
	}
	if len(all) == 0 {
		return roster.Key{}, named("find key", roster.ErrNotFound)
	}
	return all[0], nil
}

// ListKeys implements [roster.Store]. The oldest comes first; revoked ones are
// among them.
func (db *DB) ListKeys(ctx context.Context, workspace string) ([]roster.Key, error) {
	return db.keys(ctx, "list keys", `SELECT `+keyColumns+` FROM api_keys WHERE workspace = $1 ORDER BY created_us, id`, text(workspace))
}

// UseKey implements [roster.Store]. Within a minute only the first writes.
func (db *DB) UseKey(ctx context.Context, id string, now time.Time) error {
	minute := now.Truncate(time.Minute).UnixMicro()
	return db.write(ctx, "use key", func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE api_keys SET used_us = $2 WHERE id = $1 AND (used_us IS NULL OR used_us < $2)`, text(id), minute)
		if err != nil || n == 1 {
			return err
		}
		found, err := exists(ctx, tx, `SELECT 1 FROM api_keys WHERE id = $1`, text(id))
		if err == nil && !found {
			err = roster.ErrNotFound
		}
		return err
	})
}

// RevokeKey implements [roster.Store].
func (db *DB) RevokeKey(ctx context.Context, workspace, id string, who roster.Actor, now time.Time) error {
	return db.change(ctx, "revoke key", func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE api_keys SET revoked_us = $3 WHERE workspace = $1 AND id = $2 AND revoked_us IS NULL`,
			text(workspace), text(id), now.UnixMicro())
		if err != nil {
			return err
		}
		if n == 1 {
			return note(ctx, tx, roster.Change{Workspace: workspace, Who: who, What: "key.revoke", Target: id, At: now})
		}
		found, err := exists(ctx, tx, `SELECT 1 FROM api_keys WHERE workspace = $1 AND id = $2`, text(workspace), text(id))
		if err == nil && !found {
			err = roster.ErrNotFound
		}
		return err
	})
}

func (db *DB) keys(ctx context.Context, what, query string, args ...any) ([]roster.Key, error) {
	var all []roster.Key
	err := db.read(ctx, what, func(tx Tx) error {
		all = nil
		return tx.Each(ctx, query, args, func(scan Scan) error {
			var k roster.Key
			var scopes string
			var created int64
			var used, revoked sql.NullInt64
			if err := scan(&k.ID, &k.Workspace, &k.Name, &k.Prefix, &k.Hash, &scopes, &created, &used, &revoked); err != nil {
				return err
			}
			k.Created, k.Used, k.Revoked = time.UnixMicro(created), instant(used), instant(revoked)
			if err := json.Unmarshal([]byte(scopes), &k.Scopes); err != nil {
				return fmt.Errorf("scopes of %s: %w", k.ID, err)
			}
			all = append(all, k)
			return nil
		})
	})
	return all, err
}
