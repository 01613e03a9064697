package storetest

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/storage"
)

func agentKept(t *testing.T, s storage.Store) {
	ctx := t.Context()
	want := definition("Ann")
	a := newAgent(t, s, roster.Default, 1, want)
	if a.ID != 1 || a.UUID != uuid(1) || a.Workspace != roster.Default || a.Version != 1 || !a.Created.Equal(now) || !a.Updated.Equal(now) {
		t.Errorf("CreateAgent() = %+v, want agent 1 at version 1, made now", a)
	}
	if fresh := definition("Ann"); !reflect.DeepEqual(want, fresh) {
		t.Errorf("CreateAgent() wrote into what it was given: %+v", want)
	}
	if got, err := s.Agent(ctx, roster.Default, a.UUID); err != nil || !reflect.DeepEqual(got, a) {
		t.Errorf("Agent() = %+v, %v, want what CreateAgent returned, %+v", got, err, a)
	}
	v, err := s.Version(ctx, roster.Default, a.UUID, 1)
	if err != nil || v.Number != 1 || v.Who != who || !v.Created.Equal(now) || !reflect.DeepEqual(v.Definition, a.Definition) {
		t.Errorf("Version(1) = %+v, %v, want what was made", v, err)
	}
	for name, tool := range a.SystemTools {
		tool.ID = 0
		a.SystemTools[name] = tool
	}
	for i := range a.Tools {
		a.Tools[i].ID = 0
	}
	for i := range a.Webhooks {
		a.Webhooks[i].ID = 0
	}
	if !reflect.DeepEqual(a.Definition, want) {
		t.Errorf("but for ids, the definition is\n%s, want\n%s", asJSON(t, a.Definition), asJSON(t, want))
	}
}

func agentOfNothing(t *testing.T, s storage.Store) {
	newAgent(t, s, roster.Default, 1, roster.Definition{
		Name: "Bare", ASR: &roster.ASR{}, LLM: &roster.LLM{},
		Tools: []roster.Tool{{UUID: "t"}}, Webhooks: []roster.Webhook{{UUID: "w"}},
	})
	a, err := s.Agent(t.Context(), roster.Default, uuid(1))
	if err != nil {
		t.Fatal(err)
	}
	if a.Languages == nil || a.Variables == nil || a.SystemTools == nil || a.ASR.Keywords == nil || a.LLM.BuiltInTools == nil ||
		a.Tools[0].Config.Parameters == nil || a.Tools[0].Config.Assignments == nil || a.Webhooks[0].Config.Assignments == nil {
		t.Errorf("%s: a list is null", asJSON(t, a.Definition))
	}
	if a.Turn != nil || a.Greeting != nil {
		t.Errorf("Turn %v, Greeting %v, want neither: nobody set them", a.Turn, a.Greeting)
	}
}

func agentIDs(t *testing.T, s storage.Store) {
	newWorkspace(t, s)
	tools, webhooks := map[int64]bool{}, map[int64]bool{}
	for n, workspace := range []string{roster.Default, other, roster.Default} {
		a := newAgent(t, s, workspace, n, definition("Ann"))
		if a.ID != int64(n+1) {
			t.Errorf("agent %d has id %d", n+1, a.ID)
		}
		for _, tool := range a.SystemTools {
			tools[tool.ID] = true
		}
		for _, tool := range a.Tools {
			tools[tool.ID] = true
		}
		for _, w := range a.Webhooks {
			webhooks[w.ID] = true
		}
	}
	if len(tools) != 15 || len(webhooks) != 6 || tools[0] || webhooks[0] {
		t.Errorf("tools %v, webhooks %v, want 15 and 6 different ids, none 0", tools, webhooks)
	}
}

func agentIDsStay(t *testing.T, s storage.Store) {
	a := newAgent(t, s, roster.Default, 1, definition("Ann"))
	d := definition("Bea") // as a file says it: without ids
	slices.Reverse(d.Tools)
	d.Tools = append(d.Tools, tool("tool-3", "new"))
	b, err := s.ChangeAgent(t.Context(), roster.Default, a.UUID, 1, d, nil, who, now)
	if err != nil {
		t.Fatal(err)
	}
	if b.Tools[1].ID != a.Tools[0].ID || b.Tools[0].ID != a.Tools[1].ID || b.Tools[2].ID == 0 || b.Tools[2].ID == a.Tools[1].ID ||
		b.Webhooks[1].ID != a.Webhooks[1].ID ||
		b.SystemTools[roster.EndCall].ID != a.SystemTools[roster.EndCall].ID {
		t.Errorf("ids before: %s\nafter: %s\nwant those of the same UUIDs kept and a new one", asJSON(t, a.Definition), asJSON(t, b.Definition))
	}
}

