package storage

import (
	"context"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
)

// leaseLasts is how long a node that beats no more keeps the places of its calls.
const leaseLasts = time.Minute

// heed fails with a [*dispatch.CappedError] when there is no place left for r.
//
// Whoever creates a call under a cap locks the row that stands for it before
// counting, and keeps it until the commit: the next one counts this call, too. To
// count without it admits 34 of a cap of 10 on Postgres. The workspace's row comes
// before the trunk's, for all, so that nobody waits in a circle.
func heed(ctx context.Context, tx Tx, caps dispatch.Caps, r dispatch.Record) error {
	for _, one := range []struct {
		by, lock, count, of string
		most                int
	}{
		{"workspace", `UPDATE workspaces SET feed_last = feed_last WHERE id = $1`,
			`workspace = $1`, text(r.Workspace), caps.Workspace},
		{"trunk", `INSERT INTO trunks (account) VALUES ($1) ON CONFLICT (account) DO UPDATE SET account = excluded.account`,
			`account = $1 AND foreign_ = 0`, text(r.Account), caps.Trunk}, // of a foreign call no account is known
	} {
		if one.most <= 0 {
			continue
		}
		if _, err := tx.Exec(ctx, one.lock, one.of); err != nil {
			return err
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
