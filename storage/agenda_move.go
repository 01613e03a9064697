package storage

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
)

// waits reports whether an errand waits for a callback.
func waits(e agenda.Errand) bool { return e.Status == agenda.Scheduled && e.Called() > 0 }

// lockSeries has all who begin a series in a workspace wait for one another: two
// that look at the same time would both find none.
func lockSeries(ctx context.Context, tx Tx, workspace string) error {
	_, err := tx.Exec(ctx, `UPDATE workspaces SET feed_last = feed_last WHERE id = $1`, text(workspace))
	return err
}

// seriesOpen reports whether e's agent has another series to e's number: one that
// waits for a callback, or whose callback is on its way.
func seriesOpen(ctx context.Context, tx Tx, e agenda.Errand) (bool, error) {
	others, err := eachErrand(ctx, tx, `WHERE workspace = $1 AND to_number = $2 AND agent_uuid = $3 AND id <> $4
		AND (status IN ('scheduled', 'ready') AND attempt > 0 OR status IN ('placing', 'live') AND attempt > 1)`,
		text(e.Workspace), text(e.To), text(e.AgentUUID), text(e.ID))
	return slices.ContainsFunc(others, func(o agenda.Errand) bool {
		goesOn := o.Status == agenda.Placing || o.Status == agenda.Live
		return o.Called() > 1 || o.Called() > 0 && !goesOn
	}), err
}

// Move implements [agenda.Store]. A batch's row is locked before an errand's, by
// all who need both. Whether the call was dialled is asked when the errand's row
// is ours: [DB.SetDialled] wants it, too.
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
		}
		rang, err := exists(ctx, tx, `SELECT 1 FROM calls WHERE id = $1 AND dialled_us IS NOT NULL`, text(on.CallOf(on.Attempt+1)))
		switch {
		case err != nil:
			return err
		case rang:
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

// EndSeries implements [agenda.Store]. One that was lost before anybody was called
// is no series; how many were, only the row's JSON tells.
func (db *DB) EndSeries(ctx context.Context, workspace, agent, to, except, code string, now time.Time) (ended int, err error) {
	err = db.write(ctx, "end series", func(tx Tx) error {
		ended = 0
		waiting, err := eachErrand(ctx, tx, `WHERE workspace = $1 AND to_number = $2 AND agent_uuid = $3 AND id <> $4
			AND status IN ('scheduled', 'ready') AND attempt > 0 ORDER BY COALESCE(batch, ''), id`,
			text(workspace), text(to), text(agent), text(except))
		if err != nil {
			return err
		}
		waiting = slices.DeleteFunc(waiting, func(e agenda.Errand) bool { return e.Called() == 0 })
		for _, e := range waiting {
			if e.Batch != "" {
				err = errors.Join(err, lockBatch(ctx, tx, e.Batch, now))
			}
		}
		if err != nil {
			return err
		}
		for _, e := range waiting {
			n, err := tx.Exec(ctx, `UPDATE errands SET status = 'done', code = $3, ended_us = $4, updated_us = $4, change = change + 1
				WHERE id = $1 AND attempt = $2 AND status IN ('scheduled', 'ready')`, e.ID, e.Attempt, text(code), now.UnixMicro())
			if err == nil && e.Batch != "" {
				err = finishBatch(ctx, tx, e.Batch, now)
			}
			if err != nil {
				return err
			}
			ended += int(n)
		}
		return nil
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
