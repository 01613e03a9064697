package postgres_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
)

// Whoever says that a call was never placed, and who is about to place it after
// all, meet at the same moment. The statement of the second sees the dispatch as
// it was before it had to wait.
func TestAFailedDispatchIsNotDialledByWhoWaitedForIt(t *testing.T) {
	db := open(t, migrated.URL(t))
	ctx, began := t.Context(), time.Now().UTC().Truncate(time.Microsecond)
	_, _, err := db.CreateDispatch(ctx, dispatch.Dispatch{
		ID: "disp_1", Workspace: roster.Default, Session: "sess-1", Variables: "{}",
		Call: "call_1", Status: dispatch.DispatchPlacing, Created: began, Expires: began.Add(time.Hour),
	}, &dispatch.Record{ID: "call_1", Workspace: roster.Default, To: "+15550111", Direction: telephony.Outbound, Created: began})
	if err != nil {
		t.Fatal(err)
	}
	dialled := make(chan error, 1)
	err = db.Engine().Write(ctx, func(tx storage.Tx) error { // FailDispatch, by a node that takes ours for dead
		_, err := tx.Exec(ctx, `UPDATE dispatches SET status = 'failed' WHERE id = 'disp_1'`)
		if err == nil {
			_, err = tx.Exec(ctx, `UPDATE calls SET why = 'never placed' WHERE id = 'call_1'`)
		}
		if err != nil {
			return err
		}
		go func() { dialled <- db.SetDialled(ctx, "call_1", began) }()
		return someoneWaits(ctx, db)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-dialled; !errors.Is(err, storage.ErrEnded) {
		t.Errorf("SetDialled() = %v, want %v", err, storage.ErrEnded)
	}
	if r, err := db.Call(ctx, "call_1"); err != nil || !r.Dialled.IsZero() {
		t.Errorf("dialled at %v, %v, want never", r.Dialled, err)
	}
}

// someoneWaits returns when a transaction of the database waits for another's row.
func someoneWaits(ctx context.Context, db *storage.DB) error {
	for n := 0; n == 0; {
		if err := db.Engine().Read(ctx, func(tx storage.Tx) error {
			return tx.Each(ctx, `SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
				nil, func(scan storage.Scan) error { return scan(&n) })
		}); err != nil {
			return err
		}
	}
	return nil
}

// A batch is cancelled while a process that stood still is about to dial for one of
// its errands, which was taken back from it: whoever waits for the errand's row
// finds that nothing of it may ring.
func TestACallIsNotDialledByWhoWaitedForItsErrand(t *testing.T) {
	db := open(t, migrated.URL(t))
	ctx, began := t.Context(), time.Now().UTC().Truncate(time.Microsecond)
	_, _, err := db.CreateDispatch(ctx, dispatch.Dispatch{
		ID: "disp_1", Workspace: roster.Default, Session: "sess-1", Variables: "{}",
		Call: "call_1", Status: dispatch.DispatchPlacing, Created: began, Expires: began.Add(time.Hour),
	}, &dispatch.Record{ID: "call_1", Workspace: roster.Default, To: "+15550111", Direction: telephony.Outbound, Created: began})
	if err != nil {
		t.Fatal(err)
	}
	e, _, err := db.Agenda().CreateErrand(ctx, agenda.Errand{
		ID: "call_1", Workspace: roster.Default, Kind: agenda.Call, To: "+15550111", Variables: "{}", Metadata: "{}",
		Status: agenda.Placing, Attempt: 1, Call: "call_1", Node: "frozen", Due: began, Created: began, Updated: began,
	})
	if err != nil {
		t.Fatal(err)
	}
	dialled := make(chan error, 1)
	err = db.Engine().Write(ctx, func(tx storage.Tx) error { // Move, by who takes it back, and CancelBatch
		_, err := tx.Exec(ctx, `UPDATE errands SET status = 'cancelled', attempt = 0, call_id = '', node = '', change = change + 1 WHERE id = $1`, e.ID)
		if err != nil {
			return err
		}
		go func() { dialled <- db.SetDialled(ctx, "call_1", began) }()
		return someoneWaits(ctx, db)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-dialled; !errors.Is(err, storage.ErrEnded) {
		t.Errorf("SetDialled() = %v, want %v", err, storage.ErrEnded)
	}
	if r, err := db.Call(ctx, "call_1"); err != nil || !r.Dialled.IsZero() {
		t.Errorf("dialled at %v, %v, want never", r.Dialled, err)
	}
}
