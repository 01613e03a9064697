package storage

import (
	"context"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// MaxSequence is the most entries that one transaction numbers.
const MaxSequence = 1000

// SequenceCalls is the most calls that they may belong to. Each costs two
// statements, and whoever answers a call that rings waits meanwhile where there
// is only one writer: some 1 ms, not 50.
const SequenceCalls = 20

// sequenceBreath lies between two transactions: 800 calls at once would keep a
// processor from everything else for 50 ms.
const sequenceBreath = time.Millisecond

// Sequence gives numbers of their workspace's feed to journal entries that have
// none yet, at most limit of each workspace (zero: [MaxSequence]) and those of
// [SequenceCalls] calls, and returns how many it numbered: if that is fewer and there was no
// limit, none is left of those that waited. Any node may call it at any time: an entry is
// numbered once, and what was numbered never changes.
//
// The workspace's row is locked for it: numbers are given in the order in which
// they can be seen, so that who read up to a number has missed none below it.
func (db *DB) Sequence(ctx context.Context, limit int) (int, error) {
	if limit <= 0 || limit > MaxSequence {
		limit = MaxSequence
	}
	var waiting []string
	err := db.read(ctx, "look for entries without number", func(tx Tx) error {
		waiting = nil
		return tx.Each(ctx, `SELECT DISTINCT workspace FROM calls WHERE last_n > fed_n ORDER BY workspace`, nil,
			func(scan Scan) error {
				var w string
				err := scan(&w)
				waiting = append(waiting, w)
				return err
			})
	})
	total := 0
	for _, w := range waiting {
		if err != nil {
			break
		}
		var n int
		err = db.write(ctx, "number entries", func(tx Tx) (err error) {
			n, err = sequence(ctx, tx, w, limit)
			return err
		})
		if err == nil && n > 0 {
			total += n
			err = breathe(ctx)
		}
	}
	return total, err
}

func breathe(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(sequenceBreath):
		return nil
	}
}

// unfed are entries of one call that have no number in the feed: those above
// from, up to to.
type unfed struct {
	call     telephony.CallID
	from, to int
}

func sequence(ctx context.Context, tx Tx, workspace string, limit int) (int, error) {
	// The lock comes first, and with it the right to read what is waiting.
	if n, err := tx.Exec(ctx, `UPDATE workspaces SET feed_last = feed_last WHERE id = $1`, workspace); err != nil || n == 0 {
		return 0, err
	}
	var runs []unfed
	count := 0
	err := tx.Each(ctx, `SELECT id, fed_n, last_n FROM calls WHERE workspace = $1 AND last_n > fed_n
		ORDER BY created_us, id LIMIT $2`, []any{workspace, int64(min(limit, SequenceCalls))}, func(scan Scan) error {
		var u unfed
		var id string
		err := scan(&id, &u.from, &u.to)
		u.call, u.to = telephony.CallID(id), min(u.to, u.from+limit-count)
		if u.to > u.from {
			count += u.to - u.from
			runs = append(runs, u)
		}
		return err
	})
	if err != nil || count == 0 {
		return 0, err
	}
	var last int64
	err = tx.Each(ctx, `UPDATE workspaces SET feed_last = feed_last + $2 WHERE id = $1 RETURNING feed_last`,
		[]any{workspace, int64(count)}, func(scan Scan) error { return scan(&last) })
	if err != nil {
		return 0, err
	}
	return count, number(ctx, tx, workspace, last-int64(count), runs)
}

// number gives the entries of runs the numbers above seq.
func number(ctx context.Context, tx Tx, workspace string, seq int64, runs []unfed) error {
	for _, u := range runs {
		_, err := tx.Exec(ctx, `INSERT INTO feed (workspace, seq, call_id, n)
			SELECT CAST($1 AS TEXT), CAST($2 AS BIGINT) + n - CAST($3 AS BIGINT), call_id, n FROM call_events
			WHERE call_id = $4 AND n > $3 AND n <= $5`,
			workspace, seq, int64(u.from), string(u.call), int64(u.to))
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE calls SET fed_n = $2 WHERE id = $1`, string(u.call), int64(u.to)); err != nil {
			return err
		}
		seq += int64(u.to - u.from)
	}
	return nil
}
