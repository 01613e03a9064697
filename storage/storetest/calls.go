package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
)

func createdOnce(t *testing.T, s storage.Store) {
	first := call(t, s, "1")
	again, created, err := s.Create(t.Context(), storage.Call{
		ID: "call_other", Carrier: "CA1", From: "+1999", Direction: telephony.Inbound, Created: now.Add(time.Hour),
	})
	if err != nil || created || again != first {
		t.Errorf("Create(same carrier id) = %+v, %v, %v, want the first call %+v", again, created, err, first)
	}
	if _, err := s.Call(t.Context(), "call_other"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("Call(the second id) = %v, want ErrNotFound", err)
	}
}

func createdWithout(t *testing.T, s storage.Store) {
	for _, id := range []telephony.CallID{"call_a", "call_b"} {
		r, created, err := s.Create(t.Context(), storage.Call{ID: id, Direction: telephony.Outbound, State: telephony.Queued, Created: now})
		if err != nil || !created || r.ID != id || r.Carrier != "" {
			t.Errorf("Create(%s) = %+v, %v, %v, want a new call without carrier id", id, r, created, err)
		}
	}
}

func found(t *testing.T, s storage.Store) {
	want := storage.Call{
		ID: "call_1", Epoch: 1, Carrier: "CA1", From: "+15550100", To: "+15550199",
		Direction: telephony.Inbound, Agent: "demo", State: telephony.Ringing, Sequence: -1, Created: now,
		Workspace: "default", Node: "node_a", AgentUUID: "uuid_1", Version: 3, Conversation: "conv-1",
		Variables: `{"name":"Ann"}`, PostCall: 7, Why: "because", Account: "AC1",
	}
	if r := call(t, s, "1"); r != want {
		t.Errorf("Create() = %+v, want %+v", r, want)
	}
	if r, err := s.Call(t.Context(), "call_1"); err != nil || r != want {
		t.Errorf("Call() = %+v, %v, want %+v", r, err, want)
	}
	if r, err := s.CallByCarrier(t.Context(), "CA1"); err != nil || r != want {
		t.Errorf("CallByCarrier() = %+v, %v, want %+v", r, err, want)
	}
}

func oddText(t *testing.T, s storage.Store) {
	r, created, err := s.Create(t.Context(), storage.Call{
		ID: "call_odd", Carrier: "CA\x00\xff", From: "+1\xff'; DROP TABLE calls; --", To: "\x00", Agent: "漢\x00",
		Direction: telephony.Inbound, State: telephony.Ringing, Created: now,
	})
	if err != nil || !created || r.From != "+1\uFFFD'; DROP TABLE calls; --" || r.Agent != "漢\uFFFD" {
		t.Fatalf("Create() = %+v, %v, %v, want the odd bytes replaced", r, created, err)
	}
	if again, err := s.CallByCarrier(t.Context(), "CA\x00\xff"); err != nil || again != r {
		t.Errorf("CallByCarrier(as it was given) = %+v, %v, want the call", again, err)
	}
}

func notFound(t *testing.T, s storage.Store) {
	ctx := t.Context()
	_, byID := s.Call(ctx, "nobody")
	_, byCarrier := s.CallByCarrier(ctx, "")
	_, raise := s.Raise(ctx, "nobody", 1, "")
	_, progress := s.Progress(ctx, "nobody", telephony.Ringing, 1, 0, now)
	_, _, ending := s.End(ctx, "nobody", 1, telephony.Failed, now)
	for what, err := range map[string]error{
		"Call": byID, "CallByCarrier": byCarrier, "Raise": raise, "Progress": progress, "End": ending,
		"SetCarrier": s.SetCarrier(ctx, "nobody", "CA1"),
		"Admit":      s.Admit(ctx, "nobody", 1, "", now),
		"Append":     s.Append(ctx, "nobody", 1, said(1, 1)),
	} {
		if !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("%s(nobody) = %v, want ErrNotFound", what, err)
		}
	}
	if entries, err := s.Journal(ctx, "nobody", 0); err != nil || len(entries) != 0 {
		t.Errorf("Journal(nobody) = %v, %v, want none", entries, err)
	}
}

