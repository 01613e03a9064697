package storetest

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
)

func init() {
	suite("whom a workspace may call",
		check{"a dialing policy comes back as it was set last", dialingKept},
		check{"a dialing policy belongs to its workspace", dialingIsolated},
		check{"of 16 changes of one dialing policy one wins", dialingRace},
		check{"the audit says what changed of it, and names no host", dialingAudited},
		check{"what a workspace placed is listed, transfers too", placedListed},
	)
}

// dialing is a policy in which every field is set.
func dialing() roster.Dialing {
	return roster.Dialing{Regions: []string{"US", "GB"}, MaxPerNumberHour: 1, MaxPerNumberDay: 2, MaxPerHour: 3, MaxConcurrentPrefix: 4,
		NewForeignPerHour: 5, MinutesPerNumberDay: 6, SIPHosts: []string{"pbx.example.com"},
		CallingHours: []roster.Window{{Days: []string{"mon", "tue"}, From: "09:00", To: "17:00"}}, CallingZone: "Europe/Berlin",
		HoursBinding: true, RequireConsent: true, MaxConcurrent: 7}
}

func dialingKept(t *testing.T, s storage.Store) {
	ctx := t.Context()
	if got, updated, err := s.Dialing(ctx, roster.Default); err != nil || !got.Equal(roster.Dialing{}) || !updated.IsZero() {
		t.Errorf("Dialing() = %+v, %v, %v, want none", got, updated, err)
	}
	first, second := roster.Dialing{Regions: []string{"DE"}}, dialing()
	if err := s.SetDialing(ctx, roster.Default, roster.Dialing{}, first, who, now); err != nil {
		t.Fatal(err)
	}
	if err := s.SetDialing(ctx, roster.Default, first, second, who, later(1)); err != nil {
		t.Fatal(err)
	}
	if got, updated, err := s.Dialing(ctx, roster.Default); err != nil || !reflect.DeepEqual(got, second) || !updated.Equal(later(1)) {
		t.Errorf("Dialing() = %+v, %v, %v, want %+v", got, updated, err, second)
	}
	refused(t, "SetDialing(over another)", s.SetDialing(ctx, roster.Default, first, first, who, now), roster.ErrConflict)
	if err := s.SetDialing(ctx, roster.Default, second, second, who, later(2)); err != nil {
		t.Errorf("SetDialing(the same) = %v", err)
	}
	if _, updated, err := s.Dialing(ctx, roster.Default); err != nil || !updated.Equal(later(1)) {
		t.Errorf("what says nothing new was changed at %v, %v", updated, err)
	}
	refused(t, "SetDialing(no workspace)", s.SetDialing(ctx, "ws_nobody", roster.Dialing{}, first, who, now), roster.ErrNotFound)
}

func dialingIsolated(t *testing.T, s storage.Store) {
	newWorkspace(t, s)
	if err := s.SetDialing(t.Context(), other, roster.Dialing{}, dialing(), who, now); err != nil {
		t.Fatal(err)
	}
	if got, _, err := s.Dialing(t.Context(), roster.Default); err != nil || !got.Equal(roster.Dialing{}) {
		t.Errorf("Dialing() = %+v, %v, want none", got, err)
	}
	if told := lines(t, s, roster.Default); len(told) != 0 {
		t.Errorf("our audit says %q", told)
	}
}

func dialingRace(t *testing.T, s storage.Store) {
	won := 0
	for _, err := range race(16, func(i int) error {
		return s.SetDialing(t.Context(), roster.Default, roster.Dialing{}, roster.Dialing{MaxPerHour: i + 1}, who, later(i))
	}) {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, roster.ErrConflict):
			t.Errorf("SetDialing() = %v", err)
		}
	}
	if told := lines(t, s, roster.Default); won != 1 || len(told) != 1 {
		t.Errorf("%d won, the audit says %q", won, told)
	}
}

func dialingAudited(t *testing.T, s storage.Store) {
	before := roster.Dialing{}
	for i, d := range []roster.Dialing{dialing(), {Regions: []string{"US", "GB"}, MaxPerHour: 30}} {
		if err := s.SetDialing(t.Context(), roster.Default, before, d, "cli:bob", later(i)); err != nil {
			t.Fatal(err)
		}
		before = d
	}
	got := lines(t, s, roster.Default)
	want := []string{
		`cli:bob dialing.update default: regions US,GB, max_per_number_hour 1, max_per_number_day 2, max_per_hour 3, max_concurrent_prefix 4, new_foreign_per_hour 5, minutes_per_number_day 6, max_concurrent 7, 1 calling_hours, calling_zone Europe/Berlin, hours_binding true, require_consent true, 1 sip_hosts`,
		`cli:bob dialing.update default: max_per_number_hour 0, max_per_number_day 0, max_per_hour 30, max_concurrent_prefix 0, new_foreign_per_hour 0, minutes_per_number_day 0, max_concurrent 0, 0 calling_hours, calling_zone , hours_binding false, require_consent false, 0 sip_hosts`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("the audit says %q, want %q", got, want)
	}
}

func placedListed(t *testing.T, s storage.Store) {
	ctx := t.Context()
	place := func(name string, minute int, change func(*storage.Call)) storage.Call {
		t.Helper()
		c := storage.Call{ID: telephony.CallID("call_" + name), From: "+14155550100", To: "+12125550199", Direction: telephony.Outbound,
			Agent: "demo", State: telephony.Queued, Created: later(minute), Workspace: roster.Default}
		if change != nil {
			change(&c)
		}
		c, _, err := s.Create(ctx, c)
		if err != nil {
			t.Fatalf("Create(%s) = %v", name, err)
		}
		return c
	}
	inbound := call(t, s, "in")
	place("old", -1, nil)
	place("first", 1, nil)
	place("turned_down", 2, func(c *storage.Call) { c.Reason = telephony.Refused })
	place("of_another", 2, func(c *storage.Call) { c.Workspace = other })
	place("failed", 3, func(c *storage.Call) { c.To, c.Reason = "+12125550198", telephony.Failed })
	handed := newTransfer(inbound, 1)
	handed.From = inbound.From // what the other end is shown
	if _, _, err := s.CreateTransfer(ctx, handed); err != nil {
		t.Fatal(err)
	}
	got, err := s.Placed(ctx, roster.Default, now)
	if err != nil {
		t.Fatal(err)
	}
	want := []telephony.Placed{
		{From: "+14155550100", To: "+12125550198", At: later(3), Ended: later(3)},
		{From: "+14155550100", To: "+12125550199", At: later(1)},
		{From: inbound.To, To: handed.To, Transfer: true, At: handed.Created.Truncate(time.Microsecond)},
	}
	slices.SortFunc(want, func(a, b telephony.Placed) int { return b.At.Compare(a.At) })
	if !reflect.DeepEqual(got, want) {
		t.Errorf("Placed() = %+v, want %+v", got, want)
	}
}
