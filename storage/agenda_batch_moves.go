package storage

import (
	"context"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
)

// rowsAtOnce is how many errands of a batch one transaction moves. Who answers a
// call that rings waits meanwhile, where there is only one writer.
const rowsAtOnce = 500

// WakeBatch implements [agenda.Store]. The batch runs first, its rows follow by
// and by: who begins again, because a process died, goes on. Rows that somebody
// moved before have had their own job since.
func (db *DB) WakeBatch(ctx context.Context, id string, now time.Time) (wait time.Duration, err error) {
	for more := true; more && err == nil; {
		err = db.write(ctx, "wake batch", func(tx Tx) error {
			wait, more = 0, false
			_, err := tx.Exec(ctx, `UPDATE batches SET status = 'running', started_us = $2, updated_us = $2
				WHERE id = $1 AND status = 'scheduled' AND COALESCE(at_us, 0) <= $2`, text(id), now.UnixMicro())
			if err != nil {
				return err
			}
			b, err := oneBatch(ctx, tx, `WHERE id = $1`, text(id))
			if err != nil || b.Status != agenda.BatchRunning {
				if b.Status == agenda.BatchScheduled {
					wait = max(0, b.At.Sub(now))
				}
				return err
			}
			if err := lockBatch(ctx, tx, id, now); err != nil {
				return err
			}
			n, err := tx.Exec(ctx, `UPDATE errands SET status = 'ready', updated_us = $2, change = change + 1
				WHERE id IN (SELECT id FROM errands WHERE batch = $1 AND status = 'scheduled' AND change = 0 ORDER BY line LIMIT $3)
				AND status = 'scheduled' AND change = 0`, text(id), now.UnixMicro(), int64(rowsAtOnce))
			if err != nil {
				return err
			}
			more = n == rowsAtOnce
			return finishBatch(ctx, tx, id, now) // if all were cancelled one by one
		})
	}
	return wait, err
}

// FailBatch implements [agenda.Store]. One that does not load is left as it is.
func (db *DB) FailBatch(ctx context.Context, id string, now time.Time) error {
	_, err := db.cancelRows(ctx, id, "batch_failed", `'loading'`, now)
	if err != nil {
		return err
	}
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
		_, err = cancelWaiting(ctx, tx, id, "batch_failed", `'failed'`, -1, now)
		return err
	})
}

// CancelBatch implements [agenda.Store]. Its rows come first, the batch itself
// last, so that who dies in between leaves one that can still be cancelled. An
// errand that goes on is changed, too: whoever has it learns so when moving it, by
// [agenda.ErrMoved].
func (db *DB) CancelBatch(ctx context.Context, workspace, id string, now time.Time) (b agenda.Batch, err error) {
	if b, err = db.Batch(ctx, workspace, id); err != nil {
		return agenda.Batch{}, err
	}
	const goesOn = `'loading', 'scheduled', 'running'`
	rows, err := db.cancelRows(ctx, id, "cancelled", goesOn, now)
	if err != nil {
		return agenda.Batch{}, err
	}
	err = db.write(ctx, "cancel batch", func(tx Tx) error {
		// Its last call may have ended meanwhile: it is over because of us all the same.
		n, err := tx.Exec(ctx, `UPDATE batches SET status = 'cancelled', ended_us = $2, updated_us = $2
			WHERE id = $1 AND (status IN (`+goesOn+`) OR status = 'completed' AND $3 > 0)`, text(id), now.UnixMicro(), rows)
		if err == nil && n == 1 {
			err = cancelRest(ctx, tx, id, now)
		}
		if err != nil {
			return err
		}
		b, err = oneBatch(ctx, tx, `WHERE id = $1`, text(id))
		return err
	})
	if err != nil {
		return agenda.Batch{}, err
	}
	return b, nil
}

// cancelRest cancels what is left of a batch that is cancelled.
func cancelRest(ctx context.Context, tx Tx, batch string, now time.Time) error {
	if _, err := cancelWaiting(ctx, tx, batch, "cancelled", `'cancelled'`, -1, now); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE errands SET code = 'cancelled', updated_us = $2, change = change + 1
		WHERE batch = $1 AND status IN ('placing', 'live')`, text(batch), now.UnixMicro())
	return err
}

// cancelRows cancels the errands that wait of a batch in one of statuses, by and
// by, and returns how many.
func (db *DB) cancelRows(ctx context.Context, batch, code, statuses string, now time.Time) (total int64, err error) {
	for more := true; more && err == nil; {
		var n int64
		err = db.write(ctx, "cancel rows of a batch", func(tx Tx) (err error) {
			n, err = cancelWaiting(ctx, tx, batch, code, statuses, rowsAtOnce, now)
			return err
		})
		total, more = total+n, n == rowsAtOnce
	}
	return total, err
}

// cancelWaiting cancels at most limit errands that wait, -1 all, of a batch whose
// status is one of statuses: a list as SQL has it.
func cancelWaiting(ctx context.Context, tx Tx, batch, code, statuses string, limit int64, now time.Time) (int64, error) {
	if limit < 0 {
		limit = 1 << 40
	}
	return tx.Exec(ctx, `UPDATE errands SET status = 'cancelled', code = $3, ended_us = $2, updated_us = $2, change = change + 1
		WHERE id IN (SELECT id FROM errands WHERE batch = $1 AND status IN ('scheduled', 'ready') ORDER BY line LIMIT $4)
		AND status IN ('scheduled', 'ready') AND EXISTS (SELECT 1 FROM batches WHERE id = $1 AND status IN (`+statuses+`))`,
		text(batch), now.UnixMicro(), text(code), limit)
}
