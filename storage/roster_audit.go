package storage

import (
	"context"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

// change runs do in a transaction that changes the roster.
//
// It locks the audit's counter first, so that changes of the roster go one
// after another on every engine: nobody waits for two rows in another order
// than somebody else, and what do looks up stays true until it commits. People
// change the roster; calls do not.
func (db *DB) change(ctx context.Context, what string, do func(Tx) error) error {
	return db.write(ctx, what, func(tx Tx) error {
		if _, err := take(ctx, tx, "change", 0); err != nil {
			return err
		}
		return do(tx)
	})
}

// take moves a counter by n, which may be 0, and returns its new value: the ids
// that it gave end there. The counter stays locked until tx is over.
func take(ctx context.Context, tx Tx, counter string, n int) (last int64, err error) {
	err = tx.Each(ctx, `INSERT INTO counters (name, last) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET last = counters.last + excluded.last RETURNING last`,
		[]any{counter, int64(n)}, func(scan Scan) error { return scan(&last) })
	return last, err
}

// note writes a line of the audit.
func note(ctx context.Context, tx Tx, c roster.Change) error {
	id, err := take(ctx, tx, "change", 1)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO audit (id, workspace, who, what, target, detail, at_us) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		id, text(c.Workspace), text(c.Who), c.What, text(c.Target), text(c.Detail), c.At.UnixMicro())
	return err
}

// Changes implements [roster.Store].
func (db *DB) Changes(ctx context.Context, workspace string, limit int) ([]roster.Change, error) {
	var all []roster.Change
	err := db.read(ctx, "list changes", func(tx Tx) error {
		all = nil
		return tx.Each(ctx, `SELECT workspace, who, what, target, detail, at_us FROM audit
			WHERE workspace = $1 ORDER BY id DESC LIMIT $2`,
			[]any{text(workspace), int64(max(0, limit))}, func(scan Scan) error {
				var c roster.Change
				var who string
				var at int64
				err := scan(&c.Workspace, &who, &c.What, &c.Target, &c.Detail, &at)
				c.Who, c.At = roster.Actor(who), time.UnixMicro(at)
				all = append(all, c)
				return err
			})
	})
	return all, err
}

// exists reports whether query finds a row.
func exists(ctx context.Context, tx Tx, query string, args ...any) (found bool, err error) {
	err = tx.Each(ctx, query, args, func(Scan) error {
		found = true
		return nil
	})
	return found, err
}

// inWorkspace fails with [roster.ErrNotFound] unless there is that workspace.
// Workspaces are never removed, so that it stays true.
func inWorkspace(ctx context.Context, tx Tx, id string) error {
	found, err := exists(ctx, tx, `SELECT 1 FROM workspaces WHERE id = $1`, text(id))
	if err == nil && !found {
		err = roster.ErrNotFound
	}
	return err
}
