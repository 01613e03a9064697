package storage

import (
	"context"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
)

// leaseLasts is how long a node that beats no more keeps the places of its calls.
const leaseLasts = time.Minute

// limit is one limit on how many calls go on at once, and the row that stands for it.
type limit struct {
	by, lock, count, of string
	most                int // 0: no limit
}

// limits are those that a call of r comes under. The workspace's row comes before
// the trunk's, for all, so that nobody waits in a circle.
func limits(caps dispatch.Caps, r dispatch.Record) [2]limit {
	return [2]limit{
		{"workspace", `UPDATE workspaces SET feed_last = feed_last WHERE id = $1`,
			`workspace = $1`, text(r.Workspace), caps.Workspace},
		{"trunk", `INSERT INTO trunks (account) VALUES ($1) ON CONFLICT (account) DO UPDATE SET account = excluded.account`,
			`account = $1 AND foreign_ = 0`, text(r.Account), caps.Trunk}, // of a foreign call no account is known
	}
}

// queue locks the rows of r's limits until the commit: whoever comes next counts
// this call, too. To count without it admits 34 of a cap of 10 on Postgres.
//
// It comes before anything is inserted that names the workspace: fifty who share
// the row already, each wanting it for itself, is where Postgres 15 stumbles ("new
// multixact has more than one updating member").
func queue(ctx context.Context, tx Tx, caps dispatch.Caps, r dispatch.Record) error {
	for _, one := range limits(caps, r) {
		if one.most <= 0 {
			continue
		}
		if _, err := tx.Exec(ctx, one.lock, one.of); err != nil {
			return err
		}
	}
	return nil
}

// heed fails with a [*dispatch.CappedError] when there is no place left for r, who
// stood in the [queue].
func heed(ctx context.Context, tx Tx, caps dispatch.Caps, r dispatch.Record) error {
	for _, one := range limits(caps, r) {
		if one.most <= 0 {
			continue
		}
		live, err := liveOf(ctx, tx, one.count, one.of, r.Created)
		if err != nil {
			return err
		}
		if live >= one.most && !mutant("cap-not-counted") {
			return &dispatch.CappedError{By: one.by}
		}
	}
	return nil
}

// liveOf counts the calls that have not ended, save those of dead nodes.
func liveOf(ctx context.Context, tx Tx, where, of string, now time.Time) (n int, err error) {
	err = tx.Each(ctx, `SELECT COUNT(*) FROM calls WHERE ended_us IS NULL AND `+where+` AND (node = ''
		OR EXISTS (SELECT 1 FROM nodes WHERE nodes.id = calls.node AND nodes.beat_us >= $2))`,
		[]any{of, now.Add(-leaseLasts).UnixMicro()}, func(scan Scan) error { return scan(&n) })
	return n, err
}
