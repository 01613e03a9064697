package storetest

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
)

func init() {
	suite("dispatches",
		check{"a dispatch and its call are kept together", dispatched},
		check{"a key that comes again changes nothing", keyAgain},
		check{"of many with one key one is created", keyOnce},
		check{"a key is good for a day", keyForADay},
		check{"the carrier's id places a dispatch, nothing else does", placed},
		check{"a dispatch fails once, and its call says why", failed},
		check{"inbound calls take the sessions of their agent, oldest first", sessions},
		check{"a session is taken by one of many calls", oneSession},
		check{"a stream attaches to a session once", attached},
		check{"a session that nobody took in time is not there any more", expired},
	)
}

// wanted is a dispatch by the name of its key, and the call that it places.
func wanted(id, key string) (dispatch.Dispatch, *storage.Call) {
	d := dispatch.Dispatch{
		ID: "disp_" + id, Workspace: roster.Default, AgentUUID: "uuid_1", Version: 3, Agent: "demo", PreCall: 4, PostCall: 5,
		Conversation: "conv-" + id, Session: "sess-" + id, Variables: `{"name":"Ann"}`, IdemKey: key, IdemHash: "hash",
		Call: telephony.CallID("call_" + id), Status: dispatch.DispatchPlacing, Created: now, Expires: now.Add(time.Hour),
	}
	return d, &storage.Call{
		ID: d.Call, From: "+15550100", To: "+15550199", Direction: telephony.Outbound, State: telephony.Queued, Created: now,
		Workspace: roster.Default, Agent: "demo", AgentUUID: "uuid_1", Version: 3, Conversation: d.Conversation, PostCall: 5,
	}
}

// session keeps a session of agent that begins at at.
func session(t testing.TB, s storage.Store, id, agent string, at time.Time) dispatch.Dispatch {
	t.Helper()
	d, _ := wanted(id, "")
	d.Call, d.Status, d.AgentUUID, d.Created, d.Expires = "", dispatch.DispatchWaiting, agent, at, at.Add(time.Hour)
	d.Room = "room of " + id
	on, created, err := s.CreateDispatch(t.Context(), d, nil)
	if err != nil || !created {
		t.Fatalf("CreateDispatch(%s) = %v, %v", id, created, err)
	}
	return on
}

func status(t testing.TB, s storage.Store, id string) string {
	t.Helper()
	d, err := s.Dispatched(t.Context(), id)
	if err != nil {
		t.Fatalf("Dispatched(%s) = %v", id, err)
	}
	return d.Status
}

func dispatched(t *testing.T, s storage.Store) {
	d, r := wanted("1", "key")
	r.Account = "AC1"
	on, created, err := s.CreateDispatch(t.Context(), d, r)
	if err != nil || !created || on != d {
		t.Errorf("CreateDispatch() = %+v, %v, %v, want %+v", on, created, err, d)
	}
	if on, err := s.Dispatched(t.Context(), d.ID); err != nil || on != d {
		t.Errorf("Dispatched() = %+v, %v, want %+v", on, err, d)
	}
	if on, err := s.DispatchByKey(t.Context(), roster.Default, "key", now); err != nil || on != d {
		t.Errorf("DispatchByKey() = %+v, %v, want %+v", on, err, d)
	}
	c, err := s.Call(t.Context(), d.Call)
	if err != nil || c.Conversation != d.Conversation || c.Epoch != 1 || c.Variables != "{}" || c.Account != "AC1" {
		t.Errorf("Call() = %+v, %v, want the dispatch's", c, err)
	}
	_, byID := s.Dispatched(t.Context(), "nobody")
	_, byKey := s.DispatchByKey(t.Context(), roster.Default, "nobody", now)
	fail := s.FailDispatch(t.Context(), "nobody", "why")
	for _, err := range []error{byID, byKey, fail} {
		if !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("nobody's dispatch: %v, want ErrNotFound", err)
		}
	}
}

func keyAgain(t *testing.T, s storage.Store) {
	ctx := t.Context()
	if err := s.CreateWorkspace(ctx, roster.Workspace{ID: "ws_other", Name: "other", Created: now}); err != nil {
		t.Fatal(err)
	}
	first, r := wanted("1", "key")
	if _, _, err := s.CreateDispatch(ctx, first, r); err != nil {
		t.Fatal(err)
	}
	again, r := wanted("2", "key")
	on, created, err := s.CreateDispatch(ctx, again, r)
	if err != nil || created || on != first {
		t.Errorf("CreateDispatch(again) = %+v, %v, %v, want the first", on, created, err)
	}
	again.IdemHash = "other"
	if _, _, err := s.CreateDispatch(ctx, again, r); !errors.Is(err, dispatch.ErrIdemMismatch) {
		t.Errorf("CreateDispatch(another request) = %v, want ErrIdemMismatch", err)
	}
	if _, err := s.Call(ctx, r.ID); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("Call(of the repeat) = %v, want ErrNotFound", err)
	}
	again.Workspace = "ws_other"
	if on, created, err := s.CreateDispatch(ctx, again, r); err != nil || !created || on.ID != again.ID {
		t.Errorf("CreateDispatch(in another workspace) = %v, %v, %v, want its own", on.ID, created, err)
	}
	for _, id := range []string{"3", "4"} {
		d, r := wanted(id, "")
		if _, created, err := s.CreateDispatch(ctx, d, r); err != nil || !created {
			t.Errorf("CreateDispatch(without a key) = %v, %v, want a new one", created, err)
		}
	}
}

