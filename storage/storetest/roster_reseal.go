package storetest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/storage/seal"
)

var (
	oldKey = strings.Repeat("0a", 32)
	newest = strings.Repeat("1b", 32)
)

// keys opens what the keys of a setting sealed.
func keys(t testing.TB, setting string) *seal.Keyring {
	t.Helper()
	k, _, err := seal.Load(seal.Options{Env: setting})
	if err != nil {
		t.Fatalf("seal.Load() = %v", err)
	}
	return k
}

func sealed(t testing.TB, k *seal.Keyring, plain string) roster.Secret {
	t.Helper()
	s, err := k.Seal(plain)
	if err != nil {
		t.Fatalf("Seal() = %v", err)
	}
	return s
}

// sealing is a definition with secrets.
func sealing(t testing.TB, k *seal.Keyring, temperature int) roster.Definition {
	d := definition("Ann")
	d.LLM.Temperature = float64(temperature)
	// What looks like a secret, but is the user's own text, stays.
	d.Variables["secret"] = "hsx1.00000000.AAAA"
	d.Webhooks[0].Config.Secret = sealed(t, k, fmt.Sprintf("hook %d", temperature))
	d.Webhooks[1].Config.Secret = ""
	d.Keys = map[string]roster.Secret{"elevenlabs": sealed(t, k, fmt.Sprintf("key %d", temperature))}
	return d
}

