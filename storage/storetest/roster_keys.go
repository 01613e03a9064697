package storetest

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/storage"
)

func defaultWorkspace(t *testing.T, s storage.Store) {
	w, err := s.Workspace(t.Context(), roster.Default)
	if err != nil || w.ID != roster.Default || w.Name != "default" {
		t.Errorf("Workspace(default) = %+v, %v", w, err)
	}
	if all, err := s.ListWorkspaces(t.Context()); err != nil || len(all) != 1 || all[0] != w {
		t.Errorf("ListWorkspaces() = %+v, %v, want the default one", all, err)
	}
}

func workspaceTaken(t *testing.T, s storage.Store) {
	ctx := t.Context()
	w := roster.Workspace{ID: other, Name: "Other", Created: now}
	oneWins(t, race(8, func(int) error { return s.CreateWorkspace(ctx, w) }), roster.ErrTaken)
	refused(t, "CreateWorkspace(default)", s.CreateWorkspace(ctx, roster.Workspace{ID: roster.Default, Created: now}), roster.ErrTaken)
	if got, err := s.Workspace(ctx, other); err != nil || got != w {
		t.Errorf("Workspace() = %+v, %v, want %+v", got, err, w)
	}
	if all, err := s.ListWorkspaces(ctx); err != nil || len(all) != 2 || all[1] != w {
		t.Errorf("ListWorkspaces() = %+v, %v, want both, the oldest first", all, err)
	}
	_, err := s.Workspace(ctx, "ws_nobody")
	refused(t, "Workspace(nobody)", err, roster.ErrNotFound)
}

func keyKept(t *testing.T, s storage.Store) {
	ctx := t.Context()
	newWorkspace(t, s)
	first, second := newKey(t, s, roster.Default, "key_1"), newKey(t, s, roster.Default, "key_2")
	newKey(t, s, other, "key_3")
	if got, err := s.KeyByHash(ctx, first.Hash); err != nil || !reflect.DeepEqual(got, first) {
		t.Errorf("KeyByHash() = %+v, %v, want %+v", got, err, first)
	}
	if got, err := s.ListKeys(ctx, roster.Default); err != nil || !reflect.DeepEqual(got, []roster.Key{first, second}) {
		t.Errorf("ListKeys() = %+v, %v, want both of the workspace, the oldest first", got, err)
	}
	_, err := s.KeyByHash(ctx, "no hash")
	refused(t, "KeyByHash(nobody's)", err, roster.ErrNotFound)
	refused(t, "CreateKey(no workspace)", s.CreateKey(ctx, roster.Key{ID: "key_4", Workspace: "ws_nobody", Hash: "h", Created: now}, who), roster.ErrNotFound)
}

func keyTaken(t *testing.T, s storage.Store) {
	newWorkspace(t, s)
	oneWins(t, race(16, func(i int) error {
		return s.CreateKey(t.Context(), roster.Key{
			ID: "key_" + uuid(i), Workspace: []string{roster.Default, other}[i%2], Hash: "one hash", Created: now,
		}, who)
	}), roster.ErrTaken)
	k := newKey(t, s, roster.Default, "key_1")
	k.Hash = "another hash"
	refused(t, "CreateKey(an id in use)", s.CreateKey(t.Context(), k, who), roster.ErrTaken)
}

func keyUsed(t *testing.T, s storage.Store) {
	ctx := t.Context()
	k := newKey(t, s, roster.Default, "key_1")
	if !k.Used.IsZero() {
		t.Errorf("a new key was used at %v", k.Used)
	}
	minute := now.Truncate(time.Minute)
	for _, step := range []struct{ at, want time.Time }{
		{now, minute},
		{now.Add(time.Second), minute},
		{later(3), minute.Add(3 * time.Minute)},
		{now, minute.Add(3 * time.Minute)}, // a slow clock takes nothing back
	} {
		if err := s.UseKey(ctx, k.ID, step.at); err != nil {
			t.Fatalf("UseKey(%v) = %v", step.at, err)
		}
		if got, err := s.KeyByHash(ctx, k.Hash); err != nil || !got.Used.Equal(step.want) {
			t.Errorf("used at %v, %v, after a use at %v, want %v", got.Used, err, step.at, step.want)
		}
	}
	refused(t, "UseKey(nobody's)", s.UseKey(ctx, "key_9", now), roster.ErrNotFound)
}

func keyRevoked(t *testing.T, s storage.Store) {
	ctx := t.Context()
	k := newKey(t, s, roster.Default, "key_1")
	for _, at := range []time.Time{now, later(1)} {
		if err := s.RevokeKey(ctx, roster.Default, k.ID, who, at); err != nil {
			t.Errorf("RevokeKey() = %v", err)
		}
	}
	got, err := s.KeyByHash(ctx, k.Hash)
	if err != nil || !got.Revoked.Equal(now) || got.May(roster.AgentsRead) {
		t.Errorf("KeyByHash() = %+v, %v, want it revoked at its first time", got, err)
	}
	refused(t, "CreateKey(a revoked hash)", s.CreateKey(ctx, roster.Key{ID: "key_2", Workspace: roster.Default, Hash: k.Hash, Created: now}, who), roster.ErrTaken)
	if err := s.RevokeKey(ctx, roster.Default, "key_9", who, now); !errors.Is(err, roster.ErrNotFound) {
		t.Errorf("RevokeKey(nobody's) = %v, want ErrNotFound", err)
	}
}
