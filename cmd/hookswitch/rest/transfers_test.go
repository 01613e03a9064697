package rest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

// handOn begins a transfer of a call, 30 s ago.
func (o *office) handOn(call telephony.CallID, id telephony.CallID, change func(*dispatch.Transfer)) dispatch.Transfer {
	o.t.Helper()
	t := dispatch.Transfer{
		ID: id, Call: call, Workspace: "default", Key: string(id), Kind: dispatch.Warm, Label: "sales", From: "+14155550199", To: "+14155550177",
		PostDial: "ww1234", Summary: "wants a quote", Status: dispatch.TransferDialling, Created: time.Now().Add(-30 * time.Second),
	}
	if change != nil {
		change(&t)
	}
	on, _, err := o.db.CreateTransfer(o.t.Context(), t)
	if err != nil {
		o.t.Fatal(err)
	}
	return on
}

func TestACallShowsWhomItWasHandedTo(t *testing.T) {
	o := staff(t)
	call := o.ring("call_1", func(r *dispatch.Record) { r.Direction = telephony.Outbound })
	o.answer(call)
	a := o.ok("GET", "/api/v2/calls/call_1", "")
	a.wants("item.transfers", `[]`)
	a.wants("item.answered_by", `null`)
	a.wants("item.sip_code", `null`)

	if err := o.db.SetAnswerer(t.Context(), call, "machine_start"); err != nil {
		t.Fatal(err)
	}
	if _, err := o.db.Progress(t.Context(), call, telephony.InProgress, 1, 200, time.Now()); err != nil {
		t.Fatal(err)
	}
	began := time.Date(2026, 11, 22, 9, 31, 2, 381e6, time.UTC)
	o.handOn(call, "xfer_1", func(x *dispatch.Transfer) {
		x.Status, x.Outcome, x.Reason = dispatch.TransferOver, dispatch.OutcomeBusy, "the line was busy"
		x.Created, x.Ended = began, began.Add(12500*time.Millisecond)
	})
	o.handOn(call, "xfer_2", func(x *dispatch.Transfer) {
		x.Kind, x.Label, x.Status, x.Outcome, x.Created = dispatch.Blind, "the desk", dispatch.TransferOver, dispatch.OutcomeCompleted, began.Add(time.Minute)
		x.Answered, x.Bridged, x.Ended = x.Created.Add(5*time.Second), x.Created.Add(6*time.Second), x.Created.Add(66*time.Second)
	})
	if _, _, err := o.db.End(t.Context(), call, 1, telephony.Transferred, time.Now()); err != nil {
		t.Fatal(err)
	}
	a = o.ok("GET", "/api/v2/calls/call_1", "")
	a.wants("item.end_reason", `"transferred"`)
	a.wants("item.answered_by", `"machine_start"`)
	a.wants("item.sip_code", `200`)
	a.wants("item.transfers", `[
		{"id":"xfer_1","to":"sales","kind":"warm","status":"over","outcome":"busy","reason":"the line was busy","started_at":"2026-11-22T09:31:02.381Z",
			"answered_at":null,"bridged_at":null,"ended_at":"2026-11-22T09:31:14.881Z","waited_seconds":12.5,"talked_seconds":0},
		{"id":"xfer_2","to":"the desk","kind":"blind","status":"over","outcome":"completed","reason":null,"started_at":"2026-11-22T09:32:02.381Z",
			"answered_at":"2026-11-22T09:32:07.381Z","bridged_at":"2026-11-22T09:32:08.381Z","ended_at":"2026-11-22T09:33:08.381Z","waited_seconds":6,"talked_seconds":60}]`)
	for _, secret := range []string{"4155550177", "ww1234", "quote"} {
		if strings.Contains(a.text, secret) {
			t.Errorf("the call shows %q of its transfers", secret)
		}
	}
	list := o.ok("GET", "/api/v2/calls?q=end:transferred", "")
	list.wants("count", `1`)
	list.wants("items.0.answered_by", `"machine_start"`)
	list.wants("items.0.sip_code", `200`)
	if _, there := list.at("items.0").(map[string]any)["transfers"]; there {
		t.Error("a list has transfers")
	}
}

func TestWhoIsWithTheCallerIsShown(t *testing.T) {
	o := staff(t)
	call := o.ring("call_1")
	o.answer(call)
	o.write(call, agentcore.Opened{Epoch: 1}, agentcore.TransferBegan{Transfer: "xfer_1", To: "sales", How: "warm"})
	shown := func(want string) answer {
		t.Helper()
		a := o.ok("GET", "/api/v2/calls/call_1", "")
		a.wants("item.live.state", `"`+want+`"`)
		return a
	}
	move := func(id telephony.CallID, from string, c dispatch.TransferChange) {
		t.Helper()
		if _, err := o.db.MoveTransfer(t.Context(), id, []string{from}, c); err != nil {
			t.Fatal(err)
		}
	}
	x := o.handOn(call, "xfer_1", nil)
	a := shown("listening") // the agent stays while a warm one is dialled
	a.wants("item.transfers.0.status", `"dialling"`)
	a.wants("item.transfers.0.outcome", `null`)
	if waited, _ := a.at("item.transfers.0.waited_seconds").(float64); waited < 29 {
		t.Errorf("the caller waited %v s, want 30", waited)
	}
	move(x.ID, dispatch.TransferDialling, dispatch.TransferChange{Status: dispatch.TransferBridged, Bridged: x.Created.Add(10 * time.Second)})
	a = shown("away")
	a.wants("item.transfers.0.waited_seconds", `10`)
	if a.str("item.live.since") != a.str("item.transfers.0.bridged_at") {
		t.Errorf("away since %s, want since they were connected: %s", a.str("item.live.since"), a.str("item.transfers.0.bridged_at"))
	}
	move(x.ID, dispatch.TransferBridged, dispatch.TransferChange{Status: dispatch.TransferOver, Outcome: dispatch.OutcomeDeclined, Ended: x.Created.Add(11 * time.Second)})
	shown("listening")
	o.handOn(call, "xfer_2", func(x *dispatch.Transfer) { x.Kind, x.Status = dispatch.Blind, dispatch.TransferAsked })
	shown("listening")
	move("xfer_2", dispatch.TransferAsked, dispatch.TransferChange{Status: dispatch.TransferDialling})
	shown("away")
	events := o.ok("GET", "/api/v2/calls/call_1/events", "")
	events.wants("items.1.kind", `"transfer_began"`)
	events.wants("items.1.to", `"sales"`)
}
