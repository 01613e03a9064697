package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/client"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	v2 "github.com/hookswitch/hookswitch/cmd/hookswitch/rest/v2"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/storage/seal"
)

// services are three providers: one wants a key, one has that of the
// environment, one needs none.
type services struct{ db *storage.DB }

func (p services) List(ctx context.Context, workspace string) ([]v2.ProviderState, error) {
	deepgram := v2.ProviderState{Name: "deepgram", Stages: []provider.Stage{provider.Recogniser, provider.Voice}, Source: roster.FromNobody,
		Why: "it has no key: hookswitch provider set deepgram --key-stdin"}
	k, err := p.db.ProviderKey(ctx, workspace, "deepgram")
	if err == nil {
		deepgram.Source, deepgram.Configured, deepgram.Why, deepgram.Updated = roster.FromWorkspace, true, "", k.Updated
	} else if !errors.Is(err, roster.ErrNotFound) {
		return nil, err
	}
	return []v2.ProviderState{deepgram,
		{Name: "openai", Stages: []provider.Stage{provider.Model}, Source: roster.FromEnvironment, Configured: true},
		{Name: "moonshine", Stages: []provider.Stage{provider.Recogniser}, Source: roster.BuiltIn, Configured: true}}, nil
}

func (p services) Check(_ context.Context, _, _ string) ([]v2.ProviderCheck, error) {
	return []v2.ProviderCheck{{Stage: provider.Recogniser, Model: "nova-2", Latency: 212 * time.Millisecond, Cost: new(0.0001)},
		{Stage: provider.Voice, Latency: 95 * time.Millisecond, Err: provider.New("deepgram", "speak", provider.Auth, errors.New("status 401"))}}, nil
}

const theKey = "dg-0123456789-sesame"

