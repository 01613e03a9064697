package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/room"
)

// Add implements [room.Store].
func (s rooms) Add(ctx context.Context, d room.Dispatch) (on room.Dispatch, err error) {
	err = s.db.write(ctx, "add dispatch", func(tx Tx) error {
		if err := s.fasten(ctx, tx, d.Room, d.Created); err != nil {
			return err
		}
		r, err := s.lock(ctx, tx, `id = $1`, text(d.Room))
		if err != nil {
			return err
		}
		if r.Workspace != text(d.Workspace) {
			return room.ErrNotFound
		}
		if d.RequestKey != "" {
			on, err = oneRoomDispatch(ctx, tx, `WHERE d.room_id = $1 AND d.request_key = $2`, r.ID, text(d.RequestKey))
			if !errors.Is(err, room.ErrNotFound) {
				return err
			}
		}
		if err := roomFor(ctx, tx, r.ID, d.Size()); err != nil {
			return err
		}
		if err := s.insertDispatch(ctx, tx, r.ID, d); err != nil {
			return err
		}
		on, err = oneRoomDispatch(ctx, tx, `WHERE d.id = $1`, text(d.ID))
		return err
	})
	if err != nil {
		return room.Dispatch{}, err
	}
	return on, nil
}

// fasten gives a room that waits the call that began while it was opened. Neither
// saw the other: see [rooms.enter].
func (s rooms) fasten(ctx context.Context, tx Tx, id string, now time.Time) error {
	r, err := oneRoom(ctx, tx, `WHERE id = $1 AND closed_us IS NULL`, text(id))
	if err != nil || r.Call != "" {
		return err
	}
	_, err = s.enter(ctx, tx, r.Workspace, r.Name, now)
	return err
}

// lock returns the open room that where finds, and keeps its row until the
// transaction is over.
func (s rooms) lock(ctx context.Context, tx Tx, where string, args ...any) (room.Room, error) {
	var id string
	err := tx.Each(ctx, `UPDATE rooms SET last_n = last_n WHERE closed_us IS NULL AND `+where+` RETURNING id`, args,
		func(scan Scan) error { return scan(&id) })
	if err != nil {
		return room.Room{}, err
	}
	return oneRoom(ctx, tx, `WHERE id = $1`, id)
}

// roomFor fails with [room.ErrFull] when a room that is locked has as many
// dispatches as it may, or so much metadata in them that size more is too much.
func roomFor(ctx context.Context, tx Tx, id string, size int) error {
	var ever, standing, held int
	err := tx.Each(ctx, `SELECT COUNT(*), COUNT(CASE WHEN deleted_us IS NULL THEN 1 END),
			COALESCE(SUM(OCTET_LENGTH(metadata) + CASE WHEN attributes = 'null' THEN 0 ELSE OCTET_LENGTH(attributes) END), 0)
		FROM room_dispatches WHERE room_id = $1`,
		[]any{id}, func(scan Scan) error { return scan(&ever, &standing, &held) })
	switch {
	case err != nil:
		return err
	case standing >= room.MaxDispatches:
		return full(room.MaxDispatches, "dispatches stand in the room")
	case ever >= room.MaxEver:
		return full(room.MaxEver, "dispatches have been in the room")
	case held+size > room.MaxStanding:
		return full(room.MaxStanding, "bytes of metadata stand in the room")
	}
	return nil
}

// grow raises a room's Changed and the numbers of what is in it by n, and returns
// the last number.
func (s rooms) grow(ctx context.Context, tx Tx, id string, n int) (last int64, err error) {
	err = tx.Each(ctx, `UPDATE rooms SET last_n = last_n + $3, `+raised+` WHERE id = $1 RETURNING last_n`,
		[]any{id, s.db.changed.tick(), int64(n)}, func(scan Scan) error { return scan(&last) })
	return last, err
}

// insertDispatch adds a dispatch with its jobs to a room. An id in use is
// [room.ErrTaken].
func (s rooms) insertDispatch(ctx context.Context, tx Tx, id string, d room.Dispatch) error {
	attributes, err := json.Marshal(d.Attributes)
	if err != nil {
		return err
	}
	last, err := s.grow(ctx, tx, id, 1+len(d.Jobs))
	if err != nil {
		return err
	}
	first := last - int64(len(d.Jobs))
	n, err := tx.Exec(ctx, `INSERT INTO room_dispatches (id, room_id, n, agent, metadata, attributes, deployment, thread,
			restart, cause, way, request_key, created_us, deleted_us)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT DO NOTHING`,
		text(d.ID), id, first, text(d.Agent), text(d.Metadata), text(string(attributes)), text(d.Deployment), text(d.Thread),
		text(d.Restart), text(d.Trigger), text(d.Join), null(text(d.RequestKey)), d.Created.UnixMicro(), micros(d.Deleted))
	if err == nil && n == 0 {
		err = room.ErrTaken
	}
	for i, j := range d.Jobs {
		if err == nil {
			j.Dispatch = d.ID
			err = insertJob(ctx, tx, id, first+1+int64(i), j)
		}
	}
	return err
}

