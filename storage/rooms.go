package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/telephony"
)

// Rooms is db as a [room.Store].
//
// Who writes locks the call's row first, then the room's, then jobs: nobody waits
// in a circle, and a call that ends takes its room with it, however late somebody
// opened that.
func (db *DB) Rooms() room.Store { return rooms{db} }

type rooms struct{ db *DB }

// clock gives the numbers of [room.Room.Changed]: microseconds, each higher than
// the one before.
type clock struct{ last atomic.Int64 }

func (c *clock) tick() int64 {
	for {
		last := c.last.Load()
		next := max(time.Now().UnixMicro(), last+1)
		if c.last.CompareAndSwap(last, next) {
			return next
		}
	}
}

// raised is the statement's part that raises a room's Changed to $2, or by one
// when another process's clock is ahead.
const raised = `changed = CASE WHEN changed < $2 THEN $2 ELSE changed + 1 END`

const roomColumns = `id, workspace, name, call_id, changed, created_us, closed_us`

// eachRoom lists the rooms that where finds.
func eachRoom(ctx context.Context, tx Tx, where string, args ...any) (all []room.Room, err error) {
	err = tx.Each(ctx, `SELECT `+roomColumns+` FROM rooms `+where, args, func(scan Scan) error {
		var r room.Room
		var call sql.NullString
		var created int64
		var closed sql.NullInt64
		err := scan(&r.ID, &r.Workspace, &r.Name, &call, &r.Changed, &created, &closed)
		r.Call, r.Created, r.Closed = telephony.CallID(call.String), time.UnixMicro(created), instant(closed)
		all = append(all, r)
		return err
	})
	return all, err
}

// oneRoom returns the room that where finds, or [room.ErrNotFound].
func oneRoom(ctx context.Context, tx Tx, where string, args ...any) (room.Room, error) {
	all, err := eachRoom(ctx, tx, where, args...)
	if err == nil && len(all) == 0 {
		err = room.ErrNotFound
	}
	if err != nil {
		return room.Room{}, err
	}
	return all[0], nil
}

func roomNamed(ctx context.Context, tx Tx, workspace, name string) (room.Room, error) {
	return oneRoom(ctx, tx, `WHERE workspace = $1 AND name = $2 AND closed_us IS NULL`, text(workspace), text(name))
}

func roomOfCall(ctx context.Context, tx Tx, call telephony.CallID) (room.Room, error) {
	return oneRoom(ctx, tx, `WHERE call_id = $1 AND closed_us IS NULL`, text(call))
}

// liveNamed returns the workspace's call that goes on and has that id, else the
// oldest that has chosen that room; or [room.ErrNotFound].
func liveNamed(ctx context.Context, tx Tx, workspace, name string) (telephony.CallID, error) {
	for _, where := range []string{`id = $2 AND workspace = $1`, `workspace = $1 AND room = $2 AND room <> '' ORDER BY created_us, id LIMIT 1`} {
		var id string
		err := tx.Each(ctx, `SELECT id FROM calls WHERE ended_us IS NULL AND `+where, []any{text(workspace), text(name)},
			func(scan Scan) error { return scan(&id) })
		if err != nil || id != "" {
			return telephony.CallID(id), err
		}
	}
	return "", room.ErrNotFound
}

// hold locks the row of a call of workspace that goes on, so that it does not end
// meanwhile. One that is over is [room.ErrNotFound].
func hold(ctx context.Context, tx Tx, workspace string, call telephony.CallID) (dispatch.Record, error) {
	n, err := tx.Exec(ctx, `UPDATE calls SET room = room WHERE id = $1 AND workspace = $2 AND ended_us IS NULL`, text(call), text(workspace))
	if err == nil && n == 0 {
		err = room.ErrNotFound
	}
	if err != nil {
		return dispatch.Record{}, err
	}
	return one(ctx, tx, `SELECT `+callColumns+` FROM calls WHERE id = $1`, text(call))
}

// Find implements [room.Store].
func (s rooms) Find(ctx context.Context, workspace, name string, now time.Time) (room.Room, error) {
	return s.named(ctx, "find room", workspace, name, func(tx Tx) (room.Room, error) {
		return s.enter(ctx, tx, workspace, name, now)
	})
}