func keyOnce(t *testing.T, s storage.Store) {
	const n = 8
	var created [n]bool
	var ids [n]string
	errs := race(n, func(i int) error {
		d, r := wanted(fmt.Sprint(i), "key")
		on, first, err := s.CreateDispatch(t.Context(), d, r)
		created[i], ids[i] = first, on.ID
		return err
	})
	winners := 0
	for i, err := range errs {
		if err != nil || ids[i] != ids[0] {
			t.Errorf("creator %d got %s, %v, want %s like all", i, ids[i], err, ids[0])
		}
		if created[i] {
			winners++
		}
	}
	if open, err := s.Unended(t.Context(), "", now); err != nil || len(open) != 1 || winners != 1 {
		t.Errorf("%d winners, %d calls, %v, want one each", winners, len(open), err)
	}
}

func keyForADay(t *testing.T, s storage.Store) {
	ctx := t.Context()
	first, r := wanted("1", "key")
	if _, _, err := s.CreateDispatch(ctx, first, r); err != nil {
		t.Fatal(err)
	}
	next, r := wanted("2", "key")
	next.Created = now.Add(dispatch.IdemLasts - time.Microsecond)
	if on, created, err := s.CreateDispatch(ctx, next, r); err != nil || created || on.ID != first.ID {
		t.Errorf("CreateDispatch(within a day) = %v, %v, %v, want the first", on.ID, created, err)
	}
	next.Created = now.Add(dispatch.IdemLasts)
	if _, err := s.DispatchByKey(ctx, roster.Default, "key", next.Created); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("DispatchByKey(after a day) = %v, want ErrNotFound", err)
	}
	next.IdemHash = "other"
	if on, created, err := s.CreateDispatch(ctx, next, r); err != nil || !created || on != next {
		t.Errorf("CreateDispatch(after a day) = %+v, %v, %v, want a new one", on, created, err)
	}
	if on, err := s.DispatchByKey(ctx, roster.Default, "key", next.Created); err != nil || on.ID != next.ID {
		t.Errorf("DispatchByKey() = %v, %v, want the new one", on.ID, err)
	}
}

func placed(t *testing.T, s storage.Store) {
	d, r := wanted("1", "")
	if _, _, err := s.CreateDispatch(t.Context(), d, r); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.SetCarrier(t.Context(), r.ID, "CA1"); err != nil {
			t.Fatal(err)
		}
		if got := status(t, s, d.ID); got != dispatch.DispatchPlaced {
			t.Errorf("dispatch %s, want placed", got)
		}
		if err := s.FailDispatch(t.Context(), d.ID, "late"); err != nil {
			t.Fatal(err)
		}
	}
	if c, err := s.Call(t.Context(), r.ID); err != nil || c.Why != "" {
		t.Errorf("a placed call says why it was not: %q, %v", c.Why, err)
	}
}

func failed(t *testing.T, s storage.Store) {
	d, r := wanted("1", "")
	if _, _, err := s.CreateDispatch(t.Context(), d, r); err != nil {
		t.Fatal(err)
	}
	for _, why := range []string{"first", "second"} {
		if err := s.FailDispatch(t.Context(), d.ID, why); err != nil {
			t.Fatal(err)
		}
	}
	on, err := s.Dispatched(t.Context(), d.ID)
	c, failed := s.Call(t.Context(), r.ID)
	if err := errors.Join(err, failed); err != nil || on.Status != dispatch.DispatchFailed || on.Error != "first" || c.Why != "first" {
		t.Errorf("dispatch %s for %q, the call says %q, %v, want failed for the first reason", on.Status, on.Error, c.Why, err)
	}
}

// inbound creates an inbound call of agent.
func inbound(t testing.TB, s storage.Store, name, agent string, change func(*storage.Call)) storage.Call {
	t.Helper()
	r := storage.Call{
		ID: telephony.CallID("call_" + name), Carrier: "CA" + name, Direction: telephony.Inbound, State: telephony.Ringing,
		Workspace: roster.Default, AgentUUID: agent, Agent: "now", Version: 9, Conversation: "conv-of-" + name, Variables: `{}`,
		PostCall: 6, Created: now, Prepared: now,
	}
	if change != nil {
		change(&r)
	}
	on, _, err := s.Create(t.Context(), r)
	if err != nil {
		t.Fatalf("Create(%s) = %v", name, err)
	}
	return on
}

