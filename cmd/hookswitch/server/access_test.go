package server

import (
	"errors"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/providers"
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
