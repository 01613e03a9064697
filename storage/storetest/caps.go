package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
)

func init() {
	suite("calls that are placed at most once, and so many at once",
		check{"what a call is about comes back as it went in", callOfErrand},
		check{"a call is dialled once, and not when it is over", dialled},
		check{"a call of one name is created once, whatever the key", callOnce},
		check{"of many who place one call one does", callRace},
		check{"every end of a call that is followed up has its job, once", followedUp},
		check{"a full workspace or trunk refuses and keeps nothing", capped},
		check{"of 50 at once a cap of 10 lets in 10", capRace},
		check{"calls of a node that died a minute ago leave their places", capLease},
	)
}

func callOfErrand(t *testing.T, s storage.Store) {
	d, r := wanted("1", "")
	r.FollowUp, r.Proof, r.Chat, r.Room, r.Foreign = true, `{"consent":"form"}`, "chat_1", "support", true
	d.Room = "support"
	if _, _, err := s.CreateDispatch(t.Context(), d, r); err != nil {
		t.Fatal(err)
	}
	c, err := s.Call(t.Context(), r.ID)
	if err != nil || !c.FollowUp || c.Proof != r.Proof || c.Chat != "chat_1" || c.Room != "support" || !c.Foreign || !c.Dialled.IsZero() {
		t.Errorf("Call() = %+v, %v, want what was given", c, err)
	}
	if on, err := s.(*storage.DB).DispatchOfCall(t.Context(), r.ID); err != nil || on != d {
		t.Errorf("DispatchOfCall() = %+v, %v, want %+v", on, err, d)
	}
	_, err = s.(*storage.DB).DispatchOfCall(t.Context(), "call_nobody")
	refused(t, "DispatchOfCall(nobody)", err, storage.ErrNotFound)
}