func resealed(t *testing.T, s storage.Store) {
	ctx := t.Context()
	before, both, after := keys(t, oldKey), keys(t, newest+","+oldKey), keys(t, newest)
	for i := range 3 {
		n := roster.Number{Workspace: roster.Default, Number: fmt.Sprintf("+1555010%d", i)}
		if i < 2 {
			n.Token = sealed(t, before, fmt.Sprintf("token %d", i))
		}
		made, err := s.CreateNumber(ctx, n, who, now)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.SetNumberCarrier(ctx, roster.Default, made.ID, "PN", "{}", who, now); err != nil {
			t.Fatal(err)
		}
	}
	providerKey(t, s, roster.Default, "deepgram", string(sealed(t, before, "the key of deepgram")), 0)
	c := aChannel("1")
	c.Secret = sealed(t, before, "the channel's")
	if _, err := s.CreateChannel(ctx, c, who); err != nil {
		t.Fatal(err)
	}
	ours := roster.Pair{Key: "API1", Workspace: roster.Default, Secret: sealed(t, before, "the pair's"), Created: now}
	if err := s.CreatePair(ctx, ours, who); err != nil {
		t.Fatal(err)
	}
	const last = 105 // more versions than go into one transaction
	a := newAgent(t, s, roster.Default, 1, sealing(t, before, 1))
	for n := 1; n < last; n++ {
		if _, err := s.ChangeAgent(ctx, roster.Default, a.UUID, n, sealing(t, before, n+1), nil, who, now); err != nil {
			t.Fatal(err)
		}
	}
	gone := newAgent(t, s, roster.Default, 2, sealing(t, before, 1))
	if err := s.DeleteAgent(ctx, roster.Default, gone.UUID, who, now); err != nil {
		t.Fatal(err)
	}
	newAgent(t, s, roster.Default, 3, definition("No secrets")) // but for two that nobody sealed

	var unknown seal.UnknownKeyError
	if n, err := s.ResealNeeded(ctx, after); n != 0 || !errors.As(err, &unknown) {
		t.Errorf("ResealNeeded(without the old key) = %d, %v, want which key", n, err)
	}
	if n, err := s.ResealNeeded(ctx, both); n == 0 || !errors.Is(err, seal.ErrMalformed) {
		t.Errorf("ResealNeeded() = %d, %v, want those before agent 3, which fails", n, err)
	}
	if n, err := s.ResealNeeded(ctx, before); n != 0 || !errors.Is(err, seal.ErrMalformed) {
		t.Errorf("ResealNeeded(the same key) = %d, %v, want none", n, err)
	}
	for i := range 2 {
		n, err := s.Number(ctx, roster.Default, int64(i+1))
		if err != nil {
			t.Fatal(err)
		}
		if plain, err := before.Open(n.Token); err != nil || plain != fmt.Sprintf("token %d", i) {
			t.Errorf("token %d was sealed anew by counting: %q, %v", i, plain, err)
		}
	}
	if n, err := s.ResealAll(ctx, after); n != 0 || !errors.As(err, &unknown) || !strings.Contains(err.Error(), "phone number 1") {
		t.Errorf("ResealAll(without the old key) = %d, %v, want nothing done, and which key and row", n, err)
	}
	if n, err := s.ResealAll(ctx, both); !errors.Is(err, seal.ErrMalformed) || !strings.Contains(err.Error(), "agent 3") {
		t.Errorf("ResealAll() = %d, %v, want it to name agent 3, whose secrets nobody sealed", n, err)
	}
	d := definition("No secrets")
	d.Webhooks = nil
	if _, err := s.ChangeAgent(ctx, roster.Default, uuid(3), 1, d, nil, who, now); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ResealAll(ctx, both); !errors.Is(err, seal.ErrMalformed) || !strings.Contains(err.Error(), "agent 3, version 1") {
		t.Errorf("ResealAll() = %v, want it to name the version", err)
	}
	if n, err := s.ResealAll(ctx, both); n != 0 || !errors.Is(err, seal.ErrMalformed) {
		t.Errorf("ResealAll(again) = %d, %v, want nothing left to do but the version", n, err)
	}

	told := len(lines(t, s, roster.Default))
	for i, want := range []string{"token 0", "token 1", ""} {
		n, err := s.Number(ctx, roster.Default, int64(i+1))
		if err != nil {
			t.Fatal(err)
		}
		if plain, err := after.Open(n.Token); err != nil || plain != want || n.CarrierID != "PN" {
			t.Errorf("token of number %d (%s) opens as %q, %v, want %q", i, n.CarrierID, plain, err, want)
		}
	}
	k, err := s.ProviderKey(ctx, roster.Default, "deepgram")
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := after.Open(k.Key); err != nil || plain != "the key of deepgram" || k.Who != who {
		t.Errorf("the provider's key of %s opens as %q, %v", k.Who, plain, err)
	}
	on, err := s.Channel(ctx, roster.Default, c.ID)
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := after.Open(on.Secret); err != nil || plain != "the channel's" {
		t.Errorf("the channel's secret opens as %q, %v", plain, err)
	}
	pair, err := s.Pair(ctx, ours.Key)
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := after.Open(pair.Secret); err != nil || plain != "the pair's" {
		t.Errorf("the pair's secret opens as %q, %v", plain, err)
	}
	now, err := s.Agent(ctx, roster.Default, a.UUID)
	if err != nil || now.Version != last {
		t.Fatalf("Agent() = version %d, %v, want %d", now.Version, err, last)
	}
	opens := func(what string, d roster.Definition, n int) {
		t.Helper()
		if plain, err := after.Open(d.Webhooks[0].Config.Secret); err != nil || plain != fmt.Sprintf("hook %d", n) {
			t.Errorf("secret of %s opens as %q, %v", what, plain, err)
		}
		if plain, err := after.Open(d.Keys["elevenlabs"]); err != nil || plain != fmt.Sprintf("key %d", n) {
			t.Errorf("own key of %s opens as %q, %v", what, plain, err)
		}
		d.Webhooks[0].Config.Secret, d.Keys = "", nil
		want := sealing(t, before, n)
		want.Webhooks[0].Config.Secret, want.Keys = "", nil
		for i := range want.Tools {
			want.Tools[i].ID = d.Tools[i].ID
		}
		for i := range want.Webhooks {
			want.Webhooks[i].ID = d.Webhooks[i].ID
		}
		for name := range want.SystemTools {
			w := want.SystemTools[name]
			w.ID = d.SystemTools[name].ID
			want.SystemTools[name] = w
		}
		if got, want := asJSON(t, d), asJSON(t, want); got != want {
			t.Errorf("%s is now\n%s, want\n%s", what, got, want)
		}
	}
	opens("the agent", now.Definition, last)
	versions, err := s.Versions(ctx, roster.Default, a.UUID, 0, 0)
	if err != nil || len(versions) != last {
		t.Fatalf("%d versions, %v, want %d", len(versions), err, last)
	}
	for _, v := range versions {
		opens(fmt.Sprintf("version %d", v.Number), v.Definition, v.Number)
	}
	v, err := s.Version(ctx, roster.Default, gone.UUID, 1)
	if err != nil {
		t.Fatal(err)
	}
	opens("the deleted agent", v.Definition, 1)
	if after := len(lines(t, s, roster.Default)); after != told {
		t.Errorf("the audit grew from %d to %d lines", told, after)
	}
}
