package storage

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/telephony"
)

// newID draws an id as LiveKit's are: a prefix and 12 characters.
func newID(prefix string) string { return prefix + rand.Text()[:12] }

// enter returns the open room of that name; a live call of that name, or whose
// chosen room it is, has one afterwards. [room.ErrNotFound] when there is neither.
//
// A waiting room is looked at again: whoever opened it did not see a call that
// began at the same moment, nor did that call's node see the room.
func (s rooms) enter(ctx context.Context, tx Tx, workspace, name string, now time.Time) (room.Room, error) {
	on, err := roomNamed(ctx, tx, workspace, name)
	if err != nil && !errors.Is(err, room.ErrNotFound) || on.Call != "" {
		return on, err
	}
	call, err := liveNamed(ctx, tx, workspace, name)
	var c dispatch.Record
	if err == nil {
		c, err = hold(ctx, tx, workspace, call)
	}
	switch {
	case errors.Is(err, room.ErrNotFound) && on.ID != "":
		return on, nil
	case err != nil:
		return room.Room{}, err
	}
	return s.settle(ctx, tx, c, now)
}

// settle returns the open room of c, whose row is held, and makes it if there is
// none: the one that waits under its name, or a new one. A name that another call
// has taken is not c's any more: it has its id.
func (s rooms) settle(ctx context.Context, tx Tx, c dispatch.Record, now time.Time) (room.Room, error) {
	on, err := roomOfCall(ctx, tx, c.ID)
	if !errors.Is(err, room.ErrNotFound) {
		return on, err
	}
	name := cmp.Or(c.Room, string(c.ID))
	for range 4 { // each time somebody was faster: they have made it, or closed it
		on, err := roomNamed(ctx, tx, c.Workspace, name)
		var n int64
		waits := false
		switch {
		case errors.Is(err, room.ErrNotFound):
			on.ID = newID("RM_")
			n, err = s.insert(ctx, tx, on.ID, c.Workspace, name, c.ID, now)
		case err == nil && on.Call != "":
			name = string(c.ID)
			continue
		case err == nil:
			if n, err = s.take(ctx, tx, on.ID, c.ID); err == nil && c.Answered.IsZero() { // else it talks already
				waits, err = replaced(ctx, tx, on.ID)
			}
		}
		if err != nil {
			return room.Room{}, err
		}
		if n == 1 {
			return s.own(ctx, tx, on.ID, c, waits, now)
		}
	}
	return room.Room{}, room.ErrTaken
}

// wait makes a room that waits for a call. The workspace's row is locked for the
// count.
func (s rooms) wait(ctx context.Context, tx Tx, workspace, name string, now time.Time) (room.Room, error) {
	n, err := tx.Exec(ctx, `UPDATE workspaces SET feed_last = feed_last WHERE id = $1`, text(workspace))
	if err == nil && n == 0 {
		err = room.ErrNotFound
	}
	if err != nil {
		return room.Room{}, err
	}
	if on, err := roomNamed(ctx, tx, workspace, name); !errors.Is(err, room.ErrNotFound) {
		return on, err
	}
	var waiting int
	err = tx.Each(ctx, `SELECT COUNT(*) FROM rooms WHERE workspace = $1 AND closed_us IS NULL AND call_id IS NULL`,
		[]any{text(workspace)}, func(scan Scan) error { return scan(&waiting) })
	if err != nil {
		return room.Room{}, err
	}
	if waiting >= room.MaxWaiting {
		return room.Room{}, full(room.MaxWaiting, "rooms wait for a call")
	}
	if _, err = s.insert(ctx, tx, newID("RM_"), workspace, name, "", now); err != nil {
		return room.Room{}, err
	}
	return roomNamed(ctx, tx, workspace, name)
}