func TestTheKeyOfAProviderIsSetShownToNobodyAndRemoved(t *testing.T) {
	g := newGateway(t)
	golden(t, "provider-list-table", g.ok("providers", "list", "-o", "table"))
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte(theKey+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := g.ok("provider", "set", "deepgram", "--key-file", file, "--dry-run"); out != "would set the workspace's key of deepgram\n" {
		t.Errorf("dry run: %q", out)
	}
	if _, err := g.db.ProviderKey(t.Context(), roster.Default, "deepgram"); !errors.Is(err, roster.ErrNotFound) {
		t.Errorf("a dry run set it: %v", err)
	}
	for claim, in := range map[string][]string{theKey + "\n": {"--key-stdin"}, "": {"--key-file", file}} {
		out := g.okIn(claim, append([]string{"provider", "set", "deepgram"}, in...)...)
		if out != "set the workspace's key of deepgram\n" {
			t.Errorf("set %v: %q", in, out)
		}
		kept, err := g.db.ProviderKey(t.Context(), roster.Default, "deepgram")
		if err != nil || strings.Contains(string(kept.Key), "sesame") {
			t.Fatalf("kept as %q, %v", kept.Key, err)
		}
		ring, _, err := seal.Load(seal.Options{Env: strings.Repeat("00", 32)})
		if err != nil {
			t.Fatal(err)
		}
		if plain, err := ring.Open(kept.Key); err != nil || plain != theKey {
			t.Errorf("opens as %q, %v", plain, err)
		}
	}
	golden(t, "provider-list-pipe", g.ok("provider", "list"))
	golden(t, "provider-list-json", g.ok("provider", "list", "-o", "json"))

	g.fails(fault.Wrong, "", []string{"provider", "remove", "deepgram"}, "--yes")
	if out := g.ok("provider", "remove", "deepgram", "--dry-run"); out != "would remove the workspace's key of deepgram\n" {
		t.Errorf("dry run: %q", out)
	}
	if out := g.ok("provider", "remove", "deepgram", "--yes"); out != "removed the workspace's key of deepgram\n" {
		t.Errorf("remove: %q", out)
	}
	g.fails(fault.Wrong, "", []string{"provider", "remove", "deepgram", "--yes"}, "no key of its own of deepgram", "[provider/no-key]")
	g.fails(fault.Wrong, "", []string{"provider", "remove", "openai", "--yes"}, "[provider/no-key]")
}

func TestWhatIsNoKeyIsNotSetAndAKeyIsNeverRepeated(t *testing.T) {
	g := newGateway(t)
	for _, tt := range []struct {
		in    string
		args  []string
		wants []string
	}{
		{"", []string{"deepgram"}, []string{"where does the key come from?", "--key-stdin", "[provider/key]"}},
		{theKey, []string{"deepgram", "--key-stdin", "--key-file", "x"}, []string{"[provider/key]"}},
		{"\n", []string{"deepgram", "--key-stdin"}, []string{"there is no key in it"}},
		{"dg sesame", []string{"deepgram", "--key-stdin"}, []string{"that is no key"}},
		{strings.Repeat("sesame", 1000), []string{"deepgram", "--key-stdin"}, []string{"that is no key"}},
		{strings.Repeat("sesame", 100), []string{"deepgram", "--key-stdin"}, []string{"too long", "api_key"}},
		{"", []string{"deepgram", "--key-file", "/no/such/file"}, []string{"can't be read: no such file"}},
		{theKey, []string{"deepgrm", "--key-stdin"}, []string{"did you mean deepgram?", "[provider/not-found]"}},
		{theKey, []string{theKey, "--key-stdin"}, []string{"[provider/not-found]"}},
		{theKey, []string{"moonshine", "--key-stdin"}, []string{"moonshine is built in and takes no key"}},
		{"", []string{"deepgram", theKey}, []string{"a key is never an argument", "[provider/key]"}},
		{"", []string{"deepgram", "--key=" + theKey}, []string{"a key is never an argument"}},
		{"", []string{"deepgram", "--key", theKey}, []string{"a key is never an argument"}},
	} {
		args := append([]string{"provider", "set"}, tt.args...)
		g.fails(fault.Wrong, tt.in, args, tt.wants...)
		if _, out, errs := g.typed(tt.in, args...); strings.Contains(out+errs, "sesame") {
			t.Errorf("%v: the key is repeated:\n%s%s", tt.wants, out, errs)
		}
	}
	if _, err := g.db.ProviderKey(t.Context(), roster.Default, "deepgram"); !errors.Is(err, roster.ErrNotFound) {
		t.Errorf("a key was set: %v", err)
	}
}

func TestAClientChecksAProvider(t *testing.T) {
	g := newGateway(t)
	c, err := client.New(client.Config{Server: g.url, Key: g.key})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if p, err := c.SetProviderKey(t.Context(), "deepgram", theKey); err != nil || !p.Configured || p.Source != "workspace" || p.Updated == nil {
		t.Errorf("SetProviderKey() = %+v, %v", p, err)
	}
	got, err := c.CheckProvider(t.Context(), "deepgram")
	if err != nil || len(got) != 2 || !got[0].OK || got[0].Stage != "asr" || got[0].Latency != 212 || *got[0].Cost != 0.0001 || got[0].Error != nil {
		t.Fatalf("CheckProvider() = %+v, %v", got, err)
	}
	if bad := got[1]; bad.OK || bad.Stage != "tts" || bad.Cost != nil || *bad.Error != (client.ProviderFailure{Class: "auth", Message: "deepgram: speak: status 401"}) {
		t.Errorf("the voice's check = %+v", bad)
	}
	if err := c.RemoveProviderKey(t.Context(), "deepgram"); err != nil {
		t.Errorf("RemoveProviderKey() = %v", err)
	}
	var refused *client.Error
	if _, err := c.CheckProvider(t.Context(), "deepgram"); !errors.As(err, &refused) || refused.Status != 409 {
		t.Errorf("CheckProvider(without a key) = %v, want a conflict", err)
	}
	if _, err := c.CheckProvider(t.Context(), "nobody"); !errors.As(err, &refused) || refused.Status != 404 {
		t.Errorf("CheckProvider(nobody) = %v, want 404", err)
	}
}
