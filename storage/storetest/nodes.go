package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	hooks "github.com/hookswitch/hookswitch/agentcore/webhook"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
)

func init() {
	suite("calls and who has them",
		check{"calls of a node that beats are its own", nodes},
		check{"whoever lets a stream in has the pen", pen},
		check{"an end names the call's epoch", endNamesEpoch},
		check{"a call is prepared once", prepared},
		check{"a call may be over as soon as it began", refusedAtOnce},
		check{"every end has the post_call webhook told, once", toldOnce},
	)
}

func nodes(t *testing.T, s storage.Store) {
	ctx := t.Context()
	for _, node := range []string{"", "a", "b", "c"} {
		_, _, err := s.Create(ctx, storage.Call{ID: telephony.CallID("call_" + node), Node: node, Direction: telephony.Outbound, Created: now})
		if err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := s.Beat(ctx, "a", now); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Beat(ctx, "b", now.Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		node  string
		since time.Time
		want  string
	}{
		{"x", now, "c"},                        // c never beat
		{"a", now, "ac"},                       // its own
		{"x", now.Add(time.Microsecond), "ac"}, // a is dead
		{"x", now.Add(time.Hour), "abc"},       // all are
	} {
		open, err := s.Unended(ctx, c.node, c.since)
		got := ""
		for _, r := range open {
			got += r.Node
		}
		if err != nil || got != c.want || len(open) != len(c.want)+1 {
			t.Errorf("Unended(%s, %v) has %d calls, of %q, %v, want those of %q and of nobody", c.node, c.since.Sub(now), len(open), got, err, c.want)
		}
	}
	for node, want := range map[string]bool{"a": false, "b": true, "c": false} {
		if alive, err := s.Alive(ctx, node, now.Add(time.Microsecond)); err != nil || alive != want {
			t.Errorf("Alive(%s) = %v, %v, want %v", node, alive, err, want)
		}
	}
}

func pen(t *testing.T, s storage.Store) {
	r := call(t, s, "1")
	if err := s.Admit(t.Context(), r.ID, 1, "node_b", now); err != nil {
		t.Fatal(err)
	}
	if on, err := s.Call(t.Context(), r.ID); err != nil || on.Node != "node_b" {
		t.Errorf("the pen is %q's, %v, want node_b's", on.Node, err)
	}
}

func endNamesEpoch(t *testing.T, s storage.Store) {
	r := call(t, s, "1")
	if _, err := s.Raise(t.Context(), r.ID, 1, "b"); err != nil {
		t.Fatal(err)
	}
	for _, epoch := range []int{1, 3} {
		if _, _, err := s.End(t.Context(), r.ID, epoch, telephony.LineLost, now); !errors.Is(err, storage.ErrEpoch) {
			t.Errorf("End(epoch %d of a call at 2) = %v, want ErrEpoch", epoch, err)
		}
	}
	if _, first, err := s.End(t.Context(), r.ID, 2, telephony.LineLost, now); err != nil || !first {
		t.Errorf("End(its epoch) = %v, %v", first, err)
	}
	if _, first, err := s.End(t.Context(), r.ID, 1, telephony.Busy, now); err != nil || first {
		t.Errorf("End(over, at an old epoch) = %v, %v, want no error and not the first", first, err)
	}
	whole(t, s, r.ID)
}

func prepared(t *testing.T, s storage.Store) {
	ctx := t.Context()
	r := call(t, s, "1")
	for i, variables := range []string{`{"a":1}`, `{"a":2}`, ""} {
		if err := s.SetPrepared(ctx, r.ID, variables, now.Add(time.Duration(i)*time.Second)); err != nil {
			t.Fatal(err)
		}
		if on, err := s.Call(ctx, r.ID); err != nil || on.Variables != `{"a":1}` || !on.Prepared.Equal(now) {
			t.Errorf("prepared at %v with %s, %v, want what the first said", on.Prepared, on.Variables, err)
		}
	}
	r = call(t, s, "2")
	if err := s.SetPrepared(ctx, r.ID, "", now); err != nil {
		t.Fatal(err)
	}
	if on, _ := s.Call(ctx, r.ID); on.Variables != r.Variables || !on.Prepared.Equal(now) {
		t.Errorf("prepared with %s, want the call's own", on.Variables)
	}
	r = call(t, s, "3")
	if _, _, err := s.End(ctx, r.ID, 1, telephony.Busy, now); err != nil {
		t.Fatal(err)
	}
	if err := s.SetPrepared(ctx, r.ID, `{"a":1}`, now); err != nil {
		t.Errorf("SetPrepared(over) = %v", err)
	}
	if on, _ := s.Call(ctx, r.ID); !on.Prepared.IsZero() || on.Variables != r.Variables {
		t.Errorf("a call that is over was prepared: %+v", on)
	}
	if err := s.SetPrepared(ctx, "nobody", "", now); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("SetPrepared(nobody) = %v, want ErrNotFound", err)
	}
}

func refusedAtOnce(t *testing.T, s storage.Store) {
	turnDown := func(r *storage.Call) { r.Reason, r.Why = telephony.NumberUnknown, "nobody is linked" }
	r := inbound(t, s, "1", "", turnDown)
	if !r.Ended.Equal(now) || r.Reason != telephony.NumberUnknown || r.Why != "nobody is linked" || r.Last != 1 {
		t.Errorf("Create(with a reason) = %+v, want it over with one entry", r)
	}
	if again := inbound(t, s, "1", "", turnDown); again != r {
		t.Errorf("Create(again) = %+v, want %+v", again, r)
	}
	if kept := whole(t, s, r.ID); kept[0].Event != (agentcore.Ended{Reason: telephony.NumberUnknown}) {
		t.Errorf("the journal begins with %+v", kept[0])
	}
}

func toldOnce(t *testing.T, s storage.Store) {
	ctx := t.Context()
	deliveries := func(id telephony.CallID) []hooks.Delivery {
		t.Helper()
		all, err := s.(*storage.DB).Deliveries(ctx, hooks.Filter{Workspace: roster.Default, Call: id})
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	one := func(id telephony.CallID, hook int64) {
		t.Helper()
		if all := deliveries(id); len(all) != 1 || all[0].Webhook != hook || all[0].Kind != roster.PostCall || all[0].Status != hooks.Pending {
			t.Errorf("%s has deliveries %+v, want one of webhook %d that is pending", id, all, hook)
		}
	}
	r := call(t, s, "1")
	if all := deliveries(r.ID); len(all) != 0 {
		t.Errorf("%d deliveries before the end", len(all))
	}
	race(8, func(i int) error {
		if i%2 == 0 {
			return s.Append(ctx, r.ID, 1, []agentcore.Entry{end(1)})
		}
		_, _, err := s.End(ctx, r.ID, 1, telephony.CallerHangup, now)
		return err
	})
	one(r.ID, 7)
	r = call(t, s, "2")
	if err := s.Append(ctx, r.ID, 1, append(said(1, 2), end(3))); err != nil {
		t.Fatal(err)
	}
	one(r.ID, 7)
	one(inbound(t, s, "3", "", func(r *storage.Call) { r.Reason = telephony.AgentDisabled }).ID, 6)
	quiet := inbound(t, s, "4", "", func(r *storage.Call) { r.PostCall = 0 })
	if _, _, err := s.End(ctx, quiet.ID, 1, telephony.Busy, now); err != nil {
		t.Fatal(err)
	}
	if all := deliveries(quiet.ID); len(all) != 0 {
		t.Errorf("%d deliveries of a call whose agent wants none", len(all))
	}
}
