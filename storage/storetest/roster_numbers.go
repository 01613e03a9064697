package storetest

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/storage"
)

func numberKept(t *testing.T, s storage.Store) {
	ctx := t.Context()
	first, second := newNumber(t, s, roster.Default, "+15550101"), newNumber(t, s, roster.Default, "+15550102")
	want := roster.Number{
		ID: 1, Workspace: roster.Default, Number: "+15550101", Label: "Line", Inbound: true, Provider: "twilio",
		Account: "AC1", Token: "sealed-token", OutTrunk: json.RawMessage(`{"address":"sip.example.com"}`), InTrunk: json.RawMessage(`{}`),
		Status: roster.NumberActive, Created: now, Updated: now,
	}
	if !reflect.DeepEqual(first, want) {
		t.Errorf("CreateNumber() = %+v, want %+v", first, want)
	}
	if got, err := s.Number(ctx, roster.Default, 1); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Number() = %+v, %v, want %+v", got, err, want)
	}
	if got, a, err := s.NumberOf(ctx, "+15550101"); err != nil || !reflect.DeepEqual(got, want) || a.UUID != "" {
		t.Errorf("NumberOf() = %+v, %+v, %v, want %+v and no agent", got, a, err, want)
	}
	if all, err := s.ListNumbers(ctx, roster.Default); err != nil || !reflect.DeepEqual(all, []roster.Number{first, second}) {
		t.Errorf("ListNumbers() = %+v, %v, want both, the oldest first", all, err)
	}
	_, _, err := s.NumberOf(ctx, "+15550199")
	refused(t, "NumberOf(unknown)", err, roster.ErrNotFound)
	_, err = s.Number(ctx, roster.Default, 99)
	refused(t, "Number(unknown)", err, roster.ErrNotFound)
	_, err = s.CreateNumber(ctx, roster.Number{Workspace: "ws_nobody", Number: "+15550103"}, who, now)
	refused(t, "CreateNumber(no workspace)", err, roster.ErrNotFound)
	if _, err := s.CreateNumber(ctx, roster.Number{Workspace: roster.Default, Number: "+15550103", InTrunk: json.RawMessage(`{`)}, who, now); err == nil {
		t.Error("CreateNumber(broken JSON) succeeded")
	}
	a := newAgent(t, s, roster.Default, 1, definition("Ann"))
	n, err := s.CreateNumber(ctx, roster.Number{Workspace: roster.Default, Number: "+15550104", Outbound: true, AgentUUID: a.UUID}, who, now)
	if err != nil || n.AgentUUID != a.UUID || n.AgentName != "Ann" || !n.Outbound || n.Inbound {
		t.Errorf("CreateNumber(with its agent) = %+v, %v", n, err)
	}
}

func numberTaken(t *testing.T, s storage.Store) {
	newWorkspace(t, s)
	newNumber(t, s, roster.Default, "+15550101")
	for _, workspace := range []string{roster.Default, other} {
		_, err := s.CreateNumber(t.Context(), roster.Number{Workspace: workspace, Number: "+15550101"}, who, now)
		refused(t, "CreateNumber(in use)", err, roster.ErrTaken)
	}
}

func numberStatus(t *testing.T, s storage.Store) {
	ctx := t.Context()
	n := newNumber(t, s, roster.Default, "+15550101")
	for range 2 {
		if err := s.SetNumberStatus(ctx, roster.Default, n.ID, roster.NumberCorrupted, who, later(1)); err != nil {
			t.Fatalf("SetNumberStatus() = %v", err)
		}
	}
	if got, err := s.Number(ctx, roster.Default, n.ID); err != nil || got.Status != roster.NumberCorrupted || !got.Updated.Equal(later(1)) {
		t.Errorf("Number() = %+v, %v, want it corrupted", got, err)
	}
	refused(t, "SetNumberStatus(unknown)", s.SetNumberStatus(ctx, roster.Default, 99, roster.NumberActive, who, now), roster.ErrNotFound)
}

