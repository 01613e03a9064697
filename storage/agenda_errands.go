package storage

import (
	"context"
	"errors"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/telephony"
)

// CreateErrand implements [agenda.Store]. The unique indexes decide between two
// who create the same.
func (db *DB) CreateErrand(ctx context.Context, e agenda.Errand) (on agenda.Errand, created bool, err error) {
	err = db.write(ctx, "create errand", func(tx Tx) error {
		created = false
		if waits(e) {
			if err := lockSeries(ctx, tx, e.Workspace); err != nil {
				return err
			}
		}
		if e.IdemKey != "" {
			_, err := tx.Exec(ctx, `UPDATE errands SET idem_key = NULL WHERE workspace = $1 AND idem_key = $2 AND created_us <= $3`,
				text(e.Workspace), text(e.IdemKey), keySince(e.Created))
			if err != nil {
				return err
			}
		}
		n, err := insertErrands(ctx, tx, e)
		if err != nil {
			return err
		}
		if n == 0 {
			on, err = errandBefore(ctx, tx, e)
			return err
		}
		created = true
		on, err = oneErrand(ctx, tx, `WHERE id = $1`, text(e.ID))
		if err != nil {
			return err
		}
		return db.await(ctx, tx, on)
	})
	if err != nil {
		return agenda.Errand{}, false, err
	}
	return on, created, nil
}

// errandBefore is the errand that keeps e from being created: it has its id, or
// its key.
func errandBefore(ctx context.Context, tx Tx, e agenda.Errand) (agenda.Errand, error) {
	on, err := oneErrand(ctx, tx, `WHERE id = $1`, text(e.ID))
	if errors.Is(err, agenda.ErrNotFound) {
		on, err = oneErrand(ctx, tx, `WHERE workspace = $1 AND idem_key = $2`, text(e.Workspace), text(e.IdemKey))
	}
	if err == nil && (on.Workspace != text(e.Workspace) || on.IdemHash != text(e.IdemHash)) {
		err = agenda.ErrIdemMismatch
	}
	return on, err
}

// await enqueues the job of an errand that is Scheduled, unless it waits for a
// callback while another series does.
func (db *DB) await(ctx context.Context, tx Tx, e agenda.Errand) error {
	if e.Status != agenda.Scheduled {
		return nil
	}
	if waits(e) {
		if open, err := seriesOpen(ctx, tx, e); err != nil {
			return err
		} else if open {
			return agenda.ErrSeriesOpen
		}
	}
	return db.engine.Enqueue(ctx, tx, Job{Kind: agenda.JobErrand, ID: e.ID, At: e.Due, Line: Crowd})
}

// Errand implements [agenda.Store].
func (db *DB) Errand(ctx context.Context, workspace, id string) (agenda.Errand, error) {
	var c conditions
	c.add("id = %s", c.arg(text(id)))
	c.inAny(workspace)
	return db.findErrand(ctx, c.whereOrAll(), c.args...)
}

// ErrandByKey implements [agenda.Store].
func (db *DB) ErrandByKey(ctx context.Context, workspace, key string, now time.Time) (agenda.Errand, error) {
	return db.findErrand(ctx, `WHERE workspace = $1 AND idem_key = $2 AND created_us > $3`, text(workspace), text(key), keySince(now))
}

// ErrandOfCall implements [agenda.Store].
func (db *DB) ErrandOfCall(ctx context.Context, call telephony.CallID) (agenda.Errand, error) {
	return db.findErrand(ctx, `WHERE call_id = $1 AND call_id <> ''`, text(call))
}

func (db *DB) findErrand(ctx context.Context, where string, args ...any) (e agenda.Errand, err error) {
	err = db.read(ctx, "find errand", func(tx Tx) error {
		e, err = oneErrand(ctx, tx, where, args...)
		return err
	})
	return e, err
}

// Errands implements [agenda.Store]. A page has at most [MaxPageCalls]. A cursor
// that no page gave is [ErrCursor].
func (db *DB) Errands(ctx context.Context, workspace string, f agenda.Filter, cursor string, limit int) (all []agenda.Errand, next string, err error) {
	limit = pageLimit(limit)
	c := errandConditions(workspace, f)
	if err := c.after(cursor); err != nil {
		return nil, "", err
	}
	where := c.whereOrAll() + ` ORDER BY created_us DESC, id DESC LIMIT ` + c.arg(int64(limit+1))
	err = db.read(ctx, "list errands", func(tx Tx) error {
		all, err = eachErrand(ctx, tx, where, c.args...)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	all, next = pageOf(all, limit, func(e agenda.Errand) (time.Time, string) { return e.Created, e.ID })
	return all, next, nil
}

// CountErrands implements [agenda.Store].
func (db *DB) CountErrands(ctx context.Context, workspace string, f agenda.Filter) (n int, err error) {
	c := errandConditions(workspace, f)
	err = db.read(ctx, "count errands", func(tx Tx) error {
		return tx.Each(ctx, `SELECT COUNT(*) FROM errands `+c.whereOrAll(), c.args, func(scan Scan) error { return scan(&n) })
	})
	return n, err
}

func errandConditions(workspace string, f agenda.Filter) *conditions {
	var c conditions
	c.inAny(workspace)
	for _, one := range [][2]string{{"kind", f.Kind}, {"agent_uuid", f.AgentUUID}, {"to_number", f.To}, {"batch", f.Batch}, {"source", f.Source}} {
		if one[1] != "" {
			c.add("%s = %s", one[0], c.arg(text(one[1])))
		}
	}
	if len(f.Statuses) > 0 {
		c.oneOf("status", f.Statuses)
	}
	return &c
}
