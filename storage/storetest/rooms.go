package storetest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/agentcore/room/roomtest"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
)

func init() {
	suite("rooms, several at once",
		check{"of 16 who open a room at once all get one", roomOpenedOnce},
		check{"a call that ends takes its room with it, whoever opens it meanwhile", roomAgainstEnd},
		check{"a call and a dispatch that come at once find each other", roomAgainstCall},
		check{"a name that another call has is not taken again", roomNameTaken},
		check{"of 50 who open the last waiting rooms none is too many", roomsBounded},
		check{"a job is moved or ended, never both", jobAgainstEnd},
		check{"doors are bounded, and those that are past make room", doorsBounded},
		check{"text that no database takes is kept as one that all do, in rooms too", oddRooms},
	)
}

// testRooms checks the store as a [room.Store].
func testRooms(t *testing.T, open func(t testing.TB) storage.Store) {
	roomtest.Run(t, func(t *testing.T) roomtest.Backend {
		s := open(t)
		for _, id := range []string{"ws", "other"} {
			if err := s.CreateWorkspace(t.Context(), roster.Workspace{ID: id, Name: id, Created: now}); err != nil {
				t.Fatal(err)
			}
		}
		return roomtest.Backend{
			Store: s.Rooms(),
			AddCall: func(t *testing.T, c roomtest.Call) {
				_, _, err := s.Create(t.Context(), storage.Call{
					ID: c.ID, Carrier: "CA" + string(c.ID), Direction: telephony.Outbound, Workspace: c.Workspace, Room: c.Room,
					Agent: c.Agent, AgentUUID: c.AgentUUID, Version: c.Version, Node: c.Node, Created: c.Created,
				})
				if err == nil && !c.Answered.IsZero() {
					err = s.Admit(t.Context(), c.ID, 1, c.Node, c.Answered)
				}
				if err != nil {
					t.Fatal(err)
				}
			},
			EndCall: func(t *testing.T, id telephony.CallID, now time.Time) {
				over := agentcore.Entry{N: 1, Version: agentcore.JournalVersion, Wall: now, Event: agentcore.Ended{Reason: telephony.AgentHangup}}
				if err := s.Append(t.Context(), id, 1, []agentcore.Entry{over}); err != nil {
					t.Fatal(err)
				}
			},
			Beat: func(t *testing.T, node string, now time.Time) {
				if err := s.Beat(t.Context(), node, now); err != nil {
					t.Fatal(err)
				}
			},
		}
	})
}

// inRoom creates a call that chose a room; its name may be empty.
func inRoom(t testing.TB, s storage.Store, id telephony.CallID, name string) {
	t.Helper()
	_, _, err := s.Create(t.Context(), storage.Call{
		ID: id, Carrier: "CA" + string(id), Direction: telephony.Outbound, Workspace: roster.Default, Room: name,
		Agent: "demo", AgentUUID: "uuid_1", Node: "node_a", Created: now,
	})
	if err != nil {
		t.Fatal(err)
	}
}

// wishIn is a dispatch with a job that waits.
func wishIn(r room.Room, id string) room.Dispatch {
	return room.Dispatch{
		ID: "AD_" + id, Workspace: r.Workspace, Room: r.ID, Agent: "helper", Restart: "JRP_ON_FAILURE", Trigger: room.ByAPI,
		Join: room.Replace, Created: now,
		Jobs: []room.Job{{ID: "AJ_" + id, Kind: room.Own, Agent: "helper", Join: room.Replace, Status: room.Pending, Reason: room.ReasonNone, Created: now}},
	}
}

