package roster

import (
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
		switch {
		case strings.TrimSpace(key) == "":
			f.refuse("api_key", blank)
		case strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }):
			f.refuse("api_key", "has a character that no key has: is it cut, or was more copied?")
		}
	}
	if len(wrong) > 0 {
		return "", wrong
	}
	return key, nil
}
