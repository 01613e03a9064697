package server

import (
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/storage/sqlite"
	"github.com/hookswitch/hookswitch/telephony"
)

// Whatever a workspace calls its rooms, on the operator's LiveKit server none of
// them is another workspace's.
func TestRoomsOfTwoWorkspacesNeverMeet(t *testing.T) {
	owner := map[string]string{}
	for _, workspace := range []string{"default", "ws_b", "ws_b/x", "ws_b%2Fx", "default/ws_b"} {
		for _, name := range []string{"x", "x/x", "ws_b/x", "ws_b%2Fx/x", "default/x", "default/ws_b/x", "/x", "", "/"} {
			remote := remoteName(workspace, name)
			if before, taken := owner[remote]; taken {
				t.Errorf("room %q of %s and %s are one there: %q", name, workspace, before, remote)
			}
			owner[remote] = workspace + "'s " + name
		}
	}
	if got := remoteName("default", "call_1"); got != "call_1" {
		t.Errorf("a call of the default workspace is in %q", got)
	}
}

// Two calls may choose one room, and one of them gets it: the other's caller is
// not to be heard there.
func TestTwoCallsThatChoseOneRoomAreBridgedIntoTwo(t *testing.T) {
	db, err := sqlite.Open(t.Context(), sqlite.Memory)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	now, rooms, s := time.Now(), db.Rooms(), &Server{store: db}
	met := map[string]telephony.CallID{}
	for _, id := range []telephony.CallID{"call_1", "call_2"} {
		_, _, err := db.Create(t.Context(), storage.Call{
			ID: id, Carrier: "CA" + string(id), Direction: telephony.Inbound, Workspace: roster.Default, Room: "sales", Created: now,
		})
		if err != nil {
			t.Fatal(err)
		}
		name := "sales"
		if id == "call_2" {
			name = string(id) // as the host opens it: sales is taken
		}
		r, err := rooms.Open(t.Context(), roster.Default, name, now)
		if err != nil {
			t.Fatal(err)
		}
		d, err := rooms.Add(t.Context(), room.Dispatch{
			ID: "AD_" + string(id), Workspace: roster.Default, Room: r.ID, Agent: "remote", Created: now,
			Jobs: []room.Job{{ID: "AJ_" + string(id), Kind: room.Worker, Status: room.Pending, Created: now}},
		})
		if err != nil || d.Jobs[0].Call != id {
			t.Fatalf("a job for %s: %+v, %v", id, d, err)
		}
		remote, err := s.remoteRoom(t.Context(), d.Jobs[0])
		if err != nil {
			t.Fatal(err)
		}
		if other := met[remote]; other != "" {
			t.Errorf("%s and %s are both in %q", other, id, remote)
		}
		if want := remoteName(d.Workspace, d.RoomName); remote != want {
			t.Errorf("%s is in %q, its agent in %q", id, remote, want)
		}
		met[remote] = id
	}
}
