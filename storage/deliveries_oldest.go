package storage

import (
	"context"
	"database/sql"
	"time"
)

// OldestUndelivered is when the oldest delivery was made that is still to be
// tried, in any workspace; the zero time when there is none. One that is sent
// again by hand counts from when it was first made.
//
// It looks for the oldest of each workspace, which an index has at hand: the
// delivered ones may be millions.
func (db *DB) OldestUndelivered(ctx context.Context) (oldest time.Time, err error) {
	err = db.read(ctx, "find oldest delivery", func(tx Tx) error {
		oldest = time.Time{}
		return tx.Each(ctx, `SELECT MIN(oldest) FROM (
				SELECT (SELECT MIN(d.created_us) FROM deliveries d WHERE d.workspace = w.id AND d.status = 'pending') AS oldest
				FROM workspaces w) AS each_workspace`, nil,
			func(scan Scan) error {
				var us sql.NullInt64
				err := scan(&us)
				oldest = instant(us)
				return err
			})
	})
	return oldest, err
}
