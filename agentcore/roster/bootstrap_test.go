package roster

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

// shelf keeps keys in memory.
type shelf struct {
	keys   map[string]Key // by hash
	makers map[string]Actor
	late   bool // finds no key: another process makes it in between
}

func newShelf() *shelf { return &shelf{keys: map[string]Key{}, makers: map[string]Actor{}} }

func (s *shelf) CreateKey(_ context.Context, k Key, who Actor) error {
	if k.Workspace == "ws_nobody" {
		return ErrNotFound
	}
	if _, taken := s.keys[k.Hash]; taken {
		return ErrTaken
	}
	s.keys[k.Hash], s.makers[k.Hash] = k, who
	return nil
}

func (s *shelf) KeyByHash(_ context.Context, hash string) (Key, error) {
	k, there := s.keys[hash]
	if !there || s.late {
		return Key{}, ErrNotFound
	}
	return k, nil
}

func (s *shelf) ListKeys(context.Context, string) ([]Key, error) { return nil, nil }
func (s *shelf) UseKey(context.Context, string, time.Time) error { return nil }
func (s *shelf) RevokeKey(_ context.Context, _, id string, _ Actor, now time.Time) error {
	for hash, k := range s.keys {
		if k.ID == id {
			k.Revoked = now
			s.keys[hash] = k
		}
	}
	return nil
}

var today = time.UnixMicro(1_790_000_000_123_456)

func TestBootstrapMakesAnAdministratorOnce(t *testing.T) {
	s := newShelf()
	const secret = "my own secret 16"
	for i, want := range []bool{true, false, false} {
		if made, err := Bootstrap(t.Context(), s, secret+"\n", today); err != nil || made != want {
			t.Fatalf("start %d: Bootstrap() = %v, %v, want %v", i+1, made, err, want)
		}
	}
	k := s.keys[HashKey(secret)]
	if k.Workspace != Default || !k.May(Admin) || k.Name != "bootstrap" || k.Prefix != "my o" || !k.Created.Equal(today) || !strings.HasPrefix(k.ID, "key_") {
		t.Errorf("the key is %+v", k)
	}
	if who := s.makers[k.Hash]; who != Bootstrapper {
		t.Errorf("made by %q", who)
	}
	if err := s.RevokeKey(t.Context(), Default, k.ID, "cli:bob", today); err != nil {
		t.Fatal(err)
	}
	if made, err := Bootstrap(t.Context(), s, secret, today); made || err != nil || s.keys[k.Hash].Revoked.IsZero() {
		t.Errorf("Bootstrap(revoked) = %v, %v, want it to stay revoked", made, err)
	}
}

func TestTwoProcessesBootstrapOneKey(t *testing.T) {
	s := newShelf()
	s.late = true
	for i, want := range []bool{true, false} {
		if made, err := Bootstrap(t.Context(), s, "my own secret 16", today); err != nil || made != want {
			t.Errorf("process %d: Bootstrap() = %v, %v, want %v", i+1, made, err, want)
		}
	}
}

func TestBootstrapRefusesAShortSecret(t *testing.T) {
	s := newShelf()
	_, err := Bootstrap(t.Context(), s, "hunter2", today)
	if err == nil || !strings.Contains(err.Error(), "HOOKSWITCH_BOOTSTRAP_KEY") || !strings.Contains(err.Error(), "at least 16") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("Bootstrap(short) = %v, want what is needed, and not the secret", err)
	}
	if made, err := Bootstrap(t.Context(), s, "", today); made || err != nil || len(s.keys) != 0 {
		t.Errorf("Bootstrap(empty) = %v, %v, %d keys, want nothing done", made, err, len(s.keys))
	}
}

func TestIssue(t *testing.T) {
	s := newShelf()
	k, secret, err := Issue(t.Context(), s, "ws_1", "  CI ", []Scope{CallsRead, AgentsWrite, CallsRead}, "cli:bob", today)
	if err != nil {
		t.Fatal(err)
	}
	want := Key{
		ID: k.ID, Workspace: "ws_1", Name: "CI", Prefix: secret[:10], Hash: HashKey(secret),
		Scopes: []Scope{AgentsWrite, CallsRead}, Created: today,
	}
	if !reflect.DeepEqual(k, want) || !strings.HasPrefix(secret, KeyPrefix) {
		t.Errorf("Issue() = %+v, want %+v", k, want)
	}
	if kept, err := s.KeyByHash(t.Context(), HashKey(secret)); err != nil || !reflect.DeepEqual(kept, k) || s.makers[k.Hash] != "cli:bob" {
		t.Errorf("KeyByHash() = %+v, %v, want the key", kept, err)
	}
	other, otherSecret, err := Issue(t.Context(), s, "ws_1", "CI", []Scope{Admin}, "cli:bob", today)
	if err != nil || other.ID == k.ID || otherSecret == secret {
		t.Errorf("two keys are alike, %v", err)
	}
	if _, secret, err := Issue(t.Context(), s, "ws_nobody", "CI", []Scope{Admin}, "cli:bob", today); !errors.Is(err, ErrNotFound) || secret != "" {
		t.Errorf("Issue(no workspace) = %q, %v, want ErrNotFound", secret, err)
	}
}

func TestIssueSaysWhatIsWrong(t *testing.T) {
	for _, tt := range []struct {
		name   string
		scopes []Scope
		want   []string
	}{
		{" ", []Scope{Admin}, []string{"name can't be blank"}},
		{strings.Repeat("ä", 65), []Scope{Admin}, []string{"name is too long (maximum is 64 characters)"}},
		{"CI", nil, []string{"scopes can't be blank: choose from admin, agents:read"}},
		{"CI", []Scope{AgentsRead, "root"}, []string{"scopes has no 'root': choose from admin, agents:read"}},
		{"", []Scope{Scope(strings.Repeat("x", 1000))}, []string{"name can't be blank", "has no '" + strings.Repeat("x", 40) + "'"}},
	} {
		s := newShelf()
		_, secret, err := Issue(t.Context(), s, Default, tt.name, tt.scopes, "cli:bob", today)
		var first KeyError
		if !errors.As(err, &first) || secret != "" || len(s.keys) != 0 {
			t.Errorf("Issue(%.10q, %.20q) = %v with %d keys made, want a KeyError and none", tt.name, tt.scopes, err, len(s.keys))
			continue
		}
		for _, want := range tt.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("Issue(%.10q, %.20q) = %v, want %q", tt.name, tt.scopes, err, want)
			}
		}
	}
	if _, _, err := Issue(t.Context(), newShelf(), Default, strings.Repeat("ä", 64), Scopes, "cli:bob", today); err != nil {
		t.Errorf("Issue(64 characters, all scopes) = %v", err)
	}
}