func roomOpenedOnce(t *testing.T, s storage.Store) {
	inRoom(t, s, "call_1", "sales")
	names := []string{"sales", "call_1", "lobby"} // a call's by its two names, and one that waits
	got := make([]room.Room, 48)
	for i, err := range race(len(got), func(i int) (err error) {
		got[i], err = s.Rooms().Open(t.Context(), roster.Default, names[i%3], now)
		return err
	}) {
		if err != nil {
			t.Fatalf("Open(%s) = %v", names[i%3], err)
		}
	}
	for i, r := range got {
		if want := got[i%3/2*2]; r.ID != want.ID || r.Call != want.Call || r.Name != want.Name {
			t.Errorf("Open(%s) = %+v, want %+v", names[i%3], r, want)
		}
	}
	if all, err := s.Rooms().Dispatches(t.Context(), got[0].ID); err != nil || len(all) != 1 || len(all[0].Jobs) != 1 {
		t.Errorf("the call's room has %+v, %v, want its own agent once", all, err)
	}
}

func roomAgainstEnd(t *testing.T, s storage.Store) {
	ctx, rooms := t.Context(), s.Rooms()
	for i := range 12 {
		id, name := telephony.CallID(fmt.Sprint("call_", i)), fmt.Sprint("sales ", i)
		if i%2 == 0 { // a room waits for it
			if _, err := rooms.Open(ctx, roster.Default, name, now); err != nil {
				t.Fatal(err)
			}
		}
		inRoom(t, s, id, name)
		errs := race(6, func(j int) error {
			switch j {
			case 0:
				_, err := rooms.Bind(ctx, roster.Default, name, id, now)
				return err
			case 1:
				r, err := rooms.Open(ctx, roster.Default, name, now)
				if err == nil {
					_, err = rooms.Add(ctx, wishIn(r, fmt.Sprint(i)))
				}
				return err
			case 2:
				_, err := rooms.Find(ctx, roster.Default, string(id), now)
				return err
			case 3:
				_, err := rooms.Open(ctx, roster.Default, name, now)
				return err
			default:
				_, _, err := s.End(ctx, id, 1, telephony.CallerHangup, now)
				return err
			}
		})
		for j, err := range errs {
			if err != nil && !errors.Is(err, room.ErrNotFound) {
				t.Errorf("racer %d: %v", j, err)
			}
		}
		if r, err := rooms.OfCall(ctx, id); !errors.Is(err, room.ErrNotFound) {
			t.Errorf("the call is over, and its room open: %+v, %v", r, err)
		}
		noneOpen(t, s)
	}
}

