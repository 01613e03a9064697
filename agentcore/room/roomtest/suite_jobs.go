package roomtest

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/telephony"
)

func deletes(t *testing.T, b Backend) {
	b.live(t, "call_1")
	r := b.open(t, "call_1")
	b.add(t, r, "AD_1", "a", job("AJ_1", room.Own))
	later := noon.Add(time.Minute)
	d, err := b.Delete(t.Context(), ws, "call_1", "AD_1", later)
	if err != nil || d.ID != "AD_1" || !d.Deleted.Equal(later) || len(d.Jobs) != 1 || d.Jobs[0].Status != room.Pending {
		t.Fatalf("Delete() = %+v, %v", d, err)
	}
	again, err := b.Delete(t.Context(), ws, "call_1", "AD_1", later.Add(time.Minute))
	if err != nil || !again.Deleted.Equal(later) {
		t.Errorf("Delete() again = %v, %v", again.Deleted, err)
	}
	if all := b.list(t, r); len(all) != 2 || all[0].Deleted.Equal(later) || !all[1].Deleted.Equal(later) {
		t.Errorf("the room has %+v", all)
	}
	_, err = b.Delete(t.Context(), ws, "call_1", "AD_404", later)
	want(t, "Delete() of nobody", err, room.ErrNotFound)
	_, err = b.Delete(t.Context(), ws, "nowhere", "AD_1", later)
	want(t, "Delete() in no room", err, room.ErrNotFound)
}

func strangers(t *testing.T, b Backend) {
	r := b.open(t, "lobby")
	b.open(t, "cellar")
	b.add(t, r, "AD_1", "a")
	_, err := b.Delete(t.Context(), "other", "lobby", "AD_1", noon)
	want(t, "Delete() by another workspace", err, room.ErrNotFound)
	if _, err := b.Open(t.Context(), "other", "lobby", noon); err != nil {
		t.Fatal(err)
	}
	_, err = b.Delete(t.Context(), "other", "lobby", "AD_1", noon)
	want(t, "Delete() by a workspace with such a room", err, room.ErrNotFound)
	_, err = b.Delete(t.Context(), ws, "cellar", "AD_1", noon)
	want(t, "Delete() in another room", err, room.ErrNotFound)
	if d, err := b.Dispatch(t.Context(), "AD_1"); err != nil || !d.Deleted.IsZero() {
		t.Errorf("the dispatch is %+v, %v", d, err)
	}
}

func oneJob(t *testing.T, b Backend) {
	b.live(t, "call_1")
	r := b.open(t, "call_1")
	d := b.add(t, r, "AD_1", "a")
	next := func(id string) room.Job {
		j := job(id, room.Own)
		j.Dispatch, j.Room, j.Workspace, j.Call = d.ID, r.ID, ws, "call_1"
		return j
	}
	if err := b.AddJob(t.Context(), next("AJ_1")); err != nil {
		t.Fatal(err)
	}
	want(t, "AddJob() beside one that waits", b.AddJob(t.Context(), next("AJ_2")), room.ErrMoved)
	over := next("AJ_1")
	over.Status = room.Failed
	if _, err := b.MoveJob(t.Context(), over, room.Pending); err != nil {
		t.Fatal(err)
	}
	if err := b.AddJob(t.Context(), next("AJ_2")); err != nil {
		t.Errorf("AddJob() after one that is over = %v", err)
	}
	if d, err := b.Dispatch(t.Context(), "AD_1"); err != nil || len(d.Jobs) != 2 || d.Jobs[0].ID != "AJ_1" || d.Jobs[1].ID != "AJ_2" {
		t.Errorf("its jobs are %+v, %v", d.Jobs, err)
	}
	over = next("AJ_2")
	over.Status = room.Cancelled
	if _, err := b.MoveJob(t.Context(), over, room.Pending); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Delete(t.Context(), ws, "call_1", "AD_1", noon); err != nil {
		t.Fatal(err)
	}
	want(t, "AddJob() of a deleted dispatch", b.AddJob(t.Context(), next("AJ_3")), room.ErrNotFound)
	nobody := next("AJ_4")
	nobody.Dispatch = "AD_404"
	want(t, "AddJob() of no dispatch", b.AddJob(t.Context(), nobody), room.ErrNotFound)
}

