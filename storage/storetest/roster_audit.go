package storetest

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
)

func audited(t *testing.T, s storage.Store) {
	ctx := t.Context()
	newKey(t, s, roster.Default, "key_7")
	n := newNumber(t, s, roster.Default, "+15550101")
	a, err := s.CreateAgent(ctx, roster.Agent{UUID: uuid(1), Workspace: roster.Default, Definition: definition("Ann")}, n.ID, who, now)
	if err != nil {
		t.Fatal(err)
	}
	d := definition("Bea")
	d.LLM.Temperature = 1
	_, change := s.ChangeAgent(ctx, roster.Default, a.UUID, 1, d, nil, "cli:bob", later(1))
	_, unlink := s.LinkNumber(ctx, roster.Default, n.ID, "", who, now)
	_, link := s.LinkNumber(ctx, roster.Default, n.ID, a.UUID, who, now)
	for what, err := range map[string]error{
		"change": change, "unlink": unlink, "link": link,
		"delete": s.DeleteAgent(ctx, roster.Default, a.UUID, who, now),
		"status": s.SetNumberStatus(ctx, roster.Default, n.ID, roster.NumberDeleting, who, now),
	} {
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	for _, is := range []string{"PN1", "PN1", ""} {
		if err := s.SetNumberCarrier(ctx, roster.Default, n.ID, is, "", who, now); err != nil {
			t.Fatal(err)
		}
	}
	number, key := s.DeleteNumber(ctx, roster.Default, n.ID, who, now), s.RevokeKey(ctx, roster.Default, "key_7", who, later(9))
	if number != nil || key != nil {
		t.Fatal(number, key)
	}
	// What is refused, or says nothing new, is no change.
	_, taken := s.CreateAgent(ctx, roster.Agent{UUID: uuid(1), Workspace: roster.Default}, 0, who, now)
	refused(t, "CreateAgent()", taken, roster.ErrTaken)
	refused(t, "DeleteNumber()", s.DeleteNumber(ctx, roster.Default, n.ID, who, now), roster.ErrNotFound)
	if err := s.RevokeKey(ctx, roster.Default, "key_7", who, now); err != nil {
		t.Fatal(err)
	}
	got := lines(t, s, roster.Default)
	want := []string{
		`key:key_1 key.create key_7: scopes ["agents:read","calls:write"]`,
		`key:key_1 number.create 1: provider twilio`,
		`key:key_1 agent.create ` + uuid(1) + `: version 1`,
		`key:key_1 number.link 1: agent ` + uuid(1),
		`cli:bob agent.update ` + uuid(1) + `: version 2: llm, name`,
		`key:key_1 number.unlink 1`,
		`key:key_1 number.link 1: agent ` + uuid(1),
		`key:key_1 agent.delete ` + uuid(1) + `: phone numbers let go: 1`,
		`key:key_1 number.status 1: deleting`,
		`key:key_1 number.carrier 1: set up`,
		`key:key_1 number.carrier 1: let go`,
		`key:key_1 number.delete 1`,
		`key:key_1 key.revoke key_7`,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("audit:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	newest, err := s.Changes(ctx, roster.Default, 2)
	if err != nil || len(newest) != 2 || newest[0].What != "key.revoke" || newest[1].What != "number.delete" ||
		!newest[0].At.Equal(later(9)) || newest[0].Workspace != roster.Default {
		t.Errorf("Changes(2) = %+v, %v, want the two newest, newest first", newest, err)
	}
	if none, err := s.Changes(ctx, roster.Default, 0); err != nil || len(none) != 0 {
		t.Errorf("Changes(0) = %v, %v, want none", none, err)
	}
}

func auditDiscreet(t *testing.T, s storage.Store) {
	ctx := t.Context()
	n := newNumber(t, s, roster.Default, "+15550101")
	k := newKey(t, s, roster.Default, "key_7")
	a := newAgent(t, s, roster.Default, 1, definition("Ann"))
	if _, err := s.LinkNumber(ctx, roster.Default, n.ID, a.UUID, who, now); err != nil {
		t.Fatal(err)
	}
	if err := s.SetNumberCarrier(ctx, roster.Default, n.ID, "PN1", `{"VoiceUrl":"https://user:password@old.example"}`, who, now); err != nil {
		t.Fatal(err)
	}
	d := definition("Bea")
	d.Webhooks[0].Config.Secret, d.Greeting = "sealed-anew", ptr("Hello there")
	if _, err := s.ChangeAgent(ctx, roster.Default, a.UUID, 1, d, nil, who, now); err != nil {
		t.Fatal(err)
	}
	all := strings.Join(lines(t, s, roster.Default), "\n")
	for _, secret := range []string{"5550101", "sealed", k.Hash, "Grüß", "Hello", "AC1", "PN1", "VoiceUrl", "example.com"} {
		if strings.Contains(all, secret) {
			t.Errorf("the audit says %q:\n%s", secret, all)
		}
	}
}

func isolated(t *testing.T, s storage.Store) {
	ctx := t.Context()
	newWorkspace(t, s)
	a, n, k := newAgent(t, s, roster.Default, 1, definition("Ann")), newNumber(t, s, roster.Default, "+15550101"), newKey(t, s, roster.Default, "key_7")
	mine := newAgent(t, s, other, 2, definition("Bea"))
	myNumber := newNumber(t, s, other, "+15550102")
	before := lines(t, s, roster.Default)

	_, find := s.Agent(ctx, other, a.UUID)
	_, change := s.ChangeAgent(ctx, other, a.UUID, 1, definition("Mine now"), nil, who, now)
	_, version := s.Version(ctx, other, a.UUID, 1)
	_, versions := s.Versions(ctx, other, a.UUID, 0, 0)
	_, number := s.Number(ctx, other, n.ID)
	_, linkNumber := s.LinkNumber(ctx, other, n.ID, mine.UUID, who, now)
	_, linkAgent := s.LinkNumber(ctx, other, myNumber.ID, a.UUID, who, now)
	_, unlink := s.LinkNumber(ctx, other, n.ID, "", who, now)
	_, changeLink := s.ChangeAgent(ctx, other, mine.UUID, 1, mine.Definition, &n.ID, who, now)
	_, createLink := s.CreateAgent(ctx, roster.Agent{UUID: uuid(9), Workspace: other, Definition: definition("Eve")}, n.ID, who, now)
	_, createNumber := s.CreateNumber(ctx, roster.Number{Workspace: other, Number: "+15550103", AgentUUID: a.UUID}, who, now)
	for what, err := range map[string]error{
		"Agent": find, "ChangeAgent": change, "Version": version, "Versions": versions, "Number": number,
		"LinkNumber": linkNumber, "LinkNumber(agent)": linkAgent, "LinkNumber(nobody)": unlink,
		"ChangeAgent(link)": changeLink, "CreateAgent(link)": createLink, "CreateNumber(agent)": createNumber,
		"DeleteAgent":      s.DeleteAgent(ctx, other, a.UUID, who, now),
		"SetNumberStatus":  s.SetNumberStatus(ctx, other, n.ID, roster.NumberCorrupted, who, now),
		"SetNumberCarrier": s.SetNumberCarrier(ctx, other, n.ID, "PN1", "{}", who, now),
		"DeleteNumber":     s.DeleteNumber(ctx, other, n.ID, who, now),
		"RevokeKey":        s.RevokeKey(ctx, other, k.ID, who, now),
	} {
		refused(t, what+"(of another workspace)", err, roster.ErrNotFound)
	}
	agents, err := s.ListAgents(ctx, other, roster.AgentFilter{})
	if err != nil || len(agents) != 1 || agents[0].UUID != mine.UUID {
		t.Errorf("ListAgents() = %v, %v, want the workspace's own", agents, err)
	}
	byNumber, err := s.ListAgents(ctx, other, roster.AgentFilter{Number: "+15550101"})
	if err != nil || len(byNumber) != 0 {
		t.Errorf("ListAgents(their number) = %v, %v, want none", byNumber, err)
	}
	numbers, err := s.ListNumbers(ctx, other)
	if err != nil || len(numbers) != 1 || numbers[0].ID != myNumber.ID || numbers[0].AgentUUID != "" {
		t.Errorf("ListNumbers() = %v, %v, want the workspace's own, still free", numbers, err)
	}
	if keys, err := s.ListKeys(ctx, other); err != nil || len(keys) != 0 {
		t.Errorf("ListKeys() = %v, %v, want none", keys, err)
	}
	ringing(t, s, "call_1", roster.Default, a.UUID, now)
	if got, err := s.Activities(ctx, other, []roster.Agent{a}, func(roster.Agent) time.Time { return now }); err != nil || got[a.UUID] != (roster.Activity{}) {
		t.Errorf("Activities() = %+v, %v, want nothing of another workspace's calls", got, err)
	}
	if after := lines(t, s, roster.Default); !reflect.DeepEqual(after, before) {
		t.Errorf("the audit went from %v to %v", before, after)
	}
	got, err := s.Agent(ctx, roster.Default, a.UUID)
	if err != nil || !reflect.DeepEqual(got, a) {
		t.Errorf("Agent() = %+v, %v, want it untouched", got, err)
	}
	if got, err := s.Number(ctx, roster.Default, n.ID); err != nil || !reflect.DeepEqual(got, n) {
		t.Errorf("Number() = %+v, %v, want it untouched", got, err)
	}
	if got, err := s.KeyByHash(ctx, k.Hash); err != nil || !reflect.DeepEqual(got, k) {
		t.Errorf("KeyByHash() = %+v, %v, want it untouched", got, err)
	}
}

// ringing creates a call of an agent.
func ringing(t testing.TB, s storage.Store, id telephony.CallID, workspace, agent string, at time.Time) {
	t.Helper()
	_, _, err := s.Create(t.Context(), storage.Call{
		ID: id, Direction: telephony.Inbound, Workspace: workspace, AgentUUID: agent, Created: at,
	})
	if err != nil {
		t.Fatalf("Create() = %v", err)
	}
}

func activities(t *testing.T, s storage.Store) {
	ctx := t.Context()
	var agents []roster.Agent
	for i := range 4 {
		agents = append(agents, newAgent(t, s, roster.Default, i, definition(fmt.Sprint(i))))
	}
	// Two days begin at other times: that of agent 1 an hour later.
	since := func(a roster.Agent) time.Time {
		if a.Name == "1" {
			return later(0)
		}
		return later(-60)
	}
	for i, at := range []time.Time{later(-90), later(-60), later(-30), later(30)} {
		for _, agent := range []int{0, 1} {
			ringing(t, s, telephony.CallID(fmt.Sprintf("call_%d_%d", agent, i)), roster.Default, uuid(agent), at)
		}
	}
	ringing(t, s, "call_old", roster.Default, uuid(2), later(-500))
	for _, id := range []telephony.CallID{"call_0_3", "call_0_2", "call_old"} {
		if _, _, err := s.End(ctx, id, 1, telephony.Busy, later(40)); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]roster.Activity{
		uuid(0): {Last: later(30), Today: 3, Live: 2},
		uuid(1): {Last: later(30), Today: 1, Live: 4},
		uuid(2): {Last: later(-500)},
		uuid(3): {},
	}
	got, err := s.Activities(ctx, roster.Default, agents, since)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Activities() = %+v, %v, want %+v", got, err, want)
	}
	one, err := s.Activities(ctx, roster.Default, agents[1:2], since)
	if err != nil || !reflect.DeepEqual(one, map[string]roster.Activity{uuid(1): want[uuid(1)]}) {
		t.Errorf("Activities(one) = %+v, %v, want that one", one, err)
	}
	if none, err := s.Activities(ctx, roster.Default, nil, since); err != nil || len(none) != 0 {
		t.Errorf("Activities(none) = %+v, %v, want none", none, err)
	}
	var many []roster.Agent // more than one query tells of
	for i := range 1203 {
		many = append(many, roster.Agent{UUID: uuid(i), Workspace: roster.Default, Definition: roster.Definition{Name: fmt.Sprint(i)}})
	}
	all, err := s.Activities(ctx, roster.Default, many, since)
	if err != nil || len(all) != 1203 || all[uuid(1)] != want[uuid(1)] || all[uuid(1202)] != (roster.Activity{}) {
		t.Errorf("Activities(1203) = %d, %v, want all of them", len(all), err)
	}
}
