package storage

import (
	"context"
	"math"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

// addVersion keeps one state of an agent for good.
func addVersion(ctx context.Context, tx Tx, agent int64, n int, who roster.Actor, now time.Time, definition string) error {
	_, err := tx.Exec(ctx, `INSERT INTO agent_versions (agent_id, n, who, created_us, definition) VALUES ($1, $2, $3, $4, $5)`,
		agent, n, text(who), now.UnixMicro(), definition)
	return err
}

const versionColumns = `v.n, v.who, v.created_us, v.definition`

// Version implements [roster.Store].
func (db *DB) Version(ctx context.Context, workspace, uuid string, number int) (v roster.Version, err error) {
	err = db.read(ctx, "find version", func(tx Tx) error {
		all, err := versionsBy(ctx, tx, `SELECT `+versionColumns+` FROM agents a JOIN agent_versions v ON v.agent_id = a.id
			WHERE a.workspace = $1 AND a.uuid = $2 AND v.n = $3`, text(workspace), text(uuid), number)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			return roster.ErrNotFound
		}
		v = all[0]
		return nil
	})
	return v, err
}

// Versions implements [roster.Store]. A limit of 0 is none.
func (db *DB) Versions(ctx context.Context, workspace, uuid string, before, limit int) (all []roster.Version, err error) {
	if before <= 0 {
		before = math.MaxInt
	}
	if limit <= 0 {
		limit = math.MaxInt
	}
	err = db.read(ctx, "list versions", func(tx Tx) error {
		found, err := exists(ctx, tx, `SELECT 1 FROM agents WHERE workspace = $1 AND uuid = $2 AND deleted_us IS NULL`,
			text(workspace), text(uuid))
		if err != nil {
			return err
		}
		if !found {
			return roster.ErrNotFound
		}
		all, err = versionsBy(ctx, tx, `SELECT `+versionColumns+` FROM agents a JOIN agent_versions v ON v.agent_id = a.id
			WHERE a.workspace = $1 AND a.uuid = $2 AND v.n < $3 ORDER BY v.n DESC LIMIT $4`,
			text(workspace), text(uuid), before, limit)
		return err
	})
	return all, err
}

func versionsBy(ctx context.Context, tx Tx, query string, args ...any) ([]roster.Version, error) {
	var all []roster.Version
	err := tx.Each(ctx, query, args, func(scan Scan) error {
		var v roster.Version
		var who, kept string
		var created int64
		err := scan(&v.Number, &who, &created, &kept)
		if err != nil {
			return err
		}
		v.Who, v.Created = roster.Actor(who), time.UnixMicro(created)
		v.Definition, err = decodeDefinition(kept)
		all = append(all, v)
		return err
	})
	return all, err
}
