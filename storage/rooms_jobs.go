package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/telephony"
)

// AddJob implements [room.Store].
func (s rooms) AddJob(ctx context.Context, j room.Job) error {
	return s.db.write(ctx, "add job", func(tx Tx) error {
		d, err := oneRoomDispatch(ctx, tx, `WHERE d.id = $1`, text(j.Dispatch))
		if err != nil {
			return err
		}
		r, err := s.lock(ctx, tx, `id = $1`, d.Room)
		if err != nil {
			return err
		}
		stands, err := exists(ctx, tx, `SELECT 1 FROM room_dispatches WHERE id = $1 AND deleted_us IS NULL`, d.ID)
		if err == nil && !stands {
			err = room.ErrNotFound
		}
		if err != nil {
			return err
		}
		busy, err := exists(ctx, tx, `SELECT 1 FROM room_jobs WHERE dispatch_id = $1 AND status IN ($2, $3)`, d.ID, string(room.Pending), string(room.Running))
		if err == nil && busy {
			err = room.ErrMoved
		}
		if err != nil {
			return err
		}
		n, err := s.grow(ctx, tx, r.ID, 1)
		if err != nil {
			return err
		}
		return insertJob(ctx, tx, r.ID, n, j)
	})
}

// insertJob adds the n-th of a room. An id in use is [room.ErrTaken].
func insertJob(ctx context.Context, tx Tx, id string, n int64, j room.Job) error {
	added, err := tx.Exec(ctx, `INSERT INTO room_jobs (id, status, reason, error, node, worker, identity, name, attempts, asked,
			assigned_us, accepted_us, first_started_us, started_us, ended_us, updated_us, agent_uuid, agent_version, way, kind, agent,
			room_id, dispatch_id, n, created_us)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)
		ON CONFLICT DO NOTHING`, append(jobValues(j), id, text(j.Dispatch), n, j.Created.UnixMicro())...)
	if err == nil && added == 0 {
		err = room.ErrTaken
	}
	return err
}

// jobValues are a job's id, and all that may change of it.
func jobValues(j room.Job) []any {
	return []any{
		text(j.ID), text(j.Status), text(j.Reason), text(j.Error), text(j.Node), text(j.Worker), text(j.Identity), text(j.Name), j.Attempts, j.Asked,
		micros(j.Assigned), micros(j.Accepted), micros(j.FirstStarted), micros(j.Started), micros(j.Ended), micros(j.Updated),
		text(j.AgentUUID), j.Version, text(j.Join), text(j.Kind), text(j.Agent),
	}
}

// MoveJob implements [room.Store]. What a job is of stays: its dispatch, its room
// and when it was made. One that is over never moves.
func (s rooms) MoveJob(ctx context.Context, j room.Job, from ...room.Status) (on room.Job, err error) {
	args := jobValues(j)
	var places []string
	for _, status := range from {
		if !status.Over() {
			args = append(args, text(status))
			places = append(places, fmt.Sprintf("$%d", len(args)))
		}
	}
	return s.moveJob(ctx, "move job", j.ID, func(tx Tx) (int64, error) {
		if len(places) == 0 {
			return 0, nil
		}
		return tx.Exec(ctx, `UPDATE room_jobs SET status = $2, reason = $3, error = $4, node = $5, worker = $6, identity = $7, name = $8,
			attempts = $9, asked = $10, assigned_us = $11, accepted_us = $12, first_started_us = $13, started_us = $14, ended_us = $15,
			updated_us = $16, agent_uuid = $17, agent_version = $18, way = $19, kind = $20, agent = $21
			WHERE id = $1 AND status IN (`+strings.Join(places, ", ")+`)`, args...)
	})
}

// Claim implements [room.Store].
func (s rooms) Claim(ctx context.Context, id, node string, since, now time.Time) (on room.Job, err error) {
	on, err = s.moveJob(ctx, "claim job", id, func(tx Tx) (int64, error) {
		return tx.Exec(ctx, `UPDATE room_jobs SET node = $2, updated_us = $3 WHERE id = $1 AND kind = $5 AND status = $6 AND node <> $2
			AND NOT EXISTS (SELECT 1 FROM nodes WHERE nodes.id = room_jobs.node AND nodes.beat_us >= $4)`,
			text(id), text(node), now.UnixMicro(), since.UnixMicro(), string(room.Worker), string(room.Pending))
	})
	if errors.Is(err, room.ErrMoved) && on.Kind == room.Worker && on.Status == room.Pending {
		if on.Node == text(node) {
			return on, nil
		}
		err = named("claim job", room.ErrTaken)
	}
	return on, err
}