func movesJob(t *testing.T, b Backend) {
	b.live(t, "call_1")
	r := b.open(t, "call_1")
	j := b.add(t, r, "AD_1", "a", job("AJ_1", room.Worker)).Jobs[0]
	j.Status, j.Node, j.Worker, j.Identity, j.Name, j.Asked, j.Attempts = room.Running, "n2", "AW_1", "agent-1", "Ann", 4, 2
	j.Assigned, j.Accepted, j.FirstStarted, j.Started, j.Updated = noon.Add(1e9), noon.Add(2e9), noon.Add(3e9), noon.Add(3e9), noon.Add(3e9)
	got, err := b.MoveJob(t.Context(), j, room.Pending)
	if err != nil {
		t.Fatal(err)
	}
	sameJob(t, "MoveJob()", got, j)
	on, err := b.Job(t.Context(), "AJ_1")
	if err != nil {
		t.Fatal(err)
	}
	sameJob(t, "Job()", on, j)
	back := j
	back.Status = room.Pending
	on, err = b.MoveJob(t.Context(), back, room.Pending)
	want(t, "MoveJob() from where it is not", err, room.ErrMoved)
	sameJob(t, "what it says is on record", on, j)
	j.Status, j.Reason, j.Error, j.Ended = room.Failed, room.ReasonRetrying, "gone", noon.Add(4e9)
	if _, err := b.MoveJob(t.Context(), j, room.Pending, room.Running); err != nil {
		t.Errorf("MoveJob() from one of two = %v", err)
	}
	j.ID = "AJ_404"
	_, err = b.MoveJob(t.Context(), j, room.Pending)
	want(t, "MoveJob() of nobody", err, room.ErrNotFound)
}

func movesRace(t *testing.T, b Backend) {
	b.live(t, "call_1")
	j := b.add(t, b.open(t, "call_1"), "AD_1", "a", job("AJ_1", room.Own)).Jobs[0]
	errs := make([]error, 8)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() {
			mine := j
			mine.Status, mine.Node = room.Running, fmt.Sprint("n", i)
			_, errs[i] = b.MoveJob(t.Context(), mine, room.Pending)
		})
	}
	all.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else {
			want(t, "MoveJob()", err, room.ErrMoved)
		}
	}
	if won != 1 {
		t.Errorf("%d moved it", won)
	}
}

func closes(t *testing.T, b Backend) {
	b.live(t, "call_1")
	r := b.open(t, "call_1")
	b.add(t, r, "AD_1", "a", job("AJ_1", room.Own))
	b.add(t, r, "AD_2", "b", job("AJ_2", room.Worker))
	failed := b.add(t, r, "AD_3", "c", job("AJ_3", room.Own)).Jobs[0]
	failed.Status, failed.Error, failed.Ended = room.Failed, "it broke", noon
	if _, err := b.MoveJob(t.Context(), failed, room.Pending); err != nil {
		t.Fatal(err)
	}
	end := noon.Add(time.Minute)
	b.EndCall(t, "call_1", end)
	all := b.list(t, r)
	if len(all) != 4 {
		t.Fatalf("the closed room has %v", ids(all))
	}
	for i, want := range []struct {
		status room.Status
		reason string
		ended  time.Time
	}{
		{room.Success, room.ReasonRoomClosed, end}, {room.Cancelled, room.ReasonRoomClosed, end},
		{room.Cancelled, room.ReasonRoomClosed, end}, {room.Failed, room.ReasonNone, noon},
	} {
		if j := all[i].Jobs[0]; j.Status != want.status || j.Reason != want.reason || !j.Ended.Equal(want.ended) || !all[i].Deleted.IsZero() {
			t.Errorf("job %d is %s %s since %v, want %+v", i, j.Status, j.Reason, j.Ended, want)
		}
	}
	_, err := b.OfCall(t.Context(), "call_1")
	want(t, "OfCall() of a call that is over", err, room.ErrNotFound)
}

func closedRefuses(t *testing.T, b Backend) {
	b.live(t, "call_1")
	r := b.open(t, "call_1")
	d := b.add(t, r, "AD_1", "a")
	j := b.add(t, r, "AD_2", "a", job("AJ_2", room.Own)).Jobs[0]
	b.EndCall(t, "call_1", noon)
	_, err := b.Add(t.Context(), wish(r, "AD_3", "a"))
	want(t, "Add()", err, room.ErrNotFound)
	late := job("AJ_1", room.Own)
	late.Dispatch, late.Room, late.Workspace, late.Call = d.ID, r.ID, ws, "call_1"
	want(t, "AddJob()", b.AddJob(t.Context(), late), room.ErrNotFound)
	_, err = b.Delete(t.Context(), ws, "call_1", "AD_1", noon)
	want(t, "Delete()", err, room.ErrNotFound)
	j.Status = room.Running
	_, err = b.MoveJob(t.Context(), j, room.Pending)
	want(t, "MoveJob()", err, room.ErrMoved)
	_, err = b.Bind(t.Context(), ws, "call_1", "call_1", noon)
	want(t, "Bind()", err, room.ErrNotFound)
	fresh := b.open(t, "call_1") // a name is free again
	if fresh.ID == r.ID || fresh.Call != "" {
		t.Errorf("Open() = %+v", fresh)
	}
}

