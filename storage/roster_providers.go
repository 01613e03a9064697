package storage

import (
	"context"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

// SetProviderKey implements [roster.Store]. The audit says whether there was one
// before.
func (db *DB) SetProviderKey(ctx context.Context, k roster.ProviderKey) error {
	return db.change(ctx, "set provider key", func(tx Tx) error {
		if err := inWorkspace(ctx, tx, k.Workspace); err != nil {
			return err
		}
		row := []any{text(k.Workspace), text(k.Provider), text(k.Key), text(k.Who), k.Updated.UnixMicro()}
		detail := "replaced"
		n, err := tx.Exec(ctx, `UPDATE provider_keys SET sealed = $3, who = $4, updated_us = $5 WHERE workspace = $1 AND provider = $2`, row...)
		if err != nil {
			return err
		}
		if n == 0 {
			detail = ""
			id, err := take(ctx, tx, "provider_key", 1)
			if err != nil {
				return err
			}
			_, err = tx.Exec(ctx, `INSERT INTO provider_keys (workspace, provider, sealed, who, updated_us, id) VALUES ($1, $2, $3, $4, $5, $6)`, append(row, id)...)
			if err != nil {
				return err
			}
		}
		return note(ctx, tx, roster.Change{
			Workspace: k.Workspace, Who: k.Who, What: "provider_key.set", Target: k.Provider, Detail: detail, At: k.Updated,
		})
	})
}

// ProviderKey implements [roster.Store].
func (db *DB) ProviderKey(ctx context.Context, workspace, provider string) (roster.ProviderKey, error) {
	all, err := db.providerKeys(ctx, "find provider key", `AND provider = $2`, text(workspace), text(provider))
	if err != nil {
		return roster.ProviderKey{}, err
	}
	if len(all) == 0 {
		return roster.ProviderKey{}, named("find provider key", roster.ErrNotFound)
	}
	return all[0], nil
}

// ListProviderKeys implements [roster.Store].
func (db *DB) ListProviderKeys(ctx context.Context, workspace string) ([]roster.ProviderKey, error) {
	return db.providerKeys(ctx, "list provider keys", `ORDER BY provider`, text(workspace))
}

// RemoveProviderKey implements [roster.Store].
func (db *DB) RemoveProviderKey(ctx context.Context, workspace, provider string, who roster.Actor, now time.Time) error {
	return db.change(ctx, "remove provider key", func(tx Tx) error {
		n, err := tx.Exec(ctx, `DELETE FROM provider_keys WHERE workspace = $1 AND provider = $2`, text(workspace), text(provider))
		if err != nil {
			return err
		}
		if n == 0 {
			return roster.ErrNotFound
		}
		return note(ctx, tx, roster.Change{Workspace: workspace, Who: who, What: "provider_key.remove", Target: provider, At: now})
	})
}

func (db *DB) providerKeys(ctx context.Context, what, rest string, args ...any) ([]roster.ProviderKey, error) {
	var all []roster.ProviderKey
	err := db.read(ctx, what, func(tx Tx) error {
		all = nil
		return tx.Each(ctx, `SELECT workspace, provider, sealed, who, updated_us FROM provider_keys WHERE workspace = $1 `+rest, args, func(scan Scan) error {
			var k roster.ProviderKey
			var key, who string
			var updated int64
			err := scan(&k.Workspace, &k.Provider, &key, &who, &updated)
			k.Key, k.Who, k.Updated = roster.Secret(key), roster.Actor(who), time.UnixMicro(updated)
			all = append(all, k)
			return err
		})
	})
	return all, err
}
