package storetest

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/storage"
)

func agentVersions(t *testing.T, s storage.Store) {
	ctx := t.Context()
	a := newAgent(t, s, roster.Default, 1, definition("Ann"))
	d := definition("Bea")
	d.LLM.Temperature = 0.9
	b, err := s.ChangeAgent(ctx, roster.Default, a.UUID, 1, d, nil, "cli:bob", later(1))
	if err != nil || b.Version != 2 || b.Name != "Bea" || b.ID != a.ID || !b.Created.Equal(now) || !b.Updated.Equal(later(1)) {
		t.Fatalf("ChangeAgent() = %+v, %v, want version 2", b, err)
	}
	if got, err := s.Agent(ctx, roster.Default, a.UUID); err != nil || !reflect.DeepEqual(got, b) {
		t.Errorf("Agent() = %s, %v, want %s", asJSON(t, got), err, asJSON(t, b))
	}
	_, err = s.ChangeAgent(ctx, roster.Default, a.UUID, 1, definition("Cleo"), nil, who, now)
	refused(t, "ChangeAgent(from an old version)", err, roster.ErrConflict)
	_, err = s.ChangeAgent(ctx, roster.Default, a.UUID, 3, definition("Cleo"), nil, who, now)
	refused(t, "ChangeAgent(from a version to come)", err, roster.ErrConflict)

	first, err := s.Version(ctx, roster.Default, a.UUID, 1)
	if err != nil || !reflect.DeepEqual(first.Definition, a.Definition) {
		t.Errorf("Version(1) = %+v, %v, want it as it was", first, err)
	}
	// Restore: the first one's words under a new number, with the same ids.
	c, err := s.ChangeAgent(ctx, roster.Default, a.UUID, 2, first.Definition, nil, who, later(2))
	if err != nil || c.Version != 3 || !reflect.DeepEqual(c.Definition, a.Definition) {
		t.Errorf("ChangeAgent(back) = %s, %v, want version 1 as version 3", asJSON(t, c), err)
	}
	for _, n := range []int{0, -1, 4} {
		_, err := s.Version(ctx, roster.Default, a.UUID, n)
		refused(t, "Version(that isn't there)", err, roster.ErrNotFound)
	}
}

func agentUnchanged(t *testing.T, s storage.Store) {
	ctx := t.Context()
	a := newAgent(t, s, roster.Default, 1, definition("Ann"))
	told := len(lines(t, s, roster.Default))
	withoutIDs := definition("Ann")
	touched := a.Definition
	touched.Tools = []roster.Tool{a.Tools[0], a.Tools[1]}
	touched.Tools[0].Updated = later(5).UTC()
	ordered := definition("Ann")
	ordered.Tools[0].Config.Request.Body = json.RawMessage(`{ "n": 1, "text": "{{plan}} \u003c&>" }`)
	for claim, d := range map[string]roster.Definition{
		"the same": a.Definition, "the same without ids": withoutIDs,
		"a tool's time": touched, "the order of names": ordered,
	} {
		got, err := s.ChangeAgent(ctx, roster.Default, a.UUID, 1, d, nil, who, later(1))
		if err != nil || !reflect.DeepEqual(got, a) {
			t.Errorf("ChangeAgent(%s) = %s, %v, want the agent as it was", claim, asJSON(t, got), err)
		}
	}
	if all, err := s.Versions(ctx, roster.Default, a.UUID, 0, 0); err != nil || len(all) != 1 {
		t.Errorf("%d versions, %v, want 1", len(all), err)
	}
	if after := len(lines(t, s, roster.Default)); after != told {
		t.Errorf("the audit grew from %d to %d lines", told, after)
	}
	big := definition("Ann") // beyond what a float64 tells apart
	big.SystemTools[roster.EndCall] = roster.SystemTool{Active: true, Parameters: json.RawMessage(`{"n":9007199254740993}`)}
	b, err := s.ChangeAgent(ctx, roster.Default, a.UUID, 1, big, nil, who, now)
	if err != nil || b.Version != 2 {
		t.Fatalf("ChangeAgent() = version %d, %v, want 2", b.Version, err)
	}
	big.SystemTools[roster.EndCall] = roster.SystemTool{Active: true, Parameters: json.RawMessage(`{"n":9007199254740992}`)}
	if c, err := s.ChangeAgent(ctx, roster.Default, a.UUID, 2, big, nil, who, now); err != nil || c.Version != 3 {
		t.Errorf("ChangeAgent(the last digit) = version %d, %v, want 3", c.Version, err)
	}
}

func versionPages(t *testing.T, s storage.Store) {
	ctx := t.Context()
	a := newAgent(t, s, roster.Default, 1, definition("Ann"))
	for n := 1; n < 5; n++ {
		d := definition("Ann")
		d.LLM.Temperature = float64(n)
		if _, err := s.ChangeAgent(ctx, roster.Default, a.UUID, n, d, nil, who, later(n)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		before, limit int
		want          []int
	}{
		{0, 0, []int{5, 4, 3, 2, 1}},
		{0, 2, []int{5, 4}},
		{4, 2, []int{3, 2}},
		{2, 9, []int{1}},
		{1, 9, nil},
		{99, 1, []int{5}},
	} {
		all, err := s.Versions(ctx, roster.Default, a.UUID, c.before, c.limit)
		if err != nil {
			t.Fatalf("Versions(%d, %d) = %v", c.before, c.limit, err)
		}
		var got []int
		for _, v := range all {
			got = append(got, v.Number)
			if !v.Created.Equal(later(v.Number - 1)) {
				t.Errorf("version %d made at %v", v.Number, v.Created)
			}
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("Versions(before %d, limit %d) = %v, want %v", c.before, c.limit, got, c.want)
		}
	}
}

func agentRace(t *testing.T, s storage.Store) {
	a := newAgent(t, s, roster.Default, 1, definition("Ann"))
	oneWins(t, race(16, func(i int) error {
		d := definition("Ann")
		d.LLM.Temperature = float64(i + 1)
		_, err := s.ChangeAgent(t.Context(), roster.Default, a.UUID, 1, d, nil, who, now)
		return err
	}), roster.ErrConflict)
	if all, err := s.Versions(t.Context(), roster.Default, a.UUID, 0, 0); err != nil || len(all) != 2 {
		t.Errorf("%d versions, %v, want 2", len(all), err)
	}
}

func agentUUIDRace(t *testing.T, s storage.Store) {
	oneWins(t, race(16, func(int) error {
		_, err := s.CreateAgent(t.Context(), roster.Agent{UUID: uuid(1), Workspace: roster.Default, Definition: definition("Ann")}, 0, who, now)
		return err
	}), roster.ErrTaken)
}

func agentIDRace(t *testing.T, s storage.Store) {
	made := make([]roster.Agent, 16)
	for i, err := range race(len(made), func(i int) (err error) {
		made[i], err = s.CreateAgent(t.Context(), roster.Agent{UUID: uuid(i), Workspace: roster.Default, Definition: definition("Ann")}, 0, who, now)
		return err
	}) {
		if err != nil {
			t.Errorf("CreateAgent(%d) = %v", i, err)
		}
	}
	agents, tools := map[int64]bool{}, map[int64]bool{}
	for _, a := range made {
		agents[a.ID] = true
		for _, tool := range a.Tools {
			tools[tool.ID] = true
		}
	}
	if len(agents) != 16 || len(tools) != 32 {
		t.Errorf("%d ids of agents, %d of tools, want 16 and 32", len(agents), len(tools))
	}
}