// moveJob changes one row by do, with its room's locked. When do changed none it
// is [room.ErrMoved], with the job on record.
func (s rooms) moveJob(ctx context.Context, what, id string, do func(Tx) (int64, error)) (on room.Job, err error) {
	err = s.db.write(ctx, what, func(tx Tx) error {
		if on, err = oneJob(ctx, tx, id); err != nil {
			return err
		}
		if _, err := s.grow(ctx, tx, on.Room, 0); err != nil {
			return err
		}
		n, err := do(tx)
		if err != nil {
			return err
		}
		if on, err = oneJob(ctx, tx, id); err != nil {
			return err
		}
		if n == 0 {
			return room.ErrMoved // which undoes that the room changed
		}
		return nil
	})
	if err != nil && !errors.Is(err, room.ErrMoved) {
		return room.Job{}, err
	}
	return on, err
}

// Job implements [room.Store].
func (s rooms) Job(ctx context.Context, id string) (j room.Job, err error) {
	err = s.db.read(ctx, "find job", func(tx Tx) error {
		j, err = oneJob(ctx, tx, id)
		return err
	})
	return j, err
}

// Offers implements [room.Store].
func (s rooms) Offers(ctx context.Context, since time.Time, after string, limit int) ([]room.Job, error) {
	return s.jobs(ctx, "list offers", `WHERE j.kind = 'worker' AND j.status = 'JS_PENDING' AND j.id > $1
		AND r.call_id IS NOT NULL AND r.closed_us IS NULL
		AND NOT EXISTS (SELECT 1 FROM nodes WHERE nodes.id = j.node AND nodes.beat_us >= $2) ORDER BY j.id LIMIT $3`,
		text(after), since.UnixMicro(), int64(max(0, limit)))
}

// Taken implements [room.Store].
func (s rooms) Taken(ctx context.Context, node string, since time.Time, after string, limit int) ([]room.Job, error) {
	return s.jobs(ctx, "list taken jobs", `WHERE j.kind = 'worker' AND j.status IN ('JS_PENDING', 'JS_RUNNING') AND j.node <> '' AND j.id > $1
		AND (j.node = $4 OR NOT EXISTS (SELECT 1 FROM nodes WHERE nodes.id = j.node AND nodes.beat_us >= $2)) ORDER BY j.id LIMIT $3`,
		text(after), since.UnixMicro(), int64(max(0, limit)), text(node))
}

func (s rooms) jobs(ctx context.Context, what, where string, args ...any) (all []room.Job, err error) {
	err = s.db.read(ctx, what, func(tx Tx) error {
		all, err = eachJob(ctx, tx, where, args...)
		return err
	})
	return all, err
}

// oneJob returns a job, or [room.ErrNotFound].
func oneJob(ctx context.Context, tx Tx, id string) (room.Job, error) {
	all, err := eachJob(ctx, tx, `WHERE j.id = $1`, text(id))
	if err == nil && len(all) == 0 {
		err = room.ErrNotFound
	}
	if err != nil {
		return room.Job{}, err
	}
	return all[0], nil
}

func eachJob(ctx context.Context, tx Tx, where string, args ...any) (all []room.Job, err error) {
	err = tx.Each(ctx, `SELECT j.id, j.dispatch_id, j.room_id, r.workspace, r.call_id, j.kind, j.agent, j.agent_uuid, j.agent_version, j.way,
		j.status, j.reason, j.error, j.node, j.worker, j.identity, j.name, j.attempts, j.asked, j.created_us,
		j.assigned_us, j.accepted_us, j.first_started_us, j.started_us, j.ended_us, j.updated_us
		FROM room_jobs j JOIN rooms r ON r.id = j.room_id `+where, args, func(scan Scan) error {
		j, err := scanJob(scan)
		all = append(all, j)
		return err
	})
	return all, err
}

func scanJob(scan Scan) (j room.Job, err error) {
	var kind, join, status string
	var call sql.NullString
	var created int64
	var assigned, accepted, first, started, ended, updated sql.NullInt64
	err = scan(&j.ID, &j.Dispatch, &j.Room, &j.Workspace, &call, &kind, &j.Agent, &j.AgentUUID, &j.Version, &join,
		&status, &j.Reason, &j.Error, &j.Node, &j.Worker, &j.Identity, &j.Name, &j.Attempts, &j.Asked, &created,
		&assigned, &accepted, &first, &started, &ended, &updated)
	j.Call, j.Kind, j.Join, j.Status = telephony.CallID(call.String), room.Kind(kind), room.Join(join), room.Status(status)
	j.Created, j.Assigned, j.Accepted, j.FirstStarted = time.UnixMicro(created), instant(assigned), instant(accepted), instant(first)
	j.Started, j.Ended, j.Updated = instant(started), instant(ended), instant(updated)
	return j, err
}
