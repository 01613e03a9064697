package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/chat"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/search"
	"github.com/hookswitch/hookswitch/agentcore/webhook"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/storage/sqlite"
	"github.com/hookswitch/hookswitch/telephony"
)

// planned asks SQLite, before each statement, how it will find its rows.
type planned struct {
	storage.Engine
	plans []string
}

func (p *planned) Write(ctx context.Context, do func(storage.Tx) error) error {
	return p.Engine.Write(ctx, func(tx storage.Tx) error { return do(plannedTx{tx, p}) })
}

func (p *planned) WriteTogether(ctx context.Context, do func(storage.Tx) error) error {
	return p.Write(ctx, do)
}

func (p *planned) Read(ctx context.Context, do func(storage.Tx) error) error {
	return p.Engine.Read(ctx, func(tx storage.Tx) error { return do(plannedTx{tx, p}) })
}

func (p *planned) Enqueue(ctx context.Context, tx storage.Tx, j storage.Job) error {
	return p.Engine.Enqueue(ctx, tx.(plannedTx).Tx, j)
}

type plannedTx struct {
	storage.Tx
	p *planned
}

func (t plannedTx) plan(ctx context.Context, query string, args []any) error {
	return t.Tx.Each(ctx, "EXPLAIN QUERY PLAN "+query, args, func(scan storage.Scan) error {
		var id, parent, unused int64
		var detail string
		err := scan(&id, &parent, &unused, &detail)
		t.p.plans = append(t.p.plans, detail)
		return err
	})
}

func (t plannedTx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	if err := t.plan(ctx, query, args); err != nil {
		return 0, err
	}
	return t.Tx.Exec(ctx, query, args...)
}

func (t plannedTx) Each(ctx context.Context, query string, args []any, row func(storage.Scan) error) error {
	if err := t.plan(ctx, query, args); err != nil {
		return err
	}
	return t.Tx.Each(ctx, query, args, row)
}

