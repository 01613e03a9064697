package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
)

const batchColumns = `id, workspace, agent_uuid, agent, name, source, status, options, columns, problems, wrong, total,
	at_us, created_us, updated_us, started_us, ended_us`

// CreateBatch implements [agenda.Store].
func (db *DB) CreateBatch(ctx context.Context, b agenda.Batch) error {
	options, columns, problems, err := batchTexts(b)
	if err != nil {
		return named("create batch", err)
	}
	return db.write(ctx, "create batch", func(tx Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO batches (`+batchColumns+`)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
			text(b.ID), text(b.Workspace), text(b.AgentUUID), text(b.Agent), text(b.Name), text(b.Source), text(b.Status),
			options, columns, problems, b.Wrong, b.Total, micros(b.At), b.Created.UnixMicro(), b.Updated.UnixMicro(),
			micros(b.Started), micros(b.Ended))
		return err
	})
}

// batchTexts are the columns of b that hold JSON.
func batchTexts(b agenda.Batch) (options, columns, problems string, err error) {
	all := [3]string{}
	for i, v := range []any{b.Options, emptyNotNil(b.Columns), emptyNotNil(b.Problems)} {
		if all[i], err = agenda.Encode(v); err != nil {
			return "", "", "", err
		}
		all[i] = text(all[i])
	}
	return all[0], all[1], all[2], nil
}

func emptyNotNil[E any](list []E) []E {
	filled(&list)
	return list
}

// insertAtOnce is how many errands one statement adds. More are fewer round trips
// to a server; SQLite compares each parameter's name with all before it, so that
// 100 rows take six times as long as twenty times five.
const insertAtOnce = 5

// AddErrands implements [agenda.Store]. A batch that no longer loads takes none:
// [agenda.ErrMoved].
func (db *DB) AddErrands(ctx context.Context, rows []agenda.Errand) error {
	if len(rows) == 0 {
		return nil
	}
	return db.write(ctx, "add errands", func(tx Tx) error {
		if err := lockBatch(ctx, tx, rows[0].Batch, rows[0].Created); err != nil {
			return err
		}
		b, err := oneBatch(ctx, tx, `WHERE id = $1`, text(rows[0].Batch))
		switch {
		case err != nil:
			return err
		case b.Status != agenda.BatchLoading:
			return agenda.ErrMoved
		}
		for some := range slices.Chunk(rows, insertAtOnce) {
			n, err := insertErrands(ctx, tx, some...)
			if err != nil {
				return err
			}
			if int(n) != len(some) {
				return fmt.Errorf("%d of %d errands have an id or a key that is there already", len(some)-int(n), len(some))
			}
		}
		return nil
	})
}

// StartBatch implements [agenda.Store]. A batch that does not load any more is
// [agenda.ErrMoved].
func (db *DB) StartBatch(ctx context.Context, b agenda.Batch, now time.Time) (on agenda.Batch, err error) {
	_, columns, problems, err := batchTexts(b)
	if err != nil {
		return on, named("start batch", err)
	}
	err = db.write(ctx, "start batch", func(tx Tx) error {
		if err := lockBatch(ctx, tx, b.ID, now); err != nil {
			return err
		}
		total := 0
		err := tx.Each(ctx, `SELECT COUNT(*) FROM errands WHERE batch = $1`, []any{text(b.ID)}, func(scan Scan) error { return scan(&total) })
		if err != nil {
			return err
		}
		status, ended := agenda.BatchScheduled, any(nil)
		if total == 0 {
			status, ended = agenda.BatchCompleted, now.UnixMicro()
		}
		n, err := tx.Exec(ctx, `UPDATE batches SET status = $2, columns = $3, problems = $4, wrong = $5, total = $6, at_us = $7,
			updated_us = $8, ended_us = $9 WHERE id = $1 AND status = 'loading'`,
			text(b.ID), status, columns, problems, b.Wrong, total, micros(b.At), now.UnixMicro(), ended)
		if err != nil {
			return err
		}
		on, err = oneBatch(ctx, tx, `WHERE id = $1`, text(b.ID))
		switch {
		case err != nil:
			return err
		case n == 0:
			return agenda.ErrMoved
		case total == 0:
			return nil
		}
		return db.engine.Enqueue(ctx, tx, Job{Kind: agenda.JobBatch, ID: b.ID, At: on.At})
	})
	if err != nil {
		return agenda.Batch{}, err
	}
	return on, nil
}

