package webhook_test

import (
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/webhook"
)

// told is what came of a call whose transfer was over only after it, or never.
func toldOfTransfer(t *testing.T, over time.Duration) (events []webhook.Event, after []time.Duration) {
	o := newOffice(t)
	o.answers(500, 200)
	d := o.over(o.hire(hook(roster.PostCall, nil)), func(r dispatch.Record) {
		if err := o.db.SetAnswerer(t.Context(), r.ID, "human"); err != nil {
			t.Fatal(err)
		}
		if _, _, err := o.db.CreateTransfer(t.Context(), dispatch.Transfer{
			ID: "xfer_1", Call: r.ID, Workspace: r.Workspace, Key: "k", Kind: dispatch.Conference, Label: "sales", To: "+15550177",
			Status: dispatch.TransferDialling, Created: time.Now().Add(-10 * time.Second),
		}); err != nil {
			t.Fatal(err)
		}
	})
	ended := time.Now()
	if over > 0 {
		done := make(chan error, 1)
		time.AfterFunc(over, func() {
			_, err := o.db.MoveTransfer(t.Context(), "xfer_1", []string{dispatch.TransferDialling}, dispatch.TransferChange{
				Status: dispatch.TransferOver, Outcome: dispatch.OutcomeCanceled, Reason: "the caller hung up", Ended: ended.Add(over),
			})
			done <- err
		})
		defer func() {
			if err := <-done; err != nil {
				t.Errorf("MoveTransfer() = %v", err)
			}
		}()
	}
	o.work(d)
	for _, m := range o.got {
		var e webhook.Event
		if err := json.Unmarshal([]byte(m.body), &e); err != nil {
			t.Fatal(err)
		}
		events, after = append(events, e), append(after, m.at.Sub(ended))
	}
	if len(events) != 2 || o.got[0].body != o.got[1].body {
		t.Fatalf("told %d times, want twice and alike: %+v", len(events), o.got)
	}
	return events, after
}

func TestAPostCallWaitsForItsTransfers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		events, after := toldOfTransfer(t, 2500*time.Millisecond)
		e := events[0]
		if after[0] != 3*time.Second || len(e.Transfers) != 1 || e.Transfers[0].Status != "over" || *e.Transfers[0].Outcome != "canceled" ||
			e.Transfers[0].Waited != 12.5 || e.Transfers[0].Talked != 0 || *e.AnsweredBy != "human" {
			t.Errorf("after %v told %+v", after[0], e.Ending)
		}
		const want = `The caller said: "I want to book a table." The agent said: "It is booked." The transfer to "sales" came to nothing: the caller hung up.`
		if e.Summary != want {
			t.Errorf("summary %q, want %q", e.Summary, want)
		}
	})
}

func TestAPostCallDoesNotWaitForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		events, after := toldOfTransfer(t, 0)
		h := events[0].Transfers[0]
		if after[0] != 30*time.Second || h.Status != "dialling" || h.Outcome != nil || h.EndedAt != nil || h.Waited != 10 {
			t.Errorf("after %v told %+v", after[0], h)
		}
	})
}