func numberDeleted(t *testing.T, s storage.Store) {
	ctx := t.Context()
	a, n := newAgent(t, s, roster.Default, 1, definition("Ann")), newNumber(t, s, roster.Default, "+15550101")
	if _, err := s.LinkNumber(ctx, roster.Default, n.ID, a.UUID, who, now); err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteNumber(ctx, roster.Default, n.ID, who, now); err != nil {
		t.Fatalf("DeleteNumber() = %v", err)
	}
	refused(t, "DeleteNumber(again)", s.DeleteNumber(ctx, roster.Default, n.ID, who, now), roster.ErrNotFound)
	if again := newNumber(t, s, roster.Default, "+15550101"); again.ID == n.ID || again.AgentUUID != "" {
		t.Errorf("CreateNumber(again) = %+v, want another id and nobody to answer", again)
	}
}

func numberLinked(t *testing.T, s storage.Store) {
	ctx := t.Context()
	ann, bea := newAgent(t, s, roster.Default, 1, definition("Ann")), newAgent(t, s, roster.Default, 2, definition("Bea"))
	n := newNumber(t, s, roster.Default, "+15550101")
	for i, step := range []struct {
		agent string
		want  error
		then  roster.Agent
	}{
		{"", nil, roster.Agent{}}, // nobody answered it anyhow
		{ann.UUID, nil, ann},
		{ann.UUID, nil, ann}, // told twice
		{bea.UUID, roster.ErrTaken, ann},
		{"nobody", roster.ErrNotFound, ann},
		{"", nil, roster.Agent{}},
		{bea.UUID, nil, bea},
	} {
		got, err := s.LinkNumber(ctx, roster.Default, n.ID, step.agent, who, later(i))
		refused(t, "LinkNumber()", err, step.want)
		if err == nil && (got.ID != n.ID || got.AgentUUID != step.then.UUID || got.AgentName != step.then.Name) {
			t.Errorf("step %d: LinkNumber() = %+v, want agent %q", i, got, step.then.Name)
		}
		on, a, err := s.NumberOf(ctx, "+15550101")
		if err != nil || on.AgentUUID != step.then.UUID || !reflect.DeepEqual(a, step.then) {
			t.Errorf("step %d: NumberOf() = %+v, %+v, %v, want agent %q", i, on, a, err, step.then.Name)
		}
	}
	_, err := s.LinkNumber(ctx, roster.Default, 99, ann.UUID, who, now)
	refused(t, "LinkNumber(unknown)", err, roster.ErrNotFound)
	_, err = s.LinkNumber(ctx, roster.Default, 99, "", who, now)
	refused(t, "LinkNumber(unknown, nobody)", err, roster.ErrNotFound)
	d := definition("Bea the second")
	if _, err := s.ChangeAgent(ctx, roster.Default, bea.UUID, 1, d, nil, who, now); err != nil {
		t.Fatal(err)
	}
	if n, a, err := s.NumberOf(ctx, "+15550101"); err != nil || n.AgentName != d.Name || a.Version != 2 {
		t.Errorf("NumberOf() = %+v, version %d, %v, want the agent as it is now", n, a.Version, err)
	}
}

func agentWithNumber(t *testing.T, s storage.Store) {
	ctx := t.Context()
	newWorkspace(t, s)
	n, theirs := newNumber(t, s, roster.Default, "+15550101"), newNumber(t, s, other, "+15550102")
	ann, err := s.CreateAgent(ctx, roster.Agent{UUID: uuid(1), Workspace: roster.Default, Definition: definition("Ann")}, n.ID, who, now)
	if err != nil {
		t.Fatal(err)
	}
	if on, a, err := s.NumberOf(ctx, "+15550101"); err != nil || on.AgentName != "Ann" || !reflect.DeepEqual(a, ann) {
		t.Errorf("NumberOf() = %+v, %+v, %v, want Ann", on, a, err)
	}
	for id, want := range map[int64]error{n.ID: roster.ErrTaken, theirs.ID: roster.ErrNotFound, 99: roster.ErrNotFound} {
		_, err := s.CreateAgent(ctx, roster.Agent{UUID: uuid(2), Workspace: roster.Default, Definition: definition("Bea")}, id, who, now)
		refused(t, "CreateAgent(a number that it can't have)", err, want)
	}
	if all, err := s.ListAgents(ctx, roster.Default, roster.AgentFilter{}); err != nil || len(all) != 1 {
		t.Errorf("%d agents, %v, want 1: the refused ones weren't made", len(all), err)
	}
}

