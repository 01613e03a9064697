package server

import (
	"errors"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/providers"
	"github.com/hookswitch/hookswitch/storage/seal"
)

// An address of one's own serves every workspace, unless it wants a key: that
// key is the default workspace's alone, and without one nobody gets in.
func TestWhoIsLetInWithoutAKey(t *testing.T) {
	const base = "http://127.0.0.1:9/v1"
	for _, tt := range []struct {
		claim, provider, workspace string
		settings                   config.OpenAI
		key                        string
		in                         bool
	}{
		{"nothing is set", "openai", roster.Default, config.OpenAI{}, "", false},
		{"an address, the default workspace", "openai", roster.Default, config.OpenAI{BaseURL: base}, "", true},
		{"an address, another workspace", "openai", "ws_other", config.OpenAI{BaseURL: base}, "", true},
		{"an address and a key, the default workspace", "openai", roster.Default, config.OpenAI{BaseURL: base, Key: "k"}, "k", true},
		{"an address and a key, another workspace", "openai", "ws_other", config.OpenAI{BaseURL: base, Key: "k"}, "", false},
		{"a key, another workspace", "openai", "ws_other", config.OpenAI{Key: "k"}, "", false},
	} {
		s := &Server{c: config.Config{OpenAI: tt.settings}}
		p, _ := providers.Find(tt.provider)
		a, _, err := purse{s, tt.workspace, nil}.access(p)
		if in := err == nil; in != tt.in || a.Key != tt.key {
			t.Errorf("%s: %q, %v; want %q and in = %v", tt.claim, a.Key, err, tt.key, tt.in)
		}
		var none noKeyError
		if err != nil && !errors.As(err, &none) {
			t.Errorf("%s: %v", tt.claim, err)
		}
	}
}

// An agent's own key opens its provider before the workspace's does, and no other
// agent's.
func TestAnAgentsOwnKeyGoesBeforeItsWorkspaces(t *testing.T) {
	ring, _, err := seal.Load(seal.Options{Env: strings.Repeat("01", 32)})
	if err != nil {
		t.Fatal(err)
	}
	sealed := func(plain string) roster.Secret {
		s, err := ring.Seal(plain)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := &Server{keyring: ring}
	p, _ := providers.Find("elevenlabs")
	workspace := purse{s, "ws_x", map[string]roster.ProviderKey{"elevenlabs": {Key: sealed("the workspace's")}}}
	for claim, tt := range map[string]struct {
		from purse
		own  map[string]roster.Secret
		want string
	}{
		"its own and the workspace's": {workspace, map[string]roster.Secret{"elevenlabs": sealed("its own")}, "its own"},
		"the workspace's":             {workspace, nil, "the workspace's"},
		"its own alone":               {purse{s, "ws_x", nil}, map[string]roster.Secret{"elevenlabs": sealed("its own")}, "its own"},
		"one for somebody else":       {workspace, map[string]roster.Secret{"rime": sealed("another")}, "the workspace's"},
	} {
		a, _, err := tt.from.with(tt.own).access(p)
		if err != nil || a.Key != tt.want {
			t.Errorf("%s: %q, %v, want %q", claim, a.Key, err, tt.want)
		}
	}
	if a, _, err := workspace.access(p); err != nil || a.Key != "the workspace's" {
		t.Errorf("the workspace's purse has %q, %v after an agent's", a.Key, err)
	}
}