// insert adds a room, unless the name or the call has one.
func (s rooms) insert(ctx context.Context, tx Tx, id, workspace, name string, call telephony.CallID, now time.Time) (int64, error) {
	return tx.Exec(ctx, `INSERT INTO rooms (id, workspace, name, call_id, changed, created_us)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
		id, text(workspace), text(name), null(text(call)), s.db.changed.tick(), now.UnixMicro())
}

// take gives a room that waits its call.
func (s rooms) take(ctx context.Context, tx Tx, id string, call telephony.CallID) (int64, error) {
	return tx.Exec(ctx, `UPDATE rooms SET call_id = $3, `+raised+` WHERE id = $1 AND call_id IS NULL AND closed_us IS NULL`,
		id, s.db.changed.tick(), text(call))
}

// Bind implements [room.Store]. Most calls have no room: to see that takes no
// lock.
func (s rooms) Bind(ctx context.Context, workspace, name string, call telephony.CallID, now time.Time) (r room.Room, err error) {
	err = s.db.read(ctx, "bind room", func(tx Tx) error {
		if r, err = roomOfCall(ctx, tx, call); errors.Is(err, room.ErrNotFound) {
			_, err = roomNamed(ctx, tx, workspace, name)
		}
		return err
	})
	if err != nil {
		return room.Room{}, err
	}
	err = s.db.write(ctx, "bind room", func(tx Tx) error {
		r, err = s.bind(ctx, tx, workspace, name, call, now)
		return err
	})
	if err != nil {
		return room.Room{}, err
	}
	return r, nil
}

func (s rooms) bind(ctx context.Context, tx Tx, workspace, name string, call telephony.CallID, now time.Time) (room.Room, error) {
	c, err := hold(ctx, tx, workspace, call)
	if err != nil {
		return room.Room{}, err
	}
	on, err := roomOfCall(ctx, tx, call)
	if !errors.Is(err, room.ErrNotFound) {
		return on, err
	}
	on, err = roomNamed(ctx, tx, workspace, name)
	if err != nil {
		return room.Room{}, err
	}
	n, err := s.take(ctx, tx, on.ID, call)
	switch {
	case err != nil:
		return room.Room{}, err
	case n == 0 && on.Call == "": // another call took it just now, or it was swept
		if on, err = roomNamed(ctx, tx, workspace, name); err == nil {
			err = room.ErrTaken
		}
		return room.Room{}, err
	case n == 0:
		return room.Room{}, room.ErrTaken
	}
	waits, err := replaced(ctx, tx, on.ID)
	if err != nil {
		return room.Room{}, err
	}
	return s.own(ctx, tx, on.ID, c, waits, now)
}

// replaced reports whether somebody is to have the floor in the place of the
// call's own agent.
func replaced(ctx context.Context, tx Tx, id string) (bool, error) {
	return exists(ctx, tx, `SELECT 1 FROM room_dispatches WHERE room_id = $1 AND deleted_us IS NULL AND way = $2 LIMIT 1`,
		id, string(room.Replace))
}

// own enters the call's own agent, if it has one, in its room, which it returns.
// waits says that another has the floor first.
func (s rooms) own(ctx context.Context, tx Tx, id string, c dispatch.Record, waits bool, now time.Time) (room.Room, error) {
	if c.Agent == "" {
		return oneRoom(ctx, tx, `WHERE id = $1`, id)
	}
	d := room.Dispatch{
		ID: newID("AD_"), Agent: c.Agent, Restart: "JRP_ON_FAILURE",
		Trigger: room.ByRoom, Join: room.Replace, RequestKey: room.OwnKey, Created: now,
	}
	j := room.Job{
		ID: newID("AJ_"), Kind: room.Own, Agent: c.Agent, AgentUUID: c.AgentUUID, Version: c.Version,
		Status: room.Pending, Reason: room.ReasonNone, Node: c.Node, Created: now, Updated: now,
	}
	switch {
	case waits:
		d.Join = room.Wait
	case !c.Answered.IsZero():
		j.Status, j.Attempts = room.Running, 1
		j.Assigned, j.Accepted, j.FirstStarted, j.Started = c.Answered, c.Answered, c.Answered, c.Answered
	}
	j.Join = d.Join
	d.Jobs = []room.Job{j}
	if err := s.insertDispatch(ctx, tx, id, d); err != nil {
		return room.Room{}, err
	}
	return oneRoom(ctx, tx, `WHERE id = $1`, id)
}