// noneOpen fails t when a room is open of a call that is over, or a job goes on
// in one that is closed.
func noneOpen(t *testing.T, s storage.Store) {
	t.Helper()
	for what, query := range map[string]string{
		"rooms open of calls that are over": `SELECT COUNT(*) FROM rooms r JOIN calls c ON c.id = r.call_id WHERE r.closed_us IS NULL AND c.ended_us IS NOT NULL`,
		"jobs in rooms that are closed":     `SELECT COUNT(*) FROM room_jobs j JOIN rooms r ON r.id = j.room_id WHERE r.closed_us IS NOT NULL AND j.status IN ('JS_PENDING', 'JS_RUNNING')`,
		"rooms that wait for a call that goes on": `SELECT COUNT(*) FROM rooms r JOIN calls c ON c.workspace = r.workspace AND c.room = r.name AND c.ended_us IS NULL
			JOIN room_dispatches d ON d.room_id = r.id WHERE r.closed_us IS NULL AND r.call_id IS NULL`,
	} {
		err := s.(*storage.DB).Engine().Read(t.Context(), func(tx storage.Tx) error {
			return tx.Each(t.Context(), query, nil, func(scan storage.Scan) error {
				var n int
				err := scan(&n)
				if n > 0 {
					t.Errorf("%d %s", n, what)
				}
				return err
			})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func roomAgainstCall(t *testing.T, s storage.Store) {
	ctx, rooms := t.Context(), s.Rooms()
	for i := range 16 {
		id, name := telephony.CallID(fmt.Sprint("call_", i)), fmt.Sprint("sales ", i)
		errs := race(2, func(j int) error {
			if j == 0 {
				inRoom(t, s, id, name)
				if _, err := rooms.Bind(ctx, roster.Default, name, id, now); err != nil && !errors.Is(err, room.ErrNotFound) {
					return err
				}
				return nil
			}
			r, err := rooms.Open(ctx, roster.Default, name, now)
			if err == nil {
				_, err = rooms.Add(ctx, wishIn(r, fmt.Sprint(i)))
			}
			return err
		})
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		r, err := rooms.OfCall(ctx, id)
		if err != nil || r.Name != name {
			t.Fatalf("OfCall() = %+v, %v, want the room of the dispatch", r, err)
		}
		if all, err := rooms.Dispatches(ctx, r.ID); err != nil || len(all) != 2 || all[0].Jobs[0].Call != id || all[1].Jobs[0].Call != id {
			t.Errorf("the room has %+v, %v, want the call's own agent and the other", all, err)
		}
		noneOpen(t, s)
	}
}

func roomNameTaken(t *testing.T, s storage.Store) {
	ctx, rooms := t.Context(), s.Rooms()
	for _, id := range []telephony.CallID{"call_1", "call_2"} {
		inRoom(t, s, id, "sales")
	}
	second, err := rooms.Open(ctx, roster.Default, "call_2", now)
	if err != nil || second.Name != "sales" {
		t.Fatalf("Open(call_2) = %+v, %v, want it under the name that it chose", second, err)
	}
	first, err := rooms.Open(ctx, roster.Default, "call_1", now)
	if err != nil || first.Name != "call_1" || first.Call != "call_1" {
		t.Fatalf("Open(call_1) = %+v, %v, want it under its id", first, err)
	}
	_, err = rooms.Bind(ctx, roster.Default, "sales", "call_1", now)
	if err != nil {
		t.Errorf("Bind(a call that has a room) = %v, want that room", err)
	}
	if _, _, err := s.End(ctx, "call_2", 1, telephony.CallerHangup, now); err != nil {
		t.Fatal(err)
	}
	if r, err := rooms.Open(ctx, roster.Default, "sales", now); err != nil || r.ID != first.ID {
		t.Errorf("Open(sales) = %+v, %v, want the room of the call that goes on", r, err)
	}
}

func roomsBounded(t *testing.T, s storage.Store) {
	fillTable(t, s, room.MaxWaiting-10, `INSERT INTO rooms (id, workspace, name, changed, created_us)
		SELECT 'RM_' || n, 'default', 'room ' || n, n, 0 FROM many`)
	opened := 0
	for i, err := range race(50, func(i int) error {
		_, err := s.Rooms().Open(t.Context(), roster.Default, fmt.Sprint("lobby ", i), now)
		return err
	}) {
		switch {
		case err == nil:
			opened++
		case !errors.Is(err, room.ErrFull):
			t.Errorf("Open(%d) = %v, want ErrFull", i, err)
		}
	}
	if opened != 10 {
		t.Errorf("%d were opened, want 10", opened)
	}
}

// fillTable runs an INSERT that selects from many, which has n rows.
func fillTable(t *testing.T, s storage.Store, n int, insert string) {
	t.Helper()
	err := s.(*storage.DB).Engine().Write(t.Context(), func(tx storage.Tx) error {
		_, err := tx.Exec(t.Context(), fmt.Sprintf(`WITH RECURSIVE many (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < %d) %s`, n, insert))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func jobAgainstEnd(t *testing.T, s storage.Store) {
	ctx, rooms := t.Context(), s.Rooms()
	for i := range 12 {
		id := telephony.CallID(fmt.Sprint("call_", i))
		inRoom(t, s, id, "")
		r, err := rooms.Open(ctx, roster.Default, string(id), now)
		if err != nil {
			t.Fatal(err)
		}
		d, err := rooms.Add(ctx, wishIn(r, fmt.Sprint(i)))
		if err != nil {
			t.Fatal(err)
		}
		j := d.Jobs[0]
		j.Status, j.Started = room.Running, now
		errs := race(3, func(k int) (err error) {
			switch k {
			case 0:
				_, err = rooms.MoveJob(ctx, j, room.Pending)
			case 1:
				_, err = rooms.Claim(ctx, j.ID, "node_b", now, now)
			default:
				_, _, err = s.End(ctx, id, 1, telephony.CallerHangup, now)
			}
			if errors.Is(err, room.ErrMoved) {
				err = nil
			}
			return err
		})
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		on, err := rooms.Job(ctx, j.ID)
		if err != nil || !on.Status.Over() || on.Reason != room.ReasonRoomClosed || (on.Status == room.Success) != on.Started.Equal(now) {
			t.Errorf("the job is %+v, %v, want it over: with success if it ran", on, err)
		}
	}
}

func doorsBounded(t *testing.T, s storage.Store) {
	ctx, rooms := t.Context(), s.Rooms()
	door := func(hash string, at time.Time) error {
		return rooms.AddDoor(ctx, room.Door{Hash: hash, Workspace: roster.Default, Room: "lobby", Created: at, Expires: at.Add(10 * time.Minute)})
	}
	fillTable(t, s, storage.MaxDoors-1, fmt.Sprintf(`INSERT INTO room_doors (hash, workspace, room, direction, identity, name, metadata, attributes, agents, created_us, expires_us)
		SELECT 'h' || n, 'default', '', '', '', '', '', 'null', 'null', 0, %d FROM many`, later(5).UnixMicro()))
	if err := door("last", now); err != nil {
		t.Fatal(err)
	}
	refused(t, "AddDoor(one too many)", door("more", now), room.ErrFull)
	if _, err := rooms.SpendDoor(ctx, "last", "CA1", now); err != nil {
		t.Fatal(err)
	}
	refused(t, "AddDoor(a hash in use)", door("h1", now), room.ErrTaken)
	if err := door("more", now); err != nil {
		t.Errorf("AddDoor(in the place of one that was spent) = %v", err)
	}
	if err := door("later", later(5)); err != nil {
		t.Errorf("AddDoor(when the others are past) = %v", err)
	}
	_, err := rooms.SpendDoor(ctx, "h1", "CA1", now)
	refused(t, "SpendDoor(past)", err, room.ErrNotFound)

	heavy := func(hash string, size int) error {
		return rooms.AddDoor(ctx, room.Door{
			Hash: hash, Workspace: roster.Default, Room: "lobby", Metadata: strings.Repeat("m", size),
			Created: later(5), Expires: later(15),
		})
	}
	for i := range 7 {
		if err := heavy(fmt.Sprint("heavy ", i), storage.MaxDoorBytes/8); err != nil {
			t.Fatal(err)
		}
	}
	refused(t, "AddDoor(too much with them all)", heavy("heavier", storage.MaxDoorBytes/8), room.ErrFull)
	refused(t, "AddDoor(no workspace)", rooms.AddDoor(ctx, room.Door{Hash: "x", Workspace: "ws_nobody", Created: now, Expires: later(1)}), room.ErrNotFound)
}

func oddRooms(t *testing.T, s storage.Store) {
	const odd, kept = "a\x00b\xff", "a\uFFFDb\uFFFD"
	ctx, rooms := t.Context(), s.Rooms()
	r, err := rooms.Open(ctx, roster.Default, odd, now)
	if err != nil || r.Name != kept {
		t.Fatalf("Open() = %+v, %v", r, err)
	}
	if again, err := rooms.Find(ctx, roster.Default, odd, now); err != nil || again.ID != r.ID {
		t.Errorf("Find() = %+v, %v, want the same", again, err)
	}
	d := wishIn(r, "1")
	d.Agent, d.Metadata, d.RequestKey, d.Attributes = odd, odd, odd, map[string]string{odd: odd}
	for range 2 {
		on, err := rooms.Add(ctx, d)
		if err != nil || on.ID != d.ID || on.Agent != kept || on.Metadata != kept || on.RequestKey != kept || len(on.Attributes) != 1 {
			t.Errorf("Add() = %+v, %v", on, err)
		}
	}
	if _, err := rooms.Delete(ctx, roster.Default, odd, d.ID, now); err != nil {
		t.Errorf("Delete() = %v", err)
	}
}
