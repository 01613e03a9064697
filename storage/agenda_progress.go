package storage

import (
	"context"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
)

// BatchProgress is [agenda.Store.Progress].
func (db *DB) BatchProgress(ctx context.Context, batch string) (p agenda.Progress, err error) {
	err = db.read(ctx, "tell a batch's progress", func(tx Tx) error {
		p = agenda.Progress{}
		if _, err := oneBatch(ctx, tx, `WHERE id = $1`, text(batch)); err != nil {
			return err
		}
		of := map[string]*int{
			agenda.Scheduled: &p.Scheduled, agenda.Ready: &p.Ready, agenda.Placing: &p.Placing, agenda.Live: &p.Live,
			agenda.Done: &p.Done, agenda.Failed: &p.Failed, agenda.Refused: &p.Refused, agenda.Cancelled: &p.Cancelled,
		}
		err := tx.Each(ctx, `SELECT status, COUNT(*) FROM errands WHERE batch = $1 GROUP BY status`, []any{text(batch)}, func(scan Scan) error {
			var status string
			var n int
			err := scan(&status, &n)
			if one, known := of[status]; known {
				*one = n
			}
			return err
		})
		if err != nil {
			return err
		}
		return callsOfBatch(ctx, tx, batch, &p)
	})
	return p, err
}

// callsOfBatch adds what became of a batch's calls, those of earlier attempts
// among them: their ids follow from the errand's, see [agenda.Errand.CallOf].
func callsOfBatch(ctx context.Context, tx Tx, batch string, p *agenda.Progress) error {
	return tx.Each(ctx, `WITH RECURSIVE attempts (i) AS (
			SELECT 1 UNION ALL SELECT i + 1 FROM attempts WHERE i < (SELECT COALESCE(MAX(attempt), 0) FROM errands WHERE batch = $1))
		SELECT COUNT(c.ended_us), CAST(COALESCE(SUM(c.ended_us - c.answered_us), 0) AS BIGINT),
			COALESCE(MAX(c.ended_us), 0), COALESCE(MAX(c.created_us), 0)
		FROM errands e JOIN attempts a ON a.i <= e.attempt
		JOIN calls c ON c.id = CASE WHEN a.i = 1 THEN e.id ELSE e.id || '_' || CAST(a.i AS TEXT) END
		WHERE e.batch = $1`, []any{text(batch)}, func(scan Scan) error {
		var talked, over, started int64
		err := scan(&p.Calls, &talked, &over, &started)
		p.Talked, p.LastOver, p.LastStarted = time.Duration(talked)*time.Microsecond, whenOrNever(over), whenOrNever(started)
		return err
	})
}
