package server

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/webhook"
	"github.com/hookswitch/hookswitch/storage/jobs"
	"github.com/hookswitch/hookswitch/storage/sqlite"
	"github.com/hookswitch/hookswitch/telephony"
)

// A process that dies before it asked the carrier costs an attempt that its client
// never hears of: the call is placed again, and that one is told, as the first.
func TestAClientIsNotToldOfACallThatWasNeverPlaced(t *testing.T) {
	told := make(chan calledData, 9)
	theirs := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var c called
		if err := json.NewDecoder(r.Body).Decode(&c); err != nil {
			t.Error(err)
		}
		told <- c.Data
	}))
	defer theirs.Close()
	ctx, log := t.Context(), slog.New(slog.DiscardHandler)
	db, err := sqlite.Open(ctx, sqlite.Memory)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s := &Server{store: db, log: log, client: webhook.NewClient(webhook.Policy{AllowHTTP: true, AllowPrivate: true}, log)}
	if s.clerk, err = agenda.New(agenda.Config{Store: db.Agenda(), Placer: placer{s}, Calls: db, Node: "n"}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.clerk.Book(ctx, agenda.Errand{
		ID: "call_1", Workspace: roster.Default, Kind: agenda.Call, To: "+14155550100",
		Options: agenda.Options{CallbackURL: theirs.URL, Retry: &agenda.Retry{}},
	}); err != nil {
		t.Fatal(err)
	}
	for _, asked := range []bool{false, true} {
		now := time.Now().UTC().Truncate(time.Microsecond)
		all, err := db.Agenda().Claim(ctx, "n", now, 1, nil)
		if err != nil || len(all) != 1 {
			t.Fatalf("Claim() = %v, %v, want the errand", all, err)
		}
		call := all[0].Call
		if _, _, err := db.CreateDispatch(ctx, dispatch.Dispatch{
			ID: "disp_" + string(call), Workspace: roster.Default, Session: string(call), Conversation: string(call), Variables: "{}",
			Call: call, Status: dispatch.DispatchPlacing, Created: now, Expires: now,
		}, &dispatch.Record{
			ID: call, Workspace: roster.Default, To: "+14155550100", Direction: telephony.Outbound, FollowUp: true, Created: now,
		}); err != nil {
			t.Fatal(err)
		}
		reason := telephony.Failed
		if asked {
			reason, err = telephony.NoAnswer, db.SetDialled(ctx, call, now)
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := db.End(ctx, call, 1, reason, now); err != nil {
			t.Fatal(err)
		}
		if again, err := s.followUp(ctx, string(call)); again != 0 || err != nil {
			t.Fatalf("followUp() = %v, %v", again, err)
		}
	}
	ctx, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	nothing := func(context.Context, string) (time.Duration, error) { return 0, nil }
	go func() {
		done <- jobs.Run(ctx, db, jobs.Config{Poll: 200 * time.Millisecond, Workers: map[string]jobs.Do{
			jobTell: s.tell, agenda.JobErrand: nothing, agenda.JobFollowUp: nothing,
		}})
	}()
	select {
	case d := <-told:
		if d.Call != "call_1_2" || d.Attempt != 1 || d.Status != "no_answer" {
			t.Errorf("told %+v, want the call that rang, as the first", d)
		}
	case err := <-done:
		t.Fatalf("Run() = %v", err)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if len(told) != 0 {
		t.Errorf("told once more: %+v", <-told)
	}
}
