package storetest

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/storage"
)

func init() {
	suite("key pairs",
		check{"a pair is kept sealed, and opens as what was shown", pairKept},
		check{"a pair belongs to its workspace", pairIsolated},
		check{"a pair that is revoked stays so", pairRevoked},
		check{"the use of a pair is noted to the minute", pairUsed},
		check{"of 60 who make one at once as many get one as there may be", pairsBounded},
		check{"the audit says who made and revoked one, and no secret", pairAudited},
	)
}

// pair keeps a pair of a workspace, made that many minutes later.
func pair(t testing.TB, s storage.Store, workspace, key string, minute int) roster.Pair {
	t.Helper()
	p := roster.Pair{Key: key, Workspace: workspace, Name: "for " + key, Secret: "sealed-" + roster.Secret(key), Created: later(minute)}
	if err := s.CreatePair(t.Context(), p, who); err != nil {
		t.Fatalf("CreatePair(%s) = %v", key, err)
	}
	return p
}

func pairKept(t *testing.T, s storage.Store) {
	ring := keys(t, newest)
	p, secret, err := roster.IssuePair(t.Context(), s, ring, roster.Default, " dispatcher ", who, now)
	if err != nil {
		t.Fatalf("IssuePair() = %v", err)
	}
	got, err := s.Pair(t.Context(), p.Key)
	if err != nil || got != p || got.Name != "dispatcher" || !strings.HasPrefix(p.Key, roster.PairPrefix) || len(p.Key) != 15 {
		t.Errorf("Pair() = %+v, %v, want %+v", got, err, p)
	}
	plain, err := ring.Open(got.Secret)
	if err != nil || plain != secret || len(secret) != 43 || strings.Contains(string(got.Secret), secret) {
		t.Errorf("the secret (%d characters) opens as another, or was kept as it is: %v", len(secret), err)
	}
	refused(t, "CreatePair(a key in use)", s.CreatePair(t.Context(), p, who), roster.ErrTaken)
	for _, name := range []string{"", " ", strings.Repeat("x", roster.MaxKeyName+1)} {
		var wrong roster.KeyError
		if _, _, err := roster.IssuePair(t.Context(), s, ring, roster.Default, name, who, now); !errors.As(err, &wrong) || wrong.Field != "name" {
			t.Errorf("IssuePair(a name of %d) = %v, want a KeyError", len(name), err)
		}
	}
}

func pairIsolated(t *testing.T, s storage.Store) {
	ctx := t.Context()
	newWorkspace(t, s)
	second := pair(t, s, roster.Default, "API2", 2)
	first := pair(t, s, roster.Default, "API1", 1)
	theirs := pair(t, s, other, "API3", 1)
	first.Secret, second.Secret = "", ""
	if all, err := s.ListPairs(ctx, roster.Default); err != nil || !reflect.DeepEqual(all, []roster.Pair{first, second}) {
		t.Errorf("ListPairs() = %+v, %v, want ours, oldest first, without secrets", all, err)
	}
	refused(t, "RevokePair(of another workspace)", s.RevokePair(ctx, roster.Default, theirs.Key, who, now), roster.ErrNotFound)
	if got, err := s.Pair(ctx, theirs.Key); err != nil || got != theirs {
		t.Errorf("Pair() = %+v, %v, want it good, whichever workspace it is of", got, err)
	}
	_, err := s.Pair(ctx, "APInobody")
	refused(t, "Pair(nobody)", err, roster.ErrNotFound)
	refused(t, "CreatePair(no workspace)", s.CreatePair(ctx, roster.Pair{Key: "API9", Workspace: "ws_nobody", Created: now}, who), roster.ErrNotFound)
}

func pairRevoked(t *testing.T, s storage.Store) {
	p := pair(t, s, roster.Default, "API1", 0)
	for i := 1; i < 3; i++ {
		if err := s.RevokePair(t.Context(), roster.Default, p.Key, who, later(i)); err != nil {
			t.Fatalf("RevokePair() = %v", err)
		}
	}
	if got, err := s.Pair(t.Context(), p.Key); err != nil || !got.Revoked.Equal(later(1)) || got.Secret != p.Secret {
		t.Errorf("Pair() = %+v, %v, want it revoked when it was first", got, err)
	}
}

func pairUsed(t *testing.T, s storage.Store) {
	p := pair(t, s, roster.Default, "API1", 0)
	for _, at := range []time.Time{now, later(2), now} { // the last comes late
		if err := s.UsedPair(t.Context(), p.Key, at); err != nil {
			t.Fatalf("UsedPair() = %v", err)
		}
	}
	if got, err := s.Pair(t.Context(), p.Key); err != nil || !got.Used.Equal(later(2).Truncate(time.Minute)) {
		t.Errorf("used %v, %v, want %v", got.Used, err, later(2).Truncate(time.Minute))
	}
}

func pairsBounded(t *testing.T, s storage.Store) {
	made := 0
	for i, err := range race(60, func(i int) error {
		return s.CreatePair(t.Context(), roster.Pair{Key: fmt.Sprint("API", i), Workspace: roster.Default, Created: now}, who)
	}) {
		switch {
		case err == nil:
			made++
		case !errors.Is(err, roster.ErrTooMany):
			t.Errorf("CreatePair(%d) = %v, want ErrTooMany", i, err)
		}
	}
	if made != roster.MaxPairs {
		t.Errorf("%d pairs were made, want %d", made, roster.MaxPairs)
	}
	all, err := s.ListPairs(t.Context(), roster.Default)
	if err != nil || len(all) != roster.MaxPairs {
		t.Fatalf("ListPairs() has %d, %v", len(all), err)
	}
	if err := s.RevokePair(t.Context(), roster.Default, all[0].Key, who, now); err != nil {
		t.Fatal(err)
	}
	pair(t, s, roster.Default, "APInext", 1) // in the place of the one that is revoked
}

func pairAudited(t *testing.T, s storage.Store) {
	p := pair(t, s, roster.Default, "API1", 0)
	for range 2 {
		if err := s.RevokePair(t.Context(), roster.Default, p.Key, "cli:bob", now); err != nil {
			t.Fatal(err)
		}
	}
	got := lines(t, s, roster.Default)
	want := []string{"key:key_1 key_pair.create API1", "cli:bob key_pair.revoke API1"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the audit says %q, want %q", got, want)
	}
}