func sessions(t *testing.T, s storage.Store) {
	session(t, s, "late", "uuid_1", now.Add(-time.Minute))
	first := session(t, s, "early", "uuid_1", now.Add(-2*time.Minute))
	session(t, s, "other", "uuid_2", now.Add(-3*time.Minute))
	inbound(t, s, "refused", "uuid_1", func(r *storage.Call) { r.Reason = telephony.AgentDisabled })
	inbound(t, s, "out", "uuid_1", func(r *storage.Call) { r.Direction = telephony.Outbound })
	inbound(t, s, "house", "", nil)

	one := inbound(t, s, "1", "uuid_1", nil)
	if one.Conversation != first.Conversation || one.Variables != first.Variables || one.Version != 3 ||
		one.Agent != "demo" || one.PostCall != 5 || one.Room != "room of early" || !one.Prepared.IsZero() {
		t.Errorf("the first call is %+v, want what the session %+v says, not prepared", one, first)
	}
	again := inbound(t, s, "1", "uuid_1", nil)
	two, three := inbound(t, s, "2", "uuid_1", nil), inbound(t, s, "3", "uuid_1", nil)
	if again != one || two.Conversation != "conv-late" || three.Conversation != "conv-of-3" || three.Version != 9 || three.Prepared.IsZero() {
		t.Errorf("the next calls have %s, %s, %s, want the same, the later session's, and its own", again.Conversation, two.Conversation, three.Conversation)
	}
	if d, err := s.Dispatched(t.Context(), first.ID); err != nil || d.Status != dispatch.DispatchAttached || d.Call != one.ID {
		t.Errorf("the session is %s with %s, %v, want attached to %s", d.Status, d.Call, err, one.ID)
	}
	if got := status(t, s, "disp_other"); got != dispatch.DispatchWaiting {
		t.Errorf("another agent's session is %s, want waiting", got)
	}
}

func oneSession(t *testing.T, s storage.Store) {
	for _, id := range []string{"a", "b", "c"} {
		session(t, s, id, "uuid_1", now)
	}
	var own atomic.Int64
	errs := race(8, func(i int) error {
		r := storage.Call{
			ID: telephony.CallID(fmt.Sprint("call_", i)), Carrier: fmt.Sprint("CA", i/2), Direction: telephony.Inbound, // two creators each
			Workspace: roster.Default, AgentUUID: "uuid_1", Conversation: "conv-own", Created: now,
		}
		on, created, err := s.Create(t.Context(), r)
		if created && on.Conversation == "conv-own" {
			own.Add(1)
		}
		return err
	})
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	taken := map[string]int{}
	open, err := s.Unended(t.Context(), "", now)
	for _, r := range open {
		taken[r.Conversation]++
	}
	if err != nil || len(open) != 4 || own.Load() != 1 || taken["conv-a"] != 1 || taken["conv-b"] != 1 || taken["conv-c"] != 1 {
		t.Errorf("%d calls, conversations %v, %v, want four: each session once, and one without", len(open), taken, err)
	}
}

func attached(t *testing.T, s storage.Store) {
	ctx := t.Context()
	call(t, s, "1")
	d := session(t, s, "a", "uuid_1", now)
	r := storage.Call{ID: "call_s", Carrier: "CA1", Direction: telephony.Inbound, State: telephony.InProgress, Created: now, Node: "node_a", Account: "AC1"}
	if _, err := s.Attach(ctx, d.Session, r); !errors.Is(err, storage.ErrCarrier) {
		t.Errorf("Attach(a call that is known) = %v, want ErrCarrier", err)
	}
	if _, err := s.Attach(ctx, "sess-nobody", r); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("Attach(no session) = %v, want ErrNotFound", err)
	}
	errs := race(6, func(i int) error {
		r := r
		r.ID, r.Carrier = telephony.CallID(fmt.Sprint("call_s", i)), fmt.Sprint("CAs", i)
		on, err := s.Attach(ctx, d.Session, r)
		if err == nil && (on.Conversation != d.Conversation || on.AgentUUID != "uuid_1" || on.Workspace != roster.Default || on.PostCall != 5 || on.Node != "node_a" || on.Account != "AC1" || on.Room != d.Room) {
			err = fmt.Errorf("attached %+v", on)
		}
		return err
	})
	oneWins(t, errs, storage.ErrNotFound)
	if got := status(t, s, d.ID); got != dispatch.DispatchAttached {
		t.Errorf("the session is %s, want attached", got)
	}
}

func expired(t *testing.T, s storage.Store) {
	d := session(t, s, "a", "uuid_1", now)
	late := func(r *storage.Call) { r.Created = d.Expires }
	if r := inbound(t, s, "1", "uuid_1", late); r.Conversation != "conv-of-1" {
		t.Errorf("a call took %s, which has expired", r.Conversation)
	}
	if _, err := s.Attach(t.Context(), d.Session, storage.Call{ID: "call_s", Carrier: "CAs", Created: d.Expires}); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("Attach(expired) = %v, want ErrNotFound", err)
	}
	session(t, s, "b", "uuid_1", d.Expires)
	if got := status(t, s, d.ID); got != dispatch.DispatchExpired {
		t.Errorf("the session is %s once another waits, want expired", got)
	}
}