func agentTaken(t *testing.T, s storage.Store) {
	ctx := t.Context()
	newWorkspace(t, s)
	a := newAgent(t, s, roster.Default, 1, definition("Ann"))
	for range 2 {
		for _, workspace := range []string{roster.Default, other} {
			_, err := s.CreateAgent(ctx, roster.Agent{UUID: a.UUID, Workspace: workspace, Definition: definition("Bea")}, 0, who, now)
			refused(t, "CreateAgent(a UUID in use)", err, roster.ErrTaken)
		}
		_ = s.DeleteAgent(ctx, roster.Default, a.UUID, who, now) // the second time it is gone
	}
	_, err := s.CreateAgent(ctx, roster.Agent{UUID: uuid(2), Workspace: "ws_nobody", Definition: definition("Bea")}, 0, who, now)
	refused(t, "CreateAgent(no workspace)", err, roster.ErrNotFound)
	_, err = s.CreateAgent(ctx, roster.Agent{UUID: uuid(2), Workspace: other, Definition: roster.Definition{
		SystemTools: map[string]roster.SystemTool{"x": {Parameters: json.RawMessage(`{`)}},
	}}, 0, who, now)
	if err == nil {
		t.Error("CreateAgent(broken JSON) succeeded")
	}
	newAgent(t, s, roster.Default, 3, definition("Ann")) // the name is free
	newAgent(t, s, roster.Default, 4, definition("Ann")) // and need not be
}

func agentList(t *testing.T, s storage.Store) {
	ctx := t.Context()
	newWorkspace(t, s)
	ann, bea := newAgent(t, s, roster.Default, 1, definition("Ann")), newAgent(t, s, roster.Default, 2, definition("Bea"))
	newAgent(t, s, other, 3, definition("Ann"))
	n := newNumber(t, s, roster.Default, "+15550101")
	if _, err := s.LinkNumber(ctx, roster.Default, n.ID, bea.UUID, who, now); err != nil {
		t.Fatal(err)
	}
	for claim, c := range map[string]struct {
		filter roster.AgentFilter
		want   []roster.Agent
	}{
		"all":             {roster.AgentFilter{}, []roster.Agent{ann, bea}},
		"by name":         {roster.AgentFilter{Name: "Ann"}, []roster.Agent{ann}},
		"by no name":      {roster.AgentFilter{Name: "ann"}, nil},
		"by number":       {roster.AgentFilter{Number: "+15550101"}, []roster.Agent{bea}},
		"by no number":    {roster.AgentFilter{Number: "+15550102"}, nil},
		"by both":         {roster.AgentFilter{Name: "Bea", Number: "+15550101"}, []roster.Agent{bea}},
		"by both, apart":  {roster.AgentFilter{Name: "Ann", Number: "+15550101"}, nil},
		"by odd patterns": {roster.AgentFilter{Name: "%"}, nil},
	} {
		got, err := s.ListAgents(ctx, roster.Default, c.filter)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("ListAgents(%s) = %s, %v, want %s", claim, asJSON(t, got), err, asJSON(t, c.want))
		}
	}
}

func agentDeleted(t *testing.T, s storage.Store) {
	ctx := t.Context()
	a, n := newAgent(t, s, roster.Default, 1, definition("Ann")), newNumber(t, s, roster.Default, "+15550101")
	if _, err := s.LinkNumber(ctx, roster.Default, n.ID, a.UUID, who, now); err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteAgent(ctx, roster.Default, a.UUID, who, later(1)); err != nil {
		t.Fatalf("DeleteAgent() = %v", err)
	}
	_, find := s.Agent(ctx, roster.Default, a.UUID)
	_, change := s.ChangeAgent(ctx, roster.Default, a.UUID, 1, definition("Bea"), nil, who, now)
	_, versions := s.Versions(ctx, roster.Default, a.UUID, 0, 0)
	_, link := s.LinkNumber(ctx, roster.Default, n.ID, a.UUID, who, now)
	for what, err := range map[string]error{
		"Agent": find, "ChangeAgent": change, "Versions": versions, "LinkNumber": link,
		"DeleteAgent": s.DeleteAgent(ctx, roster.Default, a.UUID, who, now),
	} {
		refused(t, what+"(deleted)", err, roster.ErrNotFound)
	}
	if all, err := s.ListAgents(ctx, roster.Default, roster.AgentFilter{}); err != nil || len(all) != 0 {
		t.Errorf("ListAgents() = %v, %v, want none", all, err)
	}
	if v, err := s.Version(ctx, roster.Default, a.UUID, 1); err != nil || v.Name != "Ann" {
		t.Errorf("Version(of a deleted agent) = %+v, %v, want it for the calls that ran it", v, err)
	}
	if n, a, err := s.NumberOf(ctx, "+15550101"); err != nil || n.AgentUUID != "" || a.UUID != "" || !n.Updated.Equal(later(1)) {
		t.Errorf("NumberOf() = %+v, %+v, %v, want its number let go", n, a, err)
	}
}

func agentOddText(t *testing.T, s storage.Store) {
	d := definition("Odd\x00\xff '; DROP TABLE agents; --")
	d.Greeting = ptr("a\x00b\xff")
	d.Tools[0].Config.Request.Body = json.RawMessage("{\"a\":\"\xff\"}")
	a := newAgent(t, s, roster.Default, 1, d)
	got, err := s.Agent(t.Context(), roster.Default, a.UUID)
	if err != nil || !reflect.DeepEqual(got, a) {
		t.Errorf("Agent() = %s, %v, want what CreateAgent returned, %s", asJSON(t, got), err, asJSON(t, a))
	}
	if got.Greeting == nil || *got.Greeting != "a\x00b\uFFFD" {
		t.Errorf("greeting %q", *got.Greeting)
	}
	if all, err := s.ListAgents(t.Context(), roster.Default, roster.AgentFilter{Name: d.Name}); err != nil || len(all) != 1 {
		t.Errorf("ListAgents(name as it was given) = %v, %v, want the agent", all, err)
	}
}