// Open implements [room.Store].
func (s rooms) Open(ctx context.Context, workspace, name string, now time.Time) (room.Room, error) {
	return s.named(ctx, "open room", workspace, name, func(tx Tx) (room.Room, error) {
		r, err := s.enter(ctx, tx, workspace, name, now)
		if errors.Is(err, room.ErrNotFound) {
			return s.wait(ctx, tx, workspace, name, now)
		}
		return r, err
	})
}

// named returns the open room of that name, or what do makes of it when it is not
// there, or has no call: the call may be there now.
func (s rooms) named(ctx context.Context, what, workspace, name string, do func(Tx) (room.Room, error)) (r room.Room, err error) {
	err = s.db.read(ctx, what, func(tx Tx) error {
		r, err = roomNamed(ctx, tx, workspace, name)
		return err
	})
	if err == nil && r.Call != "" || err != nil && !errors.Is(err, room.ErrNotFound) {
		return r, err
	}
	err = s.db.write(ctx, what, func(tx Tx) error {
		r, err = do(tx)
		return err
	})
	if err != nil {
		return room.Room{}, err
	}
	return r, nil
}

// OfCall implements [room.Store].
func (s rooms) OfCall(ctx context.Context, call telephony.CallID) (r room.Room, err error) {
	err = s.db.read(ctx, "find a call's room", func(tx Tx) error {
		r, err = roomOfCall(ctx, tx, call)
		return err
	})
	return r, err
}

// Changed implements [room.Store].
func (s rooms) Changed(ctx context.Context, after int64, limit int) (all []room.Room, err error) {
	err = s.db.read(ctx, "list changed rooms", func(tx Tx) error {
		all, err = eachRoom(ctx, tx, `WHERE closed_us IS NULL AND call_id IS NOT NULL AND changed > $1 ORDER BY changed, id LIMIT $2`,
			after, int64(max(0, limit)))
		return err
	})
	return all, err
}

// Sweep implements [room.Store].
func (s rooms) Sweep(ctx context.Context, before, now time.Time) error {
	return s.db.write(ctx, "sweep rooms", func(tx Tx) error {
		var swept []string
		err := tx.Each(ctx, `UPDATE rooms SET closed_us = $3, `+raised+`
			WHERE closed_us IS NULL AND call_id IS NULL AND created_us < $1 RETURNING id`,
			[]any{before.UnixMicro(), s.db.changed.tick(), now.UnixMicro()}, func(scan Scan) error {
				var id string
				err := scan(&id)
				swept = append(swept, id)
				return err
			})
		for _, id := range swept {
			if err == nil {
				err = endJobs(ctx, tx, id, now)
			}
		}
		return err
	})
}

// closeRoomOf closes the room of a call that this transaction ends, if it has one.
func (db *DB) closeRoomOf(ctx context.Context, tx Tx, call telephony.CallID, now time.Time) error {
	var id string
	err := tx.Each(ctx, `UPDATE rooms SET closed_us = $3, `+raised+` WHERE call_id = $1 AND closed_us IS NULL RETURNING id`,
		[]any{text(call), db.changed.tick(), now.UnixMicro()}, func(scan Scan) error { return scan(&id) })
	if err != nil || id == "" || mutant("jobs-not-ended") {
		return err
	}
	return endJobs(ctx, tx, id, now)
}

// endJobs ends what is not over of a room that closes.
func endJobs(ctx context.Context, tx Tx, id string, now time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE room_jobs SET status = CASE WHEN status = $4 THEN $5 ELSE $6 END,
		reason = $3, ended_us = $2, updated_us = $2 WHERE room_id = $1 AND status IN ($4, $7)`,
		id, now.UnixMicro(), room.ReasonRoomClosed, string(room.Running), string(room.Success), string(room.Cancelled), string(room.Pending))
	return err
}

// full is [room.ErrFull] of a bound.
func full(most int, of string) error { return fmt.Errorf("%w: %d %s", room.ErrFull, most, of) }
