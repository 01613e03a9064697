package storetest

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/storage"
)

func init() {
	suite("keys of providers",
		check{"a key comes back as it was set last", providerKeyKept},
		check{"a key that is removed is gone, once", providerKeyRemoved},
		check{"a key belongs to its workspace", providerKeyIsolated},
		check{"of 16 who set one key at once there is one key", providerKeyRace},
		check{"the audit says who set and removed one, and not which", providerKeyAudited},
	)
}

// providerKey sets a workspace's key.
func providerKey(t testing.TB, s storage.Store, workspace, provider, sealed string, minute int) roster.ProviderKey {
	t.Helper()
	k := roster.ProviderKey{Workspace: workspace, Provider: provider, Key: roster.Secret(sealed), Who: who, Updated: later(minute)}
	if err := s.SetProviderKey(t.Context(), k); err != nil {
		t.Fatalf("SetProviderKey(%s) = %v", provider, err)
	}
	return k
}

func providerKeyKept(t *testing.T, s storage.Store) {
	ctx := t.Context()
	resemble := providerKey(t, s, roster.Default, "resemble", "sealed-1", 0)
	providerKey(t, s, roster.Default, "deepgram", "sealed-2", 1)
	deepgram := providerKey(t, s, roster.Default, "deepgram", "sealed-3", 2)
	for _, want := range []roster.ProviderKey{resemble, deepgram} {
		if got, err := s.ProviderKey(ctx, roster.Default, want.Provider); err != nil || got != want {
			t.Errorf("ProviderKey(%s) = %+v, %v, want %+v", want.Provider, got, err, want)
		}
	}
	if got, err := s.ListProviderKeys(ctx, roster.Default); err != nil || !reflect.DeepEqual(got, []roster.ProviderKey{deepgram, resemble}) {
		t.Errorf("ListProviderKeys() = %+v, %v, want both by provider", got, err)
	}
	_, err := s.ProviderKey(ctx, roster.Default, "nobody")
	refused(t, "ProviderKey(nobody)", err, roster.ErrNotFound)
	err = s.SetProviderKey(ctx, roster.ProviderKey{Workspace: "ws_nobody", Provider: "deepgram", Updated: now})
	refused(t, "SetProviderKey(no workspace)", err, roster.ErrNotFound)
}

func providerKeyRemoved(t *testing.T, s storage.Store) {
	ctx := t.Context()
	providerKey(t, s, roster.Default, "deepgram", "sealed-1", 0)
	other := providerKey(t, s, roster.Default, "openai", "sealed-2", 0)
	if err := s.RemoveProviderKey(ctx, roster.Default, "deepgram", who, now); err != nil {
		t.Fatalf("RemoveProviderKey() = %v", err)
	}
	_, err := s.ProviderKey(ctx, roster.Default, "deepgram")
	refused(t, "ProviderKey(removed)", err, roster.ErrNotFound)
	refused(t, "RemoveProviderKey(again)", s.RemoveProviderKey(ctx, roster.Default, "deepgram", who, now), roster.ErrNotFound)
	if got, err := s.ListProviderKeys(ctx, roster.Default); err != nil || !reflect.DeepEqual(got, []roster.ProviderKey{other}) {
		t.Errorf("ListProviderKeys() = %+v, %v, want the other", got, err)
	}
	again := providerKey(t, s, roster.Default, "deepgram", "sealed-3", 3)
	if got, err := s.ProviderKey(ctx, roster.Default, "deepgram"); err != nil || got != again {
		t.Errorf("ProviderKey(set again) = %+v, %v, want %+v", got, err, again)
	}
}

func providerKeyIsolated(t *testing.T, s storage.Store) {
	ctx := t.Context()
	newWorkspace(t, s)
	ours := providerKey(t, s, roster.Default, "deepgram", "sealed-ours", 0)
	_, err := s.ProviderKey(ctx, other, "deepgram")
	refused(t, "ProviderKey(of another workspace)", err, roster.ErrNotFound)
	refused(t, "RemoveProviderKey(of another workspace)", s.RemoveProviderKey(ctx, other, "deepgram", who, now), roster.ErrNotFound)
	if all, err := s.ListProviderKeys(ctx, other); err != nil || len(all) != 0 {
		t.Errorf("ListProviderKeys() = %+v, %v, want none", all, err)
	}
	theirs := providerKey(t, s, other, "deepgram", "sealed-theirs", 1)
	for _, want := range []roster.ProviderKey{ours, theirs} {
		if got, err := s.ProviderKey(ctx, want.Workspace, "deepgram"); err != nil || got != want {
			t.Errorf("ProviderKey(%s) = %+v, %v, want its own", want.Workspace, got, err)
		}
	}
	if told := lines(t, s, roster.Default); len(told) != 1 {
		t.Errorf("our audit says %q, want our own change only", told)
	}
}

func providerKeyRace(t *testing.T, s storage.Store) {
	for i, err := range race(16, func(i int) error {
		return s.SetProviderKey(t.Context(), roster.ProviderKey{Workspace: roster.Default, Provider: "deepgram", Key: roster.Secret(fmt.Sprint("sealed-", i)), Who: who, Updated: later(i)})
	}) {
		if err != nil {
			t.Errorf("SetProviderKey(%d) = %v", i, err)
		}
	}
	all, err := s.ListProviderKeys(t.Context(), roster.Default)
	if err != nil || len(all) != 1 || string(all[0].Key) != fmt.Sprint("sealed-", all[0].Updated.Sub(now).Minutes()) {
		t.Errorf("ListProviderKeys() = %+v, %v, want one, whole", all, err)
	}
	if told := lines(t, s, roster.Default); len(told) != 16 {
		t.Errorf("the audit has %d lines, want one for each", len(told))
	}
}

func providerKeyAudited(t *testing.T, s storage.Store) {
	providerKey(t, s, roster.Default, "deepgram", "sealed-1", 0)
	providerKey(t, s, roster.Default, "deepgram", "sealed-2", 1)
	if err := s.RemoveProviderKey(t.Context(), roster.Default, "deepgram", "cli:bob", later(2)); err != nil {
		t.Fatal(err)
	}
	got := lines(t, s, roster.Default)
	want := []string{`key:key_1 provider_key.set deepgram`, `key:key_1 provider_key.set deepgram: replaced`, `cli:bob provider_key.remove deepgram`}
	if !reflect.DeepEqual(got, want) || strings.Contains(strings.Join(got, ""), "sealed") {
		t.Errorf("the audit says %q, want %q", got, want)
	}
}
