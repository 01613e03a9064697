package roster

import (
	"fmt"
	"maps"
	"strings"
	"time"
)

// MaxProviderKey is how many bytes the key of an outside service may have.
const MaxProviderKey = 512

// ProviderKey is a workspace's own key of an outside service.
type ProviderKey struct {
	Workspace string
	Provider  string // "deepgram"
	Key       Secret
	Who       Actor // who set it
	Updated   time.Time
}

// KeySource says whose key an outside service is asked with.
type KeySource string

// Sources of keys. The workspace's own goes before the environment's.
const (
	FromWorkspace   KeySource = "workspace"
	FromEnvironment KeySource = "environment"
	FromNobody      KeySource = "none"
	BuiltIn         KeySource = "built_in" // it takes no key
)

// ProviderKey reads the body that sets a key, as [Terms.Create] does, and
// returns it as it is: the caller seals it, and shows it to nobody.
func (Terms) ProviderKey(body map[string]any) (string, error) {
	var wrong Problems
	var key string
	f := form{body, "", &wrong}
	if !f.has("api_key") {
		f.refuse("api_key", blank)
	} else if f.text("api_key", MaxProviderKey, "", &key) {
		if why := wrongKey(key); why != "" {
			f.refuse("api_key", "%s", why)
		}
	}
	if len(wrong) > 0 {
		return "", wrong
	}
	return key, nil
}

// wrongKey says why key is none.
func wrongKey(key string) (why string) {
	switch {
	case strings.TrimSpace(key) == "":
		return blank
	case len(key) > MaxProviderKey:
		return fmt.Sprintf("is too long (maximum is %d characters)", MaxProviderKey)
	case strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "has a character that no key has: is it cut, or was more copied?"
	}
	return ""
}

// OwnKey returns d with key as its own of an outside service, sealed; an empty
// one takes it away. d stays as it is. What is wrong with the key is a
// [Problems] under field.
func (t Terms) OwnKey(d Definition, provider, field, key string) (Definition, error) {
	d.Keys = maps.Clone(d.Keys)
	if key == "" {
		delete(d.Keys, provider)
		return d, nil
	}
	if why := wrongKey(key); why != "" {
		return d, Problems{{field, []string{why}}}
	}
	sealed, err := t.seal(d.Keys[provider], key)
	if err != nil {
		return d, fmt.Errorf("roster: key of %s: %w", provider, err)
	}
	if d.Keys == nil {
		d.Keys = map[string]Secret{}
	}
	d.Keys[provider] = sealed
	return d, nil
}