func agentChangedWithNumber(t *testing.T, s storage.Store) {
	ctx := t.Context()
	ann, bea := newAgent(t, s, roster.Default, 1, definition("Ann")), newAgent(t, s, roster.Default, 2, definition("Bea"))
	n := newNumber(t, s, roster.Default, "+15550101")
	// The link alone is a change, but no version.
	if a, err := s.ChangeAgent(ctx, roster.Default, ann.UUID, 1, ann.Definition, &n.ID, who, now); err != nil || a.Version != 1 {
		t.Errorf("ChangeAgent(link) = version %d, %v, want 1", a.Version, err)
	}
	_, err := s.ChangeAgent(ctx, roster.Default, bea.UUID, 1, definition("Cleo"), &n.ID, who, now)
	refused(t, "ChangeAgent(a linked number)", err, roster.ErrTaken)
	if got, err := s.Agent(ctx, roster.Default, bea.UUID); err != nil || got.Version != 1 || got.Name != "Bea" {
		t.Errorf("Agent() = %s at version %d, %v, want nothing changed", got.Name, got.Version, err)
	}
	for _, link := range []*int64{nil, ptr(int64(0)), &n.ID} {
		if _, err := s.ChangeAgent(ctx, roster.Default, ann.UUID, 1, ann.Definition, link, who, now); err != nil {
			t.Errorf("ChangeAgent() = %v", err)
		}
		if on, err := s.Number(ctx, roster.Default, n.ID); err != nil || on.AgentUUID != ann.UUID {
			t.Errorf("Number() = %+v, %v, want Ann's", on, err)
		}
	}
}

func linkRace(t *testing.T, s storage.Store) {
	ctx := t.Context()
	n := newNumber(t, s, roster.Default, "+15550101")
	for i := range 16 {
		newAgent(t, s, roster.Default, i, definition("Ann"))
	}
	errs := race(16, func(i int) error {
		_, err := s.LinkNumber(ctx, roster.Default, n.ID, uuid(i), who, now)
		return err
	})
	oneWins(t, errs, roster.ErrTaken)
	for i, err := range errs {
		if got, find := s.Number(ctx, roster.Default, n.ID); find != nil || err == nil && got.AgentUUID != uuid(i) {
			t.Errorf("Number() = %+v, %v, want it with its winner, agent %d", got, find, i)
		}
	}
}

func createLinkRace(t *testing.T, s storage.Store) {
	n := newNumber(t, s, roster.Default, "+15550101")
	oneWins(t, race(16, func(i int) error {
		_, err := s.CreateAgent(t.Context(), roster.Agent{UUID: uuid(i), Workspace: roster.Default, Definition: definition("Ann")}, n.ID, who, now)
		return err
	}), roster.ErrTaken)
	if all, err := s.ListAgents(t.Context(), roster.Default, roster.AgentFilter{}); err != nil || len(all) != 1 {
		t.Errorf("%d agents, %v, want 1", len(all), err)
	}
}

func numberRace(t *testing.T, s storage.Store) {
	newWorkspace(t, s)
	oneWins(t, race(16, func(i int) error {
		_, err := s.CreateNumber(t.Context(), roster.Number{Workspace: []string{roster.Default, other}[i%2], Number: "+15550101"}, who, now)
		return err
	}), roster.ErrTaken)
}

func linkAgainstDelete(t *testing.T, s storage.Store) {
	ctx := t.Context()
	n := newNumber(t, s, roster.Default, "+15550101")
	for i := range 16 {
		a := newAgent(t, s, roster.Default, i, definition("Ann"))
		errs := race(2, func(who int) error {
			if who == 0 {
				return s.DeleteAgent(ctx, roster.Default, a.UUID, "cli:bob", now)
			}
			_, err := s.LinkNumber(ctx, roster.Default, n.ID, a.UUID, "cli:bob", now)
			return err
		})
		if errs[0] != nil {
			t.Errorf("DeleteAgent() = %v", errs[0])
		}
		if errs[1] != nil {
			refused(t, "LinkNumber()", errs[1], roster.ErrNotFound)
		}
		if on, _, err := s.NumberOf(ctx, "+15550101"); err != nil || on.AgentUUID != "" {
			t.Fatalf("NumberOf() = %+v, %v, want nobody: the agent is gone", on, err)
		}
	}
}
