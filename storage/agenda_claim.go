package storage

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
)

// Wake implements [agenda.Store].
func (db *DB) Wake(ctx context.Context, id string, now time.Time) (wait time.Duration, err error) {
	err = db.write(ctx, "wake errand", func(tx Tx) error {
		wait = 0
		n, err := tx.Exec(ctx, `UPDATE errands SET status = $3, change = change + 1, updated_us = $2
			WHERE id = $1 AND status = $4 AND due_us <= $2`, text(id), now.UnixMicro(), agenda.Ready, agenda.Scheduled)
		if err != nil || n == 1 {
			return err
		}
		e, err := oneErrand(ctx, tx, `WHERE id = $1`, text(id))
		if err == nil && e.Status == agenda.Scheduled {
			wait = max(0, e.Due.Sub(now))
		}
		return err
	})
	return wait, err
}

// ClaimErrands is [agenda.Store.Claim].
//
// Claims go one after another on every engine: they lock a counter first. So what
// one sees free is free, no two take the same, and none finds a number idle that
// another is about to call. The counter also says whose turn it is among the
// workspaces, so that who takes one at a time is fair, too.
func (db *DB) ClaimErrands(ctx context.Context, node string, now time.Time, limit int, skip []string) ([]agenda.Errand, error) {
	waiting, err := db.readyWorkspaces(ctx, skip)
	if err != nil || len(waiting) == 0 || limit <= 0 {
		return nil, err
	}
	var claimed []agenda.Errand
	err = db.write(ctx, "claim errands", func(tx Tx) error {
		claimed = nil
		turn, err := take(ctx, tx, "claim", 0)
		if err != nil {
			return err
		}
		from := int(turn % int64(len(waiting)))
		queue := slices.Concat(waiting[from:], waiting[:from])
		for len(queue) > 0 && len(claimed) < limit {
			e, ok, err := claimOne(ctx, tx, queue[0], node, now)
			if err != nil {
				return err
			}
			if ok {
				claimed, queue = append(claimed, e), append(queue, queue[0])
			}
			queue = queue[1:]
		}
		_, err = take(ctx, tx, "claim", len(claimed))
		return err
	})
	if err != nil {
		return nil, err
	}
	return claimed, nil
}

// readyWorkspaces lists the workspaces that have an errand ready, in the order of
// their ids. It jumps from one to the next in the index, however many errands
// there are.
func (db *DB) readyWorkspaces(ctx context.Context, skip []string) (all []string, err error) {
	err = db.read(ctx, "look for ready errands", func(tx Tx) error {
		all = nil
		for last := ""; ; {
			var next sql.NullString
			err := tx.Each(ctx, `SELECT MIN(workspace) FROM errands WHERE status = 'ready' AND workspace > $1`,
				[]any{last}, func(scan Scan) error { return scan(&next) })
			if err != nil || !next.Valid {
				return err
			}
			last = next.String
			if !slices.Contains(skip, last) {
				all = append(all, last)
			}
		}
	})
	return all, err
}

// claimOne gives node the first errand of a workspace whose number is idle.
func claimOne(ctx context.Context, tx Tx, workspace, node string, now time.Time) (agenda.Errand, bool, error) {
	for {
		found, err := eachErrand(ctx, tx, `WHERE status = 'ready' AND workspace = $1 AND due_us <= $2
			AND NOT EXISTS (SELECT 1 FROM errands b WHERE b.workspace = errands.workspace AND b.to_number = errands.to_number
				AND b.status IN ('placing', 'live'))
			ORDER BY (batch IS NOT NULL), (asked_us IS NULL), due_us, line, id LIMIT 1`, text(workspace), now.UnixMicro())
		if err != nil || len(found) == 0 {
			return agenda.Errand{}, false, err
		}
		e := found[0]
		was := e.Change
		e.Status, e.Node, e.Attempt, e.Change, e.Updated = agenda.Placing, text(node), e.Attempt+1, e.Change+1, time.UnixMicro(now.UnixMicro())
		e.Call = e.CallOf(e.Attempt)
		n, err := tx.Exec(ctx, `UPDATE errands SET status = $2, node = $3, attempt = $4, change = $5, updated_us = $6, call_id = $7
			WHERE id = $1 AND change = $8`, e.ID, e.Status, e.Node, e.Attempt, e.Change, e.Updated.UnixMicro(), string(e.Call), was)
		if err != nil || n == 1 {
			return e, n == 1, err
		} // else it was cancelled meanwhile: the next one
	}
}

// Claimed implements [agenda.Store].
func (db *DB) Claimed(ctx context.Context, node string, since time.Time) (all []agenda.Errand, err error) {
	err = db.read(ctx, "list claimed errands", func(tx Tx) error {
		all, err = eachErrand(ctx, tx, `WHERE status = 'placing' AND (node = $1
			OR NOT EXISTS (SELECT 1 FROM nodes WHERE nodes.id = errands.node AND nodes.beat_us >= $2)) ORDER BY updated_us, id`,
			text(node), since.UnixMicro())
		return err
	})
	return all, err
}
