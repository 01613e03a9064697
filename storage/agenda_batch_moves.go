package storage

import (
	"context"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
)

// WakeBatch implements [agenda.Store]. Rows that somebody moved before have had
// their own job since.
func (db *DB) WakeBatch(ctx context.Context, id string, now time.Time) (wait time.Duration, err error) {
	err = db.write(ctx, "wake batch", func(tx Tx) error {
		wait = 0
		n, err := tx.Exec(ctx, `UPDATE batches SET status = 'running', started_us = $2, updated_us = $2
			WHERE id = $1 AND status = 'scheduled' AND COALESCE(at_us, 0) <= $2`, text(id), now.UnixMicro())
		if err != nil {
			return err
		}
		if n == 0 {
			b, err := oneBatch(ctx, tx, `WHERE id = $1`, text(id))
			if err == nil && b.Status == agenda.BatchScheduled {
				wait = max(0, b.At.Sub(now))
			}
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE errands SET status = 'ready', updated_us = $2, change = change + 1
			WHERE batch = $1 AND status = 'scheduled' AND change = 0`, text(id), now.UnixMicro())
		if err != nil {
			return err
		}
		return finishBatch(ctx, tx, id, now) // if all were cancelled one by one
	})
	return wait, err
}

// FailBatch implements [agenda.Store]. One that does not load is left as it is.
func (db *DB) FailBatch(ctx context.Context, id string, now time.Time) error {
	return db.write(ctx, "fail batch", func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE batches SET status = 'failed', ended_us = $2, updated_us = $2
			WHERE id = $1 AND status = 'loading'`, text(id), now.UnixMicro())
		if err != nil {
			return err
		}
		if n == 0 {
			_, err := oneBatch(ctx, tx, `WHERE id = $1`, text(id))
			return err
		}
		return cancelWaiting(ctx, tx, id, "batch_failed", now)
	})
}

// CancelBatch implements [agenda.Store]. An errand that goes on is changed, too:
// whoever has it learns so when moving it, by [agenda.ErrMoved].
func (db *DB) CancelBatch(ctx context.Context, workspace, id string, now time.Time) (b agenda.Batch, err error) {
	err = db.write(ctx, "cancel batch", func(tx Tx) error {
		if b, err = batchOf(ctx, tx, workspace, id); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `UPDATE batches SET status = 'cancelled', ended_us = $2, updated_us = $2
			WHERE id = $1 AND status IN ('loading', 'scheduled', 'running')`, text(id), now.UnixMicro())
		if err != nil || n == 0 {
			return err
		}
		if err := cancelWaiting(ctx, tx, id, "cancelled", now); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE errands SET code = 'cancelled', updated_us = $2, change = change + 1
			WHERE batch = $1 AND status IN ('placing', 'live')`, text(id), now.UnixMicro())
		if err != nil {
			return err
		}
		b, err = batchOf(ctx, tx, workspace, id)
		return err
	})
	if err != nil {
		return agenda.Batch{}, err
	}
	return b, nil
}

// cancelWaiting cancels a batch's errands that wait.
func cancelWaiting(ctx context.Context, tx Tx, batch, code string, now time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE errands SET status = 'cancelled', code = $3, ended_us = $2, updated_us = $2, change = change + 1
		WHERE batch = $1 AND status IN ('scheduled', 'ready')`, text(batch), now.UnixMicro(), text(code))
	return err
}
