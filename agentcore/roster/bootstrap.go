package roster

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// MaxKeyName is how many characters a key's name may have.
const MaxKeyName = 64

// MinBootstrap is how many bytes the secret of a bootstrap key has at least.
const MinBootstrap = 16

// Bootstrapper makes the key of the environment.
const Bootstrapper Actor = "bootstrap"

// KeyError says why a key was not made, in words for whoever asked for it.
type KeyError struct {
	Field string // "name", "scopes"
	Why   string // "can't be blank"
}

func (e KeyError) Error() string { return "roster: key: " + e.Field + " " + e.Why }

// Issue makes a key and returns it with its secret, which nobody can read again.
// What is wrong with the name or the scopes is [KeyError]s, joined; an unknown
// workspace is [ErrNotFound].
func Issue(ctx context.Context, keys Keys, workspace, name string, scopes []Scope, who Actor, now time.Time) (Key, string, error) {
	name = strings.TrimSpace(name)
	if err := errors.Join(checkKeyName(name), checkScopes(scopes)); err != nil {
		return Key{}, "", err
	}
	secret := NewSecret()
	k := newKey(workspace, name, secret, now)
	for _, s := range Scopes { // in their order, each once
		if slices.Contains(scopes, s) {
			k.Scopes = append(k.Scopes, s)
		}
	}
	if err := keys.CreateKey(ctx, k, who); err != nil {
		return Key{}, "", err
	}
	return k, secret, nil
}

// Bootstrap makes the administrator's key of the workspace default whose secret
// comes from HOOKSWITCH_BOOTSTRAP_KEY, unless there is a key of that secret: one
// that was revoked stays so. An empty secret asks for none.
func Bootstrap(ctx context.Context, keys Keys, secret string, now time.Time) (made bool, err error) {
	secret = strings.TrimSpace(secret) // no client could send it with a line's end
	switch {
	case secret == "":
		return false, nil
	case len(secret) < MinBootstrap:
		return false, fmt.Errorf("HOOKSWITCH_BOOTSTRAP_KEY has %d characters, at least %d are needed: `openssl rand -hex 32` makes a good one", len(secret), MinBootstrap)
	}
	_, err = keys.KeyByHash(ctx, HashKey(secret))
	if !errors.Is(err, ErrNotFound) {
		return false, err
	}
	k := newKey(Default, "bootstrap", secret, now)
	k.Scopes = []Scope{Admin}
	err = keys.CreateKey(ctx, k, Bootstrapper)
	if errors.Is(err, ErrTaken) { // another process of this installation was faster
		return false, nil
	}
	return err == nil, err
}

func newKey(workspace, name, secret string, now time.Time) Key {
	return Key{
		ID: "key_" + strings.ToLower(rand.Text()), Workspace: workspace, Name: name,
		Prefix: PrefixOf(secret), Hash: HashKey(secret), Created: now.Truncate(time.Microsecond),
	}
}

func checkKeyName(name string) error {
	switch {
	case name == "":
		return KeyError{"name", "can't be blank"}
	case utf8.RuneCountInString(name) > MaxKeyName:
		return KeyError{"name", fmt.Sprintf("is too long (maximum is %d characters)", MaxKeyName)}
	}
	return nil
}

func checkScopes(scopes []Scope) error {
	known := make([]string, len(Scopes))
	for i, s := range Scopes {
		known[i] = string(s)
	}
	if len(scopes) == 0 {
		return KeyError{"scopes", "can't be blank: choose from " + strings.Join(known, ", ")}
	}
	for _, s := range scopes {
		if !slices.Contains(Scopes, s) {
			return KeyError{"scopes", fmt.Sprintf("has no '%.40s': choose from %s", s, strings.Join(known, ", "))}
		}
	}
	return nil
}