func changes(t *testing.T, b Backend) {
	look := func(after int64) (names []string, last int64) {
		t.Helper()
		all, err := b.Changed(t.Context(), after, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range all {
			if r.Changed <= last || r.Changed <= after {
				t.Errorf("room %s changed at %d, after %d", r.Name, r.Changed, max(last, after))
			}
			names, last = append(names, r.Name), r.Changed
		}
		return names, last
	}
	b.open(t, "lobby") // waits: it is nobody's to host
	var rooms []room.Room
	for _, id := range []string{"call_1", "call_2", "call_3"} {
		b.live(t, telephony.CallID(id))
		rooms = append(rooms, b.open(t, id))
	}
	names, last := look(0)
	if !slices.Equal(names, []string{"call_1", "call_2", "call_3"}) {
		t.Fatalf("Changed(0) = %v", names)
	}
	if names, _ := look(last); len(names) != 0 {
		t.Errorf("nothing changed, and it says %v", names)
	}
	moved := job("AJ_1", room.Own)
	moved.Status = room.Running
	b.add(t, rooms[0], "AD_1", "a", job("AJ_1", room.Own))
	if names, _ = look(last); !slices.Equal(names, []string{"call_1"}) {
		t.Errorf("after Add: %v", names)
	}
	_, last = look(last)
	if _, err := b.MoveJob(t.Context(), moved, room.Pending); err != nil {
		t.Fatal(err)
	}
	if names, last = look(last); !slices.Equal(names, []string{"call_1"}) {
		t.Errorf("after MoveJob: %v", names)
	}
	if _, err := b.Delete(t.Context(), ws, "call_1", "AD_1", noon); err != nil {
		t.Fatal(err)
	}
	if names, last = look(last); !slices.Equal(names, []string{"call_1"}) {
		t.Errorf("after Delete: %v", names)
	}
	b.add(t, rooms[1], "AD_2", "a")
	one, err := b.Changed(t.Context(), 0, 2)
	if err != nil || len(one) != 2 || one[0].Name != "call_3" || one[1].Name != "call_1" {
		t.Errorf("Changed(0, two at most) = %+v, %v", one, err)
	}
	b.EndCall(t, "call_2", noon)
	if names, _ = look(last); len(names) != 0 {
		t.Errorf("after the end: %v", names)
	}
}

func offers(t *testing.T, b Backend) {
	since := noon.Add(-5 * time.Second)
	b.Beat(t, "alive", noon)
	b.Beat(t, "dead", since.Add(-time.Second))
	b.live(t, "call_1")
	r := b.open(t, "call_1")
	with := func(id string, kind room.Kind, status room.Status, node string) room.Job {
		j := job(id, kind)
		j.Status, j.Node = status, node
		return j
	}
	for i, j := range []room.Job{
		with("AJ_3", room.Worker, room.Pending, ""), with("AJ_1", room.Worker, room.Pending, "dead"), with("AJ_4", room.Worker, room.Pending, "alive"),
		with("AJ_5", room.Worker, room.Running, "alive"), with("AJ_6", room.Own, room.Pending, ""), with("AJ_7", room.Worker, room.Failed, ""),
		with("AJ_8", room.Worker, room.Running, "dead"), with("AJ_2", room.Worker, room.Pending, "never"),
	} {
		b.add(t, r, fmt.Sprint("AD_", i), "a", j)
	}
	got := func(f func(after string, limit int) ([]room.Job, error), after string, limit int) (out []string) {
		t.Helper()
		all, err := f(after, limit)
		if err != nil {
			t.Fatal(err)
		}
		for _, j := range all {
			if j.Call != "call_1" || j.Room != r.ID {
				t.Errorf("job %s is of call %q", j.ID, j.Call)
			}
			out = append(out, j.ID)
		}
		return out
	}
	offers := func(after string, limit int) ([]room.Job, error) { return b.Offers(t.Context(), since, after, limit) }
	taken := func(after string, limit int) ([]room.Job, error) {
		return b.Taken(t.Context(), "alive", since, after, limit)
	}
	for _, tt := range []struct {
		what string
		got  []string
		want []string
	}{
		{"Offers", got(offers, "", 9), []string{"AJ_1", "AJ_2", "AJ_3"}},
		{"Offers, the first two", got(offers, "", 2), []string{"AJ_1", "AJ_2"}},
		{"Offers, the next two", got(offers, "AJ_2", 2), []string{"AJ_3"}},
		{"Taken", got(taken, "", 9), []string{"AJ_1", "AJ_2", "AJ_4", "AJ_5", "AJ_8"}},
		{"Taken, the next two", got(taken, "AJ_2", 2), []string{"AJ_4", "AJ_5"}},
	} {
		if !slices.Equal(tt.got, tt.want) {
			t.Errorf("%s = %v, want %v", tt.what, tt.got, tt.want)
		}
	}
}

func claims(t *testing.T, b Backend) {
	since := noon.Add(-5 * time.Second)
	b.Beat(t, "n1", noon)
	b.Beat(t, "n2", noon)
	b.live(t, "call_1")
	r := b.open(t, "call_1")
	b.add(t, r, "AD_1", "a", job("AJ_1", room.Worker))
	errs := make([]error, 2)
	var all sync.WaitGroup
	for i, node := range []string{"n1", "n2"} {
		all.Go(func() { _, errs[i] = b.Claim(t.Context(), "AJ_1", node, since, noon) })
	}
	all.Wait()
	winner := slices.Index(errs, nil)
	if winner < 0 {
		t.Fatalf("nobody has it: %v", errs)
	}
	want(t, "the other's Claim()", errs[1-winner], room.ErrTaken)
	node := []string{"n1", "n2"}[winner]
	if j, err := b.Claim(t.Context(), "AJ_1", node, since, noon); err != nil || j.Node != node {
		t.Errorf("Claim() again = %+v, %v", j, err)
	}
	late := noon.Add(time.Minute)
	if j, err := b.Claim(t.Context(), "AJ_1", "n3", late.Add(-5*time.Second), late); err != nil || j.Node != "n3" {
		t.Errorf("Claim() of a dead node's = %+v, %v", j, err)
	}
	j, err := b.Job(t.Context(), "AJ_1")
	if err != nil {
		t.Fatal(err)
	}
	j.Node = ""
	if _, err := b.MoveJob(t.Context(), j, room.Pending); err != nil {
		t.Fatal(err)
	}
	if j, err := b.Claim(t.Context(), "AJ_1", "n2", since, noon); err != nil || j.Node != "n2" {
		t.Errorf("Claim() of one that was let go = %+v, %v", j, err)
	}
	j.Status = room.Running
	if _, err := b.MoveJob(t.Context(), j, room.Pending); err != nil {
		t.Fatal(err)
	}
	_, err = b.Claim(t.Context(), "AJ_1", "n1", since, noon)
	want(t, "Claim() of a running one", err, room.ErrMoved)
	_, err = b.Claim(t.Context(), "AJ_404", "n1", since, noon)
	want(t, "Claim() of nobody", err, room.ErrNotFound)
}

func sweeps(t *testing.T, b Backend) {
	old := b.open(t, "old")
	b.add(t, old, "AD_1", "a")
	if _, err := b.Open(t.Context(), ws, "young", noon.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	b.live(t, "call_1")
	b.open(t, "call_1")
	now := noon.Add(room.EmptyFor)
	if err := b.Sweep(t.Context(), noon.Add(time.Second), now); err != nil {
		t.Fatal(err)
	}
	_, err := b.Find(t.Context(), ws, "old", now)
	want(t, "Find(old)", err, room.ErrNotFound)
	_, err = b.Add(t.Context(), wish(old, "AD_2", "a"))
	want(t, "Add(old)", err, room.ErrNotFound)
	for _, name := range []string{"young", "call_1"} {
		if _, err := b.Find(t.Context(), ws, name, now); err != nil {
			t.Errorf("Find(%s) = %v", name, err)
		}
	}
}

func doors(t *testing.T, b Backend) {
	d := room.Door{
		Hash: "h1", Workspace: ws, Key: "API1", Room: "lobby", Direction: telephony.Inbound, Identity: "caller", Name: "Ann", Metadata: "{}",
		Attributes: map[string]string{"k": "v"}, Agents: []room.Dispatch{{Agent: "a", Metadata: "m", Join: room.Replace}},
		Created: noon, Expires: noon.Add(10 * time.Minute),
	}
	if err := b.AddDoor(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	_, err := b.SpendDoor(t.Context(), "h2", "CA1", noon)
	want(t, "SpendDoor() with a guess", err, room.ErrNotFound)
	_, err = b.SpendDoor(t.Context(), "h1", "CA1", d.Expires)
	want(t, "SpendDoor() too late", err, room.ErrNotFound)
	for range 2 { // a stream that is opened once more is the same call
		got, err := b.SpendDoor(t.Context(), "h1", "CA1", noon)
		if err != nil {
			t.Fatal(err)
		}
		if got.Hash != d.Hash || got.Workspace != ws || got.Key != "API1" || got.Room != "lobby" || got.Direction != d.Direction || got.Identity != "caller" || got.Name != "Ann" ||
			got.Metadata != "{}" || got.Attributes["k"] != "v" || len(got.Agents) != 1 || got.Agents[0].Agent != "a" || got.Agents[0].Metadata != "m" || !got.Expires.Equal(d.Expires) {
			t.Errorf("SpendDoor() = %+v", got)
		}
	}
	_, err = b.SpendDoor(t.Context(), "h1", "CA2", noon)
	want(t, "SpendDoor() by another call", err, room.ErrTaken)
}