// Batch implements [agenda.Store].
func (db *DB) Batch(ctx context.Context, workspace, id string) (b agenda.Batch, err error) {
	err = db.read(ctx, "find batch", func(tx Tx) error {
		b, err = batchOf(ctx, tx, workspace, id)
		return err
	})
	return b, err
}

// batchOf finds a workspace's batch; an empty workspace is any.
func batchOf(ctx context.Context, tx Tx, workspace, id string) (agenda.Batch, error) {
	var c conditions
	c.add("id = %s", c.arg(text(id)))
	c.inAny(workspace)
	return oneBatch(ctx, tx, c.whereOrAll(), c.args...)
}

// Batches implements [agenda.Store]; see [DB.Errands].
func (db *DB) Batches(ctx context.Context, workspace, cursor string, limit int) (all []agenda.Batch, next string, err error) {
	limit = pageLimit(limit)
	var c conditions
	c.inAny(workspace)
	if err := c.after(cursor); err != nil {
		return nil, "", err
	}
	where := c.whereOrAll() + ` ORDER BY created_us DESC, id DESC LIMIT ` + c.arg(int64(limit+1))
	err = db.read(ctx, "list batches", func(tx Tx) error {
		all, err = eachBatch(ctx, tx, where, c.args...)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	all, next = pageOf(all, limit, func(b agenda.Batch) (time.Time, string) { return b.Created, b.ID })
	return all, next, nil
}

// LoadingBefore implements [agenda.Store].
func (db *DB) LoadingBefore(ctx context.Context, then time.Time) (all []agenda.Batch, err error) {
	err = db.read(ctx, "list loading batches", func(tx Tx) error {
		all, err = eachBatch(ctx, tx, `WHERE status = 'loading' AND created_us < $1 ORDER BY created_us, id`, then.UnixMicro())
		return err
	})
	return all, err
}

// oneBatch returns the batch that where finds, or [agenda.ErrNotFound].
func oneBatch(ctx context.Context, tx Tx, where string, args ...any) (agenda.Batch, error) {
	all, err := eachBatch(ctx, tx, where, args...)
	if err == nil && len(all) == 0 {
		err = agenda.ErrNotFound
	}
	if err != nil {
		return agenda.Batch{}, err
	}
	return all[0], nil
}

func eachBatch(ctx context.Context, tx Tx, where string, args ...any) (all []agenda.Batch, err error) {
	err = tx.Each(ctx, `SELECT `+batchColumns+` FROM batches `+where, args, func(scan Scan) error {
		var b agenda.Batch
		var options, columns, problems string
		var created, updated int64
		var at, started, ended sql.NullInt64
		if err := scan(&b.ID, &b.Workspace, &b.AgentUUID, &b.Agent, &b.Name, &b.Source, &b.Status, &options, &columns, &problems,
			&b.Wrong, &b.Total, &at, &created, &updated, &started, &ended); err != nil {
			return err
		}
		b.At, b.Created, b.Updated = instant(at), time.UnixMicro(created), time.UnixMicro(updated)
		b.Started, b.Ended = instant(started), instant(ended)
		for _, one := range []struct {
			text string
			into any
		}{{options, &b.Options}, {columns, &b.Columns}, {problems, &b.Problems}} {
			if err := json.Unmarshal([]byte(one.text), one.into); err != nil {
				return fmt.Errorf("batch %s: %w", b.ID, err)
			}
		}
		all = append(all, b)
		return nil
	})
	return all, err
}
