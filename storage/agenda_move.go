package storage

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
)

// waits reports whether an errand waits for a callback.
func waits(e agenda.Errand) bool { return e.Status == agenda.Scheduled && e.Attempt > 0 }

// lockSeries has all who begin a series in a workspace wait for one another: two
// that look at the same time would both find none.
func lockSeries(ctx context.Context, tx Tx, workspace string) error {
	_, err := tx.Exec(ctx, `UPDATE workspaces SET feed_last = feed_last WHERE id = $1`, text(workspace))
	return err
}

// seriesOpen reports whether e's agent has another series to e's number: one that
// waits for a callback, or whose callback is on its way.
func seriesOpen(ctx context.Context, tx Tx, e agenda.Errand) (bool, error) {
	return exists(ctx, tx, `SELECT 1 FROM errands WHERE workspace = $1 AND to_number = $2 AND agent_uuid = $3 AND id <> $4
		AND (status IN ('scheduled', 'ready') AND attempt > 0 OR status IN ('placing', 'live') AND attempt > 1) LIMIT 1`,
		text(e.Workspace), text(e.To), text(e.AgentUUID), text(e.ID))
}

// Move implements [agenda.Store]. A batch's row is locked before an errand's, by
// all who need both.
func (db *DB) Move(ctx context.Context, e agenda.Errand, now time.Time) (on agenda.Errand, err error) {
	options, err := agenda.Encode(e.Options)
	if err != nil {
		return on, named("move errand", err)
	}
	over := agenda.Over(e.Status)
	var ended any
	if over {
		ended = now.UnixMicro()
	}
	err = db.write(ctx, "move errand", func(tx Tx) error {
		if over && e.Batch != "" {
			if err := lockBatch(ctx, tx, e.Batch, now); err != nil {
				return err
			}
		}
		if waits(e) {
			if err := lockSeries(ctx, tx, e.Workspace); err != nil {
				return err
			}
		}
		n, err := tx.Exec(ctx, `UPDATE errands SET status = $3, code = $4, why = $5, attempt = $6, call_id = $7, node = $8,
			due_us = $9, options = $10, ended_us = $11, updated_us = $12, change = change + 1 WHERE id = $1 AND change = $2`,
			text(e.ID), e.Change, text(e.Status), text(e.Code), text(e.Why), e.Attempt, text(e.Call), text(e.Node),
			e.Due.UnixMicro(), text(options), ended, now.UnixMicro())
		if err != nil {
			return err
		}
		on, err = oneErrand(ctx, tx, `WHERE id = $1`, text(e.ID))
		switch {
		case err != nil:
			return err
		case n == 0:
			return agenda.ErrMoved
		case over && on.Batch != "":
			return finishBatch(ctx, tx, on.Batch, now)
		}
		return db.await(ctx, tx, on)
	})
	if err != nil {
		return agenda.Errand{}, err
	}
	return on, nil
}

// EndSeries implements [agenda.Store].
func (db *DB) EndSeries(ctx context.Context, workspace, agent, to, except, code string, now time.Time) (ended int, err error) {
	const waiting = `workspace = $1 AND to_number = $2 AND agent_uuid = $3 AND id <> $4 AND status IN ('scheduled', 'ready') AND attempt > 0`
	args := []any{text(workspace), text(to), text(agent), text(except)}
	err = db.write(ctx, "end series", func(tx Tx) error {
		ended = 0
		var batches []string
		err := tx.Each(ctx, `SELECT DISTINCT batch FROM errands WHERE batch IS NOT NULL AND `+waiting+` ORDER BY batch`, args, func(scan Scan) error {
			var b sql.NullString
			err := scan(&b)
			batches = append(batches, b.String)
			return err
		})
		for _, b := range batches {
			err = errors.Join(err, lockBatch(ctx, tx, b, now))
		}
		if err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `UPDATE errands SET status = 'done', code = $5, ended_us = $6, updated_us = $6, change = change + 1 WHERE `+waiting,
			append(args[:4:4], text(code), now.UnixMicro())...)
		ended = int(n)
		for _, b := range batches {
			if err == nil {
				err = finishBatch(ctx, tx, b, now)
			}
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	return ended, nil
}

// lockBatch has all who may end the last errand of a batch wait for one another.
func lockBatch(ctx context.Context, tx Tx, id string, now time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE batches SET updated_us = $2 WHERE id = $1`, text(id), now.UnixMicro())
	return err
}

// finishBatch completes a running batch, whose row is locked, when the last of its
// errands is over.
func finishBatch(ctx context.Context, tx Tx, id string, now time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE batches SET status = 'completed', ended_us = $2, updated_us = $2 WHERE id = $1 AND status = 'running'
		AND NOT EXISTS (SELECT 1 FROM errands WHERE batch = $1 AND status IN ('scheduled', 'ready', 'placing', 'live'))`,
		text(id), now.UnixMicro())
	return err
}