func dialled(t *testing.T, s storage.Store) {
	ctx := t.Context()
	for _, id := range []string{"1", "over", "failed", "unwanted"} {
		d, r := wanted(id, "")
		if _, _, err := s.CreateDispatch(ctx, d, r); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 2 {
		if err := s.(*storage.DB).SetDialled(ctx, "call_1", now.Add(time.Duration(i)*time.Second)); err != nil {
			t.Errorf("SetDialled() = %v", err)
		}
	}
	if c, err := s.Call(ctx, "call_1"); err != nil || !c.Dialled.Equal(now) {
		t.Errorf("dialled at %v, %v, want the first time", c.Dialled, err)
	}
	if _, _, err := s.End(ctx, "call_over", 1, telephony.Failed, now); err != nil {
		t.Fatal(err)
	}
	if err := s.FailDispatch(ctx, "disp_failed", "why"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.(*storage.DB).Agenda().CreateErrand(ctx, agenda.Errand{
		ID: "call_unwanted", Workspace: roster.Default, Kind: agenda.Call, To: "+14155550177", Variables: "{}", Metadata: "{}",
		Status: agenda.Placing, Code: agenda.CodeCancelled, Attempt: 1, Call: "call_unwanted", Due: now, Created: now, Updated: now,
	}); err != nil {
		t.Fatal(err)
	}
	refused(t, "SetDialled(cancelled in the line)", s.(*storage.DB).SetDialled(ctx, "call_unwanted", now), storage.ErrEnded)
	refused(t, "SetDialled(over)", s.(*storage.DB).SetDialled(ctx, "call_over", now), storage.ErrEnded)
	refused(t, "SetDialled(failed)", s.(*storage.DB).SetDialled(ctx, "call_failed", now), storage.ErrEnded)
	refused(t, "SetDialled(nobody)", s.(*storage.DB).SetDialled(ctx, "call_nobody", now), storage.ErrNotFound)
	if c, err := s.Call(ctx, "call_over"); err != nil || !c.Dialled.IsZero() {
		t.Errorf("a call that is over was dialled at %v, %v", c.Dialled, err)
	}
}

func callOnce(t *testing.T, s storage.Store) {
	ctx := t.Context()
	newWorkspace(t, s)
	first, r := wanted("1", "")
	if _, _, err := s.CreateDispatch(ctx, first, r); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"", "key"} {
		again, _ := wanted("2", key)
		again.Call, again.Caps = r.ID, dispatch.Caps{Workspace: 1}
		if on, created, err := s.CreateDispatch(ctx, again, r); err != nil || created || on != first {
			t.Errorf("CreateDispatch(the same call, key %q) = %+v, %v, %v, want the first", key, on, created, err)
		}
	}
	theirs, _ := wanted("3", "")
	theirs.Call, theirs.Workspace = r.ID, other
	_, _, err := s.CreateDispatch(ctx, theirs, r)
	refused(t, "CreateDispatch(another workspace's call)", err, dispatch.ErrIdemMismatch)
}

func callRace(t *testing.T, s storage.Store) {
	var created [8]bool
	var ids [8]string
	for i, err := range race(len(created), func(i int) (err error) {
		d, r := wanted(fmt.Sprint(i), "")
		d.Call, r.ID = "call_x", "call_x"
		d, created[i], err = s.CreateDispatch(t.Context(), d, r)
		ids[i] = d.ID
		return err
	}) {
		if err != nil || ids[i] != ids[0] {
			t.Errorf("creator %d got %s, %v, want %s like all", i, ids[i], err, ids[0])
		}
	}
	winners := 0
	for _, c := range created {
		if c {
			winners++
		}
	}
	if winners != 1 {
		t.Errorf("%d created it, want 1", winners)
	}
}

func followedUp(t *testing.T, s storage.Store) {
	ctx := t.Context()
	db, jobs := watching(s)
	born := func(id string, change func(*storage.Call)) {
		t.Helper()
		r := storage.Call{ID: telephony.CallID(id), Direction: telephony.Outbound, Created: now, FollowUp: true}
		change(&r)
		if _, _, err := db.Create(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	job := func(id string) storage.Job { return storage.Job{Kind: agenda.JobFollowUp, ID: id} }
	as := func(*storage.Call) {}
	born("call_1", as)
	born("call_2", as)
	born("call_3", func(r *storage.Call) { r.FollowUp = false })
	jobs.want(t, "created")
	race(8, func(i int) error {
		if i%2 == 0 {
			return db.Append(ctx, "call_1", 1, []agentcore.Entry{end(1)})
		}
		_, _, err := db.End(ctx, "call_1", 1, telephony.Busy, now)
		return err
	})
	jobs.want(t, "ended by several", job("call_1"))
	for _, id := range []telephony.CallID{"call_2", "call_3"} {
		if _, _, err := db.End(ctx, id, 1, telephony.Busy, now); err != nil {
			t.Fatal(err)
		}
	}
	jobs.want(t, "ended, one with a follow-up", job("call_2"))
	born("call_4", func(r *storage.Call) { r.Reason = telephony.Refused })
	jobs.want(t, "over as soon as it began", job("call_4"))
}

// place creates a call under caps, and returns what came of it.
func place(t testing.TB, s storage.Store, id string, caps dispatch.Caps, change func(*storage.Call)) error {
	d, r := wanted(id, "")
	d.Caps = caps
	if change != nil {
		change(r)
	}
	d.Workspace = r.Workspace
	_, _, err := s.CreateDispatch(t.Context(), d, r)
	return err
}

// cappedBy is whose cap refused; empty: none.
func cappedBy(err error) string {
	if full, ok := errors.AsType[*dispatch.CappedError](err); ok {
		return full.By
	}
	return ""
}

func capped(t *testing.T, s storage.Store) {
	newWorkspace(t, s)
	inbound(t, s, "in", "", func(r *storage.Call) { r.Account = "AC1" })
	theirs := func(r *storage.Call) { r.Workspace, r.Account = other, "AC1" }
	for i, step := range []struct {
		caps   dispatch.Caps
		change func(*storage.Call)
		by     string
	}{
		{dispatch.Caps{Workspace: 1}, nil, "workspace"}, // an inbound call counts
		{dispatch.Caps{Workspace: 2}, nil, ""},
		{dispatch.Caps{Workspace: 2}, nil, "workspace"},
		{dispatch.Caps{Workspace: 1, Trunk: 2}, theirs, ""}, // another workspace, the same trunk
		{dispatch.Caps{Workspace: 2, Trunk: 2}, theirs, "trunk"},
		{dispatch.Caps{Trunk: 2}, nil, ""}, // the trunk's own account has one call
		{dispatch.Caps{}, theirs, ""},      // no limit
	} {
		id := fmt.Sprint(i)
		if by := cappedBy(place(t, s, id, step.caps, step.change)); by != step.by {
			t.Errorf("step %d was capped by %q, want %q", i, by, step.by)
		}
		_, err := s.Dispatched(t.Context(), "disp_"+id)
		if _, call := s.Call(t.Context(), telephony.CallID("call_"+id)); errors.Is(err, storage.ErrNotFound) != (step.by != "") || errors.Is(call, storage.ErrNotFound) != (step.by != "") {
			t.Errorf("step %d: dispatch %v, call %v on record", i, err, call)
		}
	}
	if _, _, err := s.End(t.Context(), "call_1", 1, telephony.Busy, now); err != nil {
		t.Fatal(err)
	}
	if err := place(t, s, "next", dispatch.Caps{Workspace: 3}, nil); err != nil {
		t.Errorf("a call after another's end = %v", err)
	}
	inbound(t, s, "door", "", func(r *storage.Call) { r.Workspace, r.Foreign = other, true })
	if err := place(t, s, "last", dispatch.Caps{Trunk: 3}, nil); err != nil {
		t.Errorf("a call beside one of somebody else's account = %v", err)
	}
	if r := inbound(t, s, "more", "", func(r *storage.Call) { r.Account = "AC1" }); r.Over() {
		t.Error("an inbound call was refused")
	}
}

func capRace(t *testing.T, s storage.Store) {
	for by, caps := range map[string]dispatch.Caps{"workspace": {Workspace: 10}, "trunk": {Trunk: 10}} {
		in := 0
		for i, err := range race(50, func(i int) error {
			return place(t, s, fmt.Sprint(by, i), caps, func(r *storage.Call) { r.Account = "AC_" + by })
		}) {
			switch {
			case err == nil:
				in++
			case cappedBy(err) != by:
				t.Errorf("%s, call %d: %v", by, i, err)
			}
		}
		if in != 10 {
			t.Errorf("%s: %d calls of a cap of 10", by, in)
		}
		open, err := s.Unended(t.Context(), "", now)
		if err != nil || len(open) != 10 {
			t.Errorf("%s: %d calls go on, %v", by, len(open), err)
		}
		for _, r := range open {
			if _, _, err := s.End(t.Context(), r.ID, 1, telephony.Busy, now); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func capLease(t *testing.T, s storage.Store) {
	ctx := t.Context()
	for _, node := range []string{"a", "b"} {
		if err := s.Beat(ctx, node, now); err != nil {
			t.Fatal(err)
		}
		if err := place(t, s, node, dispatch.Caps{}, func(r *storage.Call) { r.Node = node }); err != nil {
			t.Fatal(err)
		}
	}
	if err := place(t, s, "alone", dispatch.Caps{}, nil); err != nil { // of no node: always counted
		t.Fatal(err)
	}
	if err := s.Beat(ctx, "b", now.Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	caps := dispatch.Caps{Workspace: 3}
	at := func(d time.Duration) func(*storage.Call) { return func(r *storage.Call) { r.Created = now.Add(d) } }
	if err := place(t, s, "1", caps, at(time.Minute)); cappedBy(err) != "workspace" {
		t.Errorf("a minute after a's last beat: %v, want it full", err)
	}
	if err := place(t, s, "2", caps, at(time.Minute+time.Microsecond)); err != nil {
		t.Errorf("after that minute: %v, want a's place", err)
	}
	if err := place(t, s, "3", dispatch.Caps{Workspace: 4}, func(r *storage.Call) { r.Workspace, r.Created = roster.Default, now.Add(2*time.Minute) }); err != nil {
		t.Errorf("when both are dead: %v", err)
	}
}