func carrierSetOnce(t *testing.T, s storage.Store) {
	ctx := t.Context()
	call(t, s, "1")
	if _, _, err := s.Create(ctx, storage.Call{ID: "call_out", Direction: telephony.Outbound, Created: now}); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		carrier string
		want    error
	}{
		{"", storage.ErrCarrier},    // nothing to set
		{"CA1", storage.ErrCarrier}, // another call's
		{"CA2", nil},
		{"CA2", nil},                // told twice
		{"CA3", storage.ErrCarrier}, // it has one
	} {
		if err := s.SetCarrier(ctx, "call_out", step.carrier); !errors.Is(err, step.want) {
			t.Errorf("SetCarrier(%q) = %v, want %v", step.carrier, err, step.want)
		}
	}
	if r, err := s.CallByCarrier(ctx, "CA2"); err != nil || r.ID != "call_out" {
		t.Errorf("CallByCarrier(CA2) = %v, %v, want call_out", r.ID, err)
	}
}

func raised(t *testing.T, s storage.Store) {
	ctx := t.Context()
	r := call(t, s, "1")
	errs := race(8, func(int) error { _, err := s.Raise(ctx, r.ID, 1, "b"); return err })
	oneWins(t, errs, storage.ErrEpoch)
	if epoch, err := s.Raise(ctx, r.ID, 2, "c"); err != nil || epoch != 3 {
		t.Errorf("Raise(2) = %d, %v, want 3", epoch, err)
	}
	if r, _ := s.Call(ctx, r.ID); r.Epoch != 3 || r.Node != "c" {
		t.Errorf("epoch %d, node %q on record, want 3 and the one that raised it", r.Epoch, r.Node)
	}
	if _, _, err := s.End(ctx, r.ID, 3, telephony.LineLost, now); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Raise(ctx, r.ID, 3, "d"); !errors.Is(err, storage.ErrEnded) {
		t.Errorf("Raise(after the end) = %v, want ErrEnded", err)
	}
}

func admitted(t *testing.T, s storage.Store) {
	ctx := t.Context()
	r := call(t, s, "1")
	oneWins(t, race(8, func(int) error { return s.Admit(ctx, r.ID, 1, "a", now) }), storage.ErrEpoch)
	for epoch := range 4 {
		if epoch == 1 {
			continue
		}
		if err := s.Admit(ctx, r.ID, epoch, "a", now); !errors.Is(err, storage.ErrEpoch) {
			t.Errorf("Admit(epoch %d of a call at 1) = %v, want ErrEpoch", epoch, err)
		}
	}
	if _, err := s.Raise(ctx, r.ID, 1, "b"); err != nil {
		t.Fatal(err)
	}
	if err := s.Admit(ctx, r.ID, 1, "a", now); !errors.Is(err, storage.ErrEpoch) {
		t.Errorf("Admit(older epoch) = %v, want ErrEpoch", err)
	}
	if err := s.Admit(ctx, r.ID, 2, "a", now.Add(time.Minute)); err != nil {
		t.Errorf("Admit(raised epoch) = %v", err)
	}
	got, err := s.Call(ctx, r.ID)
	if err != nil || got.Admitted != 2 || !got.Answered.Equal(now) {
		t.Errorf("record: admitted %d, answered %v, %v, want 2 and the first stream's time %v", got.Admitted, got.Answered, err, now)
	}
	if _, _, err := s.End(ctx, r.ID, 2, telephony.LineLost, now); err != nil {
		t.Fatal(err)
	}
	if err := s.Admit(ctx, r.ID, 2, "a", now); !errors.Is(err, storage.ErrEnded) {
		t.Errorf("Admit(after the end) = %v, want ErrEnded", err)
	}
}

func progress(t *testing.T, s storage.Store) {
	r := call(t, s, "1")
	answered := now.Add(5 * time.Second)
	for i, step := range []struct {
		state    telephony.State
		sequence int
		sip      int
		at       time.Time
		applied  bool
	}{
		{telephony.Queued, 0, 0, now, true},
		{telephony.InProgress, 2, 0, answered, true},
		{telephony.Ringing, 1, 180, now, false},            // late
		{telephony.InProgress, 2, 0, now, false},           // twice
		{telephony.InProgress, 3, 200, now.Add(6e9), true}, // answered once
		{telephony.Completed, 4, 0, now.Add(9e9), true},    // the SIP code stays
	} {
		applied, err := s.Progress(t.Context(), r.ID, step.state, step.sequence, step.sip, step.at)
		if err != nil || applied != step.applied {
			t.Errorf("step %d: Progress(%s, %d) = %v, %v, want %v", i, step.state, step.sequence, applied, err, step.applied)
		}
	}
	got, err := s.Call(t.Context(), r.ID)
	if err != nil || got.State != telephony.Completed || got.Sequence != 4 || got.SIPCode != 200 || !got.Answered.Equal(answered) || got.Over() {
		t.Errorf("record %+v, %v, want completed, sequence 4, SIP 200, answered %v, not ended", got, err, answered)
	}
}