// What is done for each call, or again and again while somebody looks, must not
// take longer the more calls a workspace ever had.
func TestNothingHotWalksThroughAllCalls(t *testing.T) {
	ctx, now := t.Context(), time.UnixMicro(1_790_000_000_123_456)
	p := &planned{Engine: open(t, sqlite.Memory).Engine()}
	db := storage.New(p)
	call := storage.Call{
		ID: "call_1", Carrier: "CA1", Direction: telephony.Inbound, Workspace: roster.Default, AgentUUID: "a", Created: now,
	}
	transfer := dispatch.Transfer{ID: "xfer_1", Call: call.ID, Key: "1", Status: dispatch.TransferDialling, Created: now}
	errand := agenda.Errand{ID: "call_9", Workspace: roster.Default, To: "+1", Status: agenda.Scheduled, Due: now, Created: now, Updated: now}
	written := chat.Chat{ID: "chat_1", Workspace: roster.Default, Contact: "+1", Status: chat.Open, Created: now, Updated: now}
	live, err := search.Parse("live:true")
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range []struct {
		what string
		do   func() error
	}{
		{"who answers", func() error { _, _, _ = db.NumberOf(ctx, "+15550001"); return nil }},
		{"whose signature it may be", func() error { _, err := db.NumbersOfAccount(ctx, "AC1"); return err }},
		{"a call begins", func() error { _, _, err := db.Create(ctx, call); return err }},
		{"an entry", func() error {
			return db.Append(ctx, call.ID, 1, []agentcore.Entry{{N: 1, Version: agentcore.JournalVersion, Wall: now, Event: agentcore.Lost{}}})
		}},
		{"the feed's numbers", func() error { _, err := db.Sequence(ctx, 0); return err }},
		{"live calls", func() error { _, _, err := db.SearchCalls(ctx, roster.Default, live, now, "", 0); return err }},
		{"the feed", func() error { _, err := db.Feed(ctx, roster.Default, 0, 0); return err }},
		{"calls of a dead node", func() error { _, err := db.Unended(ctx, "n", now); return err }},
		{"dead deliveries", func() error {
			_, err := db.Deliveries(ctx, webhook.Filter{Workspace: roster.Default, Status: webhook.Dead})
			return err
		}},
		{"the oldest undelivered", func() error { _, err := db.OldestUndelivered(ctx); return err }},
		{"a call's deliveries", func() error {
			_, err := db.Deliveries(ctx, webhook.Filter{Workspace: roster.Default, Call: call.ID})
			return err
		}},
		{"a transfer begins", func() error { _, _, err := db.CreateTransfer(ctx, transfer); return err }},
		{"another, meanwhile", func() error {
			other := transfer
			other.ID, other.Key = "xfer_2", "2"
			if _, _, err := db.CreateTransfer(ctx, other); !errors.Is(err, storage.ErrTransferring) {
				return fmt.Errorf("a second transfer: %w", err)
			}
			return nil
		}},
		{"a transfer goes on", func() error {
			_, err := db.MoveTransfer(ctx, transfer.ID, []string{dispatch.TransferDialling}, dispatch.TransferChange{Carrier: "CA2", Status: dispatch.TransferBridged})
			return err
		}},
		{"a transfer, by its leg", func() error { _, err := db.TransferByCarrier(ctx, "CA2"); return err }},
		{"a call's transfers", func() error { _, err := db.TransfersOf(ctx, call.ID); return err }},
		{"open transfers", func() error { _, err := db.OpenTransfers(ctx); return err }},
		{"what was placed lately", func() error { _, err := db.Placed(ctx, roster.Default, now); return err }},
		{"a capped call", func() error {
			d := dispatch.Dispatch{ID: "disp_1", Workspace: roster.Default, Session: "sess_1", Call: "call_2", Created: now, Caps: dispatch.Caps{Workspace: 9, Trunk: 9}}
			_, _, err := db.CreateDispatch(ctx, d, &storage.Call{ID: "call_2", Workspace: roster.Default, Created: now})
			return err
		}},
		{"an errand", func() error { _, _, err := db.CreateErrand(ctx, errand); return err }},
		{"it wakes", func() error { _, err := db.Wake(ctx, errand.ID, now); return err }},
		{"it is claimed", func() error { _, err := db.Agenda().Claim(ctx, "n", now, 2, nil); return err }},
		{"claims of dead nodes", func() error { _, err := db.Claimed(ctx, "n", now); return err }},
		{"its call is over", func() error { _, err := db.ErrandOfCall(ctx, "call_9"); return err }},
		{"its series ends", func() error { _, err := db.EndSeries(ctx, roster.Default, "a", "+1", "", "human", now); return err }},
		{"a chat", func() error { _, _, err := db.OpenChat(ctx, written, true); return err }},
		{"a message", func() error {
			m := chat.Message{ID: "msg_1", Chat: written.ID, Direction: chat.In, Status: chat.Received, Carrier: "SM1", Created: now, Updated: now}
			_, _, err := db.Receive(ctx, m, 9)
			return err
		}},
		{"its turn", func() error { _, _, err := db.TakeTurn(ctx, written.ID, now, now); return err }},
		{"idle chats", func() error { _, err := db.CloseIdle(ctx, now, 9, now); return err }},
		{"what was said before", func() error { _, err := db.PastWith(ctx, roster.Default, "+1", now, 9); return err }},
		{"who opted out", func() error { _, _ = db.OptedOut(ctx, roster.Default, "+1", "calls"); return nil }},
		{"a call ends", func() error { _, _, err := db.End(ctx, call.ID, 1, telephony.Silence, now); return err }},
	} {
		p.plans = nil
		if err := one.do(); err != nil {
			t.Fatalf("%s: %v", one.what, err)
		}
		for _, plan := range p.plans {
			of, _, _ := strings.Cut(plan, " USING")
			walks := of == "SCAN calls" && !strings.Contains(plan, "calls_unended") && !strings.Contains(plan, "calls_unfed")
			walks = walks || (of == "SCAN transfers" || of == "SCAN t") && !strings.Contains(plan, "transfers_open")
			walks = walks || strings.Contains(plan, "_workspace (workspace=?") && !strings.Contains(plan, "created_us>?")
			if walks || of == "SCAN call_events" || of == "SCAN deliveries" || of == "SCAN d" || of == "SCAN dispatches" || of == "SCAN errands" && !strings.Contains(plan, "errands_placing") || of == "SCAN chats" || of == "SCAN messages" || of == "SCAN opt_outs" || of == "SCAN phone_numbers" || of == "SCAN p" {
				t.Errorf("%s: %s", one.what, plan)
			}
		}
		if len(p.plans) == 0 {
			t.Errorf("%s: no statement", one.what)
		}
	}
}

// The rows of a batch have one time. A page of them is found by its first row,
// not by passing over those of all pages before.
func TestAPageIsFoundByWhereItBegins(t *testing.T) {
	ctx, now := t.Context(), time.UnixMicro(1_790_000_000_123_456)
	p := &planned{Engine: open(t, sqlite.Memory).Engine()}
	s := storage.New(p).Agenda()
	if err := s.CreateBatch(ctx, agenda.Batch{ID: "batch_1", Workspace: roster.Default, Status: agenda.BatchLoading, Created: now, Updated: now}); err != nil {
		t.Fatal(err)
	}
	var all []agenda.Errand
	for i := range 3 {
		all = append(all, agenda.Errand{ID: fmt.Sprint("call_", i), Workspace: roster.Default, Batch: "batch_1", To: fmt.Sprint("+", i), Status: agenda.Scheduled, Due: now, Created: now, Updated: now})
	}
	if err := s.AddErrands(ctx, all); err != nil {
		t.Fatal(err)
	}
	_, next, err := s.Errands(ctx, roster.Default, agenda.Filter{Batch: "batch_1"}, "", 1)
	if err != nil || next == "" {
		t.Fatalf("Errands() = %q, %v", next, err)
	}
	p.plans = nil
	rows, _, err := s.Errands(ctx, roster.Default, agenda.Filter{Batch: "batch_1"}, next, 1)
	if err != nil || len(rows) != 1 || rows[0].ID != "call_1" {
		t.Errorf("the second page is %+v, %v", rows, err)
	}
	if plan := strings.Join(p.plans, "\n"); !strings.Contains(plan, "(created_us,id)<") {
		t.Errorf("it is found so:\n%s", plan)
	}
}
