package storage

import (
	"context"
	"database/sql"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

var _ roster.Pairs = (*DB)(nil)

// Pair implements [roster.Pairs].
func (db *DB) Pair(ctx context.Context, key string) (roster.Pair, error) {
	all, err := db.pairs(ctx, "find key pair", `WHERE id = $1`, text(key))
	if err != nil {
		return roster.Pair{}, err
	}
	if len(all) == 0 {
		return roster.Pair{}, named("find key pair", roster.ErrNotFound)
	}
	return all[0], nil
}

// ListPairs implements [roster.Pairs].
func (db *DB) ListPairs(ctx context.Context, workspace string) ([]roster.Pair, error) {
	all, err := db.pairs(ctx, "list key pairs", `WHERE workspace = $1 ORDER BY created_us, id`, text(workspace))
	for i := range all {
		all[i].Secret = ""
	}
	return all, err
}

// CreatePair implements [roster.Pairs]. Changes of the roster go one after
// another, so that the count is true until the pair is there.
func (db *DB) CreatePair(ctx context.Context, p roster.Pair, who roster.Actor) error {
	return db.change(ctx, "create key pair", func(tx Tx) error {
		if err := inWorkspace(ctx, tx, p.Workspace); err != nil {
			return err
		}
		var good int
		err := tx.Each(ctx, `SELECT COUNT(*) FROM key_pairs WHERE workspace = $1 AND revoked_us IS NULL`,
			[]any{text(p.Workspace)}, func(scan Scan) error { return scan(&good) })
		if err != nil {
			return err
		}
		if good >= roster.MaxPairs {
			return roster.ErrTooMany
		}
		n, err := tx.Exec(ctx, `INSERT INTO key_pairs (id, workspace, name, secret, created_us)
			VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
			text(p.Key), text(p.Workspace), text(p.Name), text(p.Secret), p.Created.UnixMicro())
		if err != nil {
			return err
		}
		if n == 0 {
			return roster.ErrTaken
		}
		return note(ctx, tx, roster.Change{Workspace: p.Workspace, Who: who, What: "key_pair.create", Target: p.Key, At: p.Created})
	})
}

// RevokePair implements [roster.Pairs].
func (db *DB) RevokePair(ctx context.Context, workspace, key string, who roster.Actor, now time.Time) error {
	return db.change(ctx, "revoke key pair", func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE key_pairs SET revoked_us = $3 WHERE workspace = $1 AND id = $2 AND revoked_us IS NULL`,
			text(workspace), text(key), now.UnixMicro())
		if err != nil {
			return err
		}
		if n == 1 {
			return note(ctx, tx, roster.Change{Workspace: workspace, Who: who, What: "key_pair.revoke", Target: key, At: now})
		}
		found, err := exists(ctx, tx, `SELECT 1 FROM key_pairs WHERE workspace = $1 AND id = $2`, text(workspace), text(key))
		if err == nil && !found {
			err = roster.ErrNotFound
		}
		return err
	})
}

// UsedPair implements [roster.Pairs]. Of one that isn't there it notes nothing.
func (db *DB) UsedPair(ctx context.Context, key string, now time.Time) error {
	return db.write(ctx, "use key pair", func(tx Tx) error {
		_, err := tx.Exec(ctx, `UPDATE key_pairs SET used_us = $2 WHERE id = $1 AND (used_us IS NULL OR used_us < $2)`,
			text(key), now.Truncate(time.Minute).UnixMicro())
		return err
	})
}

func (db *DB) pairs(ctx context.Context, what, where string, args ...any) (all []roster.Pair, err error) {
	err = db.read(ctx, what, func(tx Tx) error {
		all = nil
		return tx.Each(ctx, `SELECT id, workspace, name, secret, created_us, used_us, revoked_us FROM key_pairs `+where, args, func(scan Scan) error {
			var p roster.Pair
			var secret string
			var created int64
			var used, revoked sql.NullInt64
			err := scan(&p.Key, &p.Workspace, &p.Name, &secret, &created, &used, &revoked)
			p.Secret, p.Created, p.Used, p.Revoked = roster.Secret(secret), time.UnixMicro(created), instant(used), instant(revoked)
			all = append(all, p)
			return err
		})
	})
	return all, err
}