func twoCreators(t *testing.T, s storage.Store) {
	ids := make([]telephony.CallID, 8)
	created := make([]bool, len(ids))
	errs := race(len(ids), func(i int) error {
		r, first, err := s.Create(t.Context(), storage.Call{
			ID: telephony.CallID("call_" + string(rune('a'+i))), Carrier: "CA1", Direction: telephony.Inbound, Created: now,
		})
		ids[i], created[i] = r.ID, first
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
	if winners != 1 {
		t.Errorf("%d creators were told that theirs is new, want 1", winners)
	}
}

func unended(t *testing.T, s storage.Store) {
	for _, name := range []string{"1", "2", "3"} {
		call(t, s, name)
	}
	if _, _, err := s.End(t.Context(), "call_2", 1, telephony.Busy, now); err != nil {
		t.Fatal(err)
	}
	open, err := s.Unended(t.Context(), "", now)
	if err != nil || len(open) != 2 || open[0].ID != "call_1" || open[1].ID != "call_3" {
		t.Errorf("Unended() = %v, %v, want call_1 and call_3", open, err)
	}
}

// Who has the floor first is the agent of a call that came by a door without one,
// and of no other.
func agentOfForeign(t *testing.T, s storage.Store) {
	ctx := t.Context()
	for _, r := range []storage.Call{
		{ID: "call_door", Carrier: "door:ws:CA1", Foreign: true},
		{ID: "call_ours", Carrier: "CA1"},
		{ID: "call_over", Carrier: "door:ws:CA2", Foreign: true, Reason: telephony.Refused},
	} {
		r.Direction, r.Created = telephony.Inbound, now
		if _, _, err := s.Create(ctx, r); err != nil {
			t.Fatal(err)
		}
		for _, who := range []dispatch.Route{
			{Agent: "Ada", AgentUUID: "uuid-a", Version: 3, PostCall: 7},
			{Agent: "Ben", AgentUUID: "uuid-b", Version: 1},
		} {
			if err := s.SetAgent(ctx, r.ID, who); err != nil {
				t.Fatalf("SetAgent(%s) = %v", r.ID, err)
			}
		}
		got, err := s.Call(ctx, r.ID)
		if err != nil {
			t.Fatal(err)
		}
		want := storage.Call{}
		if r.ID == "call_door" {
			want = storage.Call{Agent: "Ada", AgentUUID: "uuid-a", Version: 3, PostCall: 7}
		}
		if got.Agent != want.Agent || got.AgentUUID != want.AgentUUID || got.Version != want.Version || got.PostCall != want.PostCall {
			t.Errorf("%s is %s's (%s, version %d, webhook %d), want %+v", r.ID, got.Agent, got.AgentUUID, got.Version, got.PostCall, want)
		}
	}
}

// The carrier's verdict comes beside its other words, and may come last.
func answererKept(t *testing.T, s storage.Store) {
	ctx := t.Context()
	r, late := call(t, s, "1"), call(t, s, "2")
	tell := func(want *storage.Call, by, kept string) {
		t.Helper()
		want.Answerer = kept
		if err := s.SetAnswerer(ctx, want.ID, by); err != nil {
			t.Fatalf("SetAnswerer(%q) = %v", by, err)
		}
		if got, err := s.Call(ctx, want.ID); err != nil || got != *want {
			t.Errorf("after SetAnswerer(%q) Call() = %+v, %v, want %+v", by, got, err, *want)
		}
	}
	over := func(r storage.Call) storage.Call {
		t.Helper()
		if _, _, err := s.End(ctx, r.ID, 1, telephony.CallerHangup, later(1)); err != nil {
			t.Fatal(err)
		}
		r, err := s.Call(ctx, r.ID)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	tell(&r, "", "") // it did not say
	tell(&r, "human", "human")
	tell(&r, "machine_start", "human")
	r = over(r)
	tell(&r, "fax", "human")
	late = over(late)
	tell(&late, "machine_end_beep\x00", "machine_end_beep\uFFFD")
	refused(t, "SetAnswerer(nobody)", s.SetAnswerer(ctx, "nobody", "human"), storage.ErrNotFound)
}