// Delete implements [room.Store].
func (s rooms) Delete(ctx context.Context, workspace, name, id string, now time.Time) (on room.Dispatch, err error) {
	err = s.db.write(ctx, "delete dispatch", func(tx Tx) error {
		r, err := s.lock(ctx, tx, `workspace = $1 AND name = $2`, text(workspace), text(name))
		if err != nil {
			return err
		}
		on, err = oneRoomDispatch(ctx, tx, `WHERE d.id = $1 AND d.room_id = $2`, text(id), r.ID)
		if err != nil || !on.Deleted.IsZero() {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE room_dispatches SET deleted_us = $2, metadata = '', attributes = 'null' WHERE id = $1`, on.ID, now.UnixMicro())
		if err != nil {
			return err
		}
		on.Deleted = time.UnixMicro(now.UnixMicro())
		_, err = s.grow(ctx, tx, r.ID, 0)
		return err
	})
	if err != nil {
		return room.Dispatch{}, err
	}
	return on, nil
}

// Dispatches implements [room.Store].
func (s rooms) Dispatches(ctx context.Context, id string) (all []room.Dispatch, err error) {
	err = s.db.read(ctx, "list dispatches", func(tx Tx) error {
		if all, err = eachRoomDispatch(ctx, tx, `WHERE d.room_id = $1 ORDER BY d.n`, text(id)); err != nil {
			return err
		}
		jobs, err := eachJob(ctx, tx, `WHERE j.room_id = $1 ORDER BY j.n`, text(id))
		for _, j := range jobs {
			if at := slices.IndexFunc(all, func(d room.Dispatch) bool { return d.ID == j.Dispatch }); at >= 0 {
				all[at].Jobs = append(all[at].Jobs, j)
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// Dispatch implements [room.Store].
func (s rooms) Dispatch(ctx context.Context, id string) (d room.Dispatch, err error) {
	err = s.db.read(ctx, "find dispatch", func(tx Tx) error {
		d, err = oneRoomDispatch(ctx, tx, `WHERE d.id = $1`, text(id))
		return err
	})
	return d, err
}

// oneRoomDispatch returns the dispatch that where finds, with its jobs, or
// [room.ErrNotFound].
func oneRoomDispatch(ctx context.Context, tx Tx, where string, args ...any) (room.Dispatch, error) {
	all, err := eachRoomDispatch(ctx, tx, where, args...)
	if err == nil && len(all) == 0 {
		err = room.ErrNotFound
	}
	if err != nil {
		return room.Dispatch{}, err
	}
	all[0].Jobs, err = eachJob(ctx, tx, `WHERE j.dispatch_id = $1 ORDER BY j.n`, all[0].ID)
	return all[0], err
}

func eachRoomDispatch(ctx context.Context, tx Tx, where string, args ...any) (all []room.Dispatch, err error) {
	err = tx.Each(ctx, `SELECT d.id, r.workspace, d.room_id, r.name, d.agent, d.metadata, d.attributes, d.deployment, d.thread,
		d.restart, d.cause, d.way, d.request_key, d.created_us, d.deleted_us
		FROM room_dispatches d JOIN rooms r ON r.id = d.room_id `+where, args, func(scan Scan) error {
		var d room.Dispatch
		var attributes, trigger, join string
		var key sql.NullString
		var created int64
		var deleted sql.NullInt64
		err := scan(&d.ID, &d.Workspace, &d.Room, &d.RoomName, &d.Agent, &d.Metadata, &attributes, &d.Deployment, &d.Thread,
			&d.Restart, &trigger, &join, &key, &created, &deleted)
		if err != nil {
			return err
		}
		d.Trigger, d.Join, d.RequestKey = room.Trigger(trigger), room.Join(join), key.String
		d.Created, d.Deleted = time.UnixMicro(created), instant(deleted)
		all = append(all, d)
		return json.Unmarshal([]byte(attributes), &all[len(all)-1].Attributes)
	})
	return all, err
}
