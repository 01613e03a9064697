package storetest

import (
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
)

func init() {
	suite("calls that nobody wants any more",
		check{"a call is dialled only while its errand is at it", dialledForErrand},
		check{"what was taken back from a process that stands still does not ring when it is cancelled", cancelledInItsSleep},
		check{"an attempt that was dialled is not taken back", notTakenBack},
	)
}

// beingPlaced keeps an errand at an attempt, and the call that somebody is about to place
// for it.
func beingPlaced(t testing.TB, s storage.Store, id string, call telephony.CallID, change func(*agenda.Errand)) {
	t.Helper()
	d, r := wanted(id, "")
	d.Call, r.ID = call, call
	if _, _, err := s.CreateDispatch(t.Context(), d, r); err != nil {
		t.Fatal(err)
	}
	keep(t, s.(*storage.DB).Agenda(), id, func(e *agenda.Errand) {
		e.Status, e.Attempt, e.Call, e.Node = agenda.Placing, 1, telephony.CallID(e.ID), "node_a"
		change(e)
	})
}

func dialledForErrand(t *testing.T, s storage.Store) {
	for id, c := range map[string]struct {
		call   telephony.CallID
		errand func(*agenda.Errand)
		want   error
	}{
		"placing":   {"call_placing", func(*agenda.Errand) {}, nil},
		"live":      {"call_live", func(e *agenda.Errand) { e.Status = agenda.Live }, nil},
		"reached":   {"call_reached", func(e *agenda.Errand) { e.Code = agenda.CodeReached }, nil},
		"second":    {"call_second_2", func(e *agenda.Errand) { e.Attempt, e.Call = 2, "call_second_2" }, nil},
		"unwanted":  {"call_unwanted", func(e *agenda.Errand) { e.Code = agenda.CodeCancelled }, storage.ErrEnded},
		"ready":     {"call_ready", func(e *agenda.Errand) { e.Status, e.Attempt, e.Call = agenda.Ready, 0, "" }, storage.ErrEnded},
		"later":     {"call_later", func(e *agenda.Errand) { e.Status, e.Attempt, e.Call = agenda.Scheduled, 0, "" }, storage.ErrEnded},
		"cancelled": {"call_cancelled", func(e *agenda.Errand) { e.Status, e.Attempt, e.Call = agenda.Cancelled, 0, "" }, storage.ErrEnded},
		"refused":   {"call_refused", func(e *agenda.Errand) { e.Status = agenda.Refused }, storage.ErrEnded},
		"next":      {"call_next_2", func(e *agenda.Errand) { e.Status = agenda.Ready }, storage.ErrEnded},
		"past":      {"call_past", func(e *agenda.Errand) { e.Attempt, e.Call = 2, "call_past_2" }, storage.ErrEnded},
	} {
		beingPlaced(t, s, id, c.call, c.errand)
		err := s.(*storage.DB).SetDialled(t.Context(), c.call, now)
		refused(t, "SetDialled("+id+")", err, c.want)
		if r, err := s.Call(t.Context(), c.call); err != nil || r.Dialled.IsZero() != (c.want != nil) {
			t.Errorf("%s: dialled at %v, %v", id, r.Dialled, err)
		}
	}
}

// A process claims an errand and stands still. Another one finds no call of it,
// takes it back, and finds no place for it; then its batch is cancelled. The first
// goes on where it was: it makes the call.
func cancelledInItsSleep(t *testing.T, s storage.Store) {
	a := s.(*storage.DB).Agenda()
	batch := agenda.Batch{ID: "batch_1", Workspace: roster.Default, Status: agenda.BatchLoading, At: now, Created: now, Updated: now}
	if err := a.CreateBatch(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	row := anErrand("1")
	row.Batch = batch.ID
	if err := a.AddErrands(t.Context(), []agenda.Errand{row}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.StartBatch(t.Context(), batch, now); err != nil {
		t.Fatal(err)
	}
	if _, err := a.WakeBatch(t.Context(), batch.ID, later(1)); err != nil {
		t.Fatal(err)
	}
	if all := claim(t, a, 1); len(all) != 1 {
		t.Fatalf("Claim() = %q, want the batch's row", ids(all))
	}
	takeBack := func(e *agenda.Errand) { e.Status, e.Attempt, e.Call, e.Node = agenda.Ready, 0, "", "" }
	move(t, a, "1", takeBack)
	if _, err := a.CancelBatch(t.Context(), roster.Default, batch.ID, later(2)); err != nil {
		t.Fatal(err)
	}
	if e := errand(t, a, "1"); e.Status != agenda.Cancelled {
		t.Fatalf("the errand is %s", e.Status)
	}
	d, r := wanted("1", "")
	if _, _, err := s.CreateDispatch(t.Context(), d, r); err != nil {
		t.Fatal(err)
	}
	refused(t, "SetDialled(cancelled in its sleep)", s.(*storage.DB).SetDialled(t.Context(), d.Call, later(3)), storage.ErrEnded)
}

// Whoever took it for dead looked for a call before there was one, and comes with
// what followed from that when the telephone rings.
func notTakenBack(t *testing.T, s storage.Store) {
	a := s.(*storage.DB).Agenda()
	beingPlaced(t, s, "1", "call_1", func(*agenda.Errand) {})
	if err := s.(*storage.DB).SetDialled(t.Context(), "call_1", now); err != nil {
		t.Fatal(err)
	}
	e := errand(t, a, "1")
	for _, status := range []string{agenda.Ready, agenda.Scheduled, agenda.Cancelled} {
		back := e
		back.Status, back.Attempt, back.Call, back.Node = status, 0, "", ""
		_, err := a.Move(t.Context(), back, later(1))
		refused(t, "Move(back, "+status+")", err, agenda.ErrMoved)
	}
	if on := errand(t, a, "1"); on.Status != agenda.Placing || on.Call != "call_1" || on.Change != e.Change {
		t.Errorf("the errand is %+v, want it as it was", on)
	}
	move(t, a, "1", func(e *agenda.Errand) { e.Status, e.Node = agenda.Live, "" })
}
