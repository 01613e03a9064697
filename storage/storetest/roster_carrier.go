package storetest

import (
	"reflect"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/storage"
)

func numberAtCarrier(t *testing.T, s storage.Store) {
	ctx := t.Context()
	a := newAgent(t, s, roster.Default, 1, definition("Ann"))
	want := newNumber(t, s, roster.Default, "+15550101")
	if _, err := s.LinkNumber(ctx, roster.Default, want.ID, a.UUID, who, now); err != nil {
		t.Fatal(err)
	}
	want.AgentUUID, want.AgentName = a.UUID, a.Name
	const was = `{"VoiceUrl":"https://old.example/\"quoted\"","VoiceMethod":"GET"}`
	for i, step := range []struct{ id, was string }{
		{"PN1", was},
		{"PN1", was}, // told twice
		{"PN1", `{}`},
		{"PN2", `{}`},
		{"", ""},
		{"", ""},
	} {
		if want.CarrierID != step.id || want.CarrierWas != step.was {
			want.Updated = later(i)
		}
		want.CarrierID, want.CarrierWas = step.id, step.was
		if err := s.SetNumberCarrier(ctx, roster.Default, want.ID, step.id, step.was, who, later(i)); err != nil {
			t.Fatalf("step %d: SetNumberCarrier() = %v", i, err)
		}
		if got, err := s.Number(ctx, roster.Default, want.ID); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("step %d: Number() = %+v, %v, want %+v", i, got, err, want)
		}
	}
	refused(t, "SetNumberCarrier(unknown)", s.SetNumberCarrier(ctx, roster.Default, 99, "PN1", "", who, now), roster.ErrNotFound)
	// A link, or a status, leaves it as it is.
	if err := s.SetNumberCarrier(ctx, roster.Default, want.ID, "PN1", was, who, now); err != nil {
		t.Fatal(err)
	}
	if _, err := s.LinkNumber(ctx, roster.Default, want.ID, "", who, now); err != nil {
		t.Fatal(err)
	}
	if err := s.SetNumberStatus(ctx, roster.Default, want.ID, roster.NumberDeleting, who, now); err != nil {
		t.Fatal(err)
	}
	if got, _, err := s.NumberOf(ctx, "+15550101"); err != nil || got.CarrierID != "PN1" || got.CarrierWas != was || got.Token != want.Token {
		t.Errorf("NumberOf() = %+v, %v, want it set up still", got, err)
	}
	if n, err := s.CreateNumber(ctx, roster.Number{Workspace: roster.Default, Number: "+15550102", CarrierID: "PN2", CarrierWas: "{}"}, who, now); err != nil || n.CarrierID != "" || n.CarrierWas != "" {
		t.Errorf("CreateNumber() = %+v, %v, want nothing proved", n, err)
	}
}

// Anybody may add a number with somebody else's account, but not prove it.
func numbersOfAccount(t *testing.T, s storage.Store) {
	ctx := t.Context()
	newWorkspace(t, s)
	theirs, ours := newNumber(t, s, other, "+15550101"), newNumber(t, s, roster.Default, "+15550102")
	newNumber(t, s, roster.Default, "+15550103") // says that it is AC1's, too
	elsewhere, err := s.CreateNumber(ctx, roster.Number{Workspace: roster.Default, Number: "+15550104", Account: "AC2"}, who, now)
	if err != nil {
		t.Fatal(err)
	}
	list := func(account string, want ...roster.Number) {
		t.Helper()
		var proved []roster.Number
		for _, n := range want {
			n, err := s.Number(ctx, n.Workspace, n.ID)
			if err != nil {
				t.Fatal(err)
			}
			proved = append(proved, n)
		}
		if got, err := s.NumbersOfAccount(ctx, account); err != nil || !reflect.DeepEqual(got, proved) {
			t.Errorf("NumbersOfAccount(%q) = %+v, %v, want %+v", account, got, err, proved)
		}
	}
	list("AC1")
	for _, n := range []roster.Number{elsewhere, ours, theirs} {
		if err := s.SetNumberCarrier(ctx, n.Workspace, n.ID, "PN"+n.Number, "{}", who, now); err != nil {
			t.Fatal(err)
		}
	}
	list("AC1", theirs, ours)
	list("AC2", elsewhere)
	list("")
	list("AC404")
	if err := s.SetNumberCarrier(ctx, roster.Default, ours.ID, "", "", who, now); err != nil {
		t.Fatal(err)
	}
	list("AC1", theirs)
	if err := s.DeleteNumber(ctx, other, theirs.ID, who, now); err != nil {
		t.Fatal(err)
	}
	list("AC1")
}
