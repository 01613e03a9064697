package storage

import (
	"context"
	"time"
)

// forgotten is for how long a node that beats no more is remembered. Whether
// it is dead or unknown makes no difference.
const forgotten = 24 * time.Hour

// Beat implements [dispatch.Nodes].
func (db *DB) Beat(ctx context.Context, node string, now time.Time) error {
	return db.write(ctx, "beat", func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE nodes SET beat_us = $2 WHERE id = $1`, text(node), now.UnixMicro())
		if err != nil || n == 1 {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM nodes WHERE beat_us < $1`, now.Add(-forgotten).UnixMicro()); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO nodes (id, started_us, beat_us) VALUES ($1, $2, $2)
			ON CONFLICT (id) DO UPDATE SET beat_us = excluded.beat_us`, text(node), now.UnixMicro())
		return err
	})
}

// Alive implements [dispatch.Nodes].
func (db *DB) Alive(ctx context.Context, node string, since time.Time) (alive bool, err error) {
	err = db.read(ctx, "look at a node", func(tx Tx) error {
		alive = false
		return tx.Each(ctx, `SELECT id FROM nodes WHERE id = $1 AND beat_us >= $2`,
			[]any{text(node), since.UnixMicro()}, func(Scan) error { alive = true; return nil })
	})
	return alive && err == nil, err
}
