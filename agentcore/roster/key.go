package roster

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"
)

// KeyPrefix begins every API key, so that scanners find leaked ones.
const KeyPrefix = "hsk_"

// Scope is one thing that a key may do.
type Scope string

// The scopes. Admin is all of them, in its workspace.
const (
	Admin          Scope = "admin"
	AgentsRead     Scope = "agents:read"
	AgentsWrite    Scope = "agents:write"
	NumbersRead    Scope = "numbers:read"
	NumbersWrite   Scope = "numbers:write"
	CallsRead      Scope = "calls:read"
	CallsWrite     Scope = "calls:write" // dispatch, hang up, resend webhooks
	ProvidersRead  Scope = "providers:read"
	ProvidersWrite Scope = "providers:write" // set the keys of outside services, and spend a little on a check
	KeysWrite      Scope = "keys:write"
)

// Scopes are all scopes, in the order in which people read them.
var Scopes = []Scope{Admin, AgentsRead, AgentsWrite, NumbersRead, NumbersWrite, CallsRead, CallsWrite, ProvidersRead, ProvidersWrite, KeysWrite}

// Key is an API key as it is kept. Its secret is shown once, when it is made.
type Key struct {
	ID        string // "key_..."
	Workspace string
	Name      string
	Prefix    string // first characters of the secret, to recognise it by
	Hash      string // of the secret: see [HashKey]
	Scopes    []Scope
	Created   time.Time
	Used      time.Time // to the minute; zero: never
	Revoked   time.Time // zero: it is good
}

// May reports whether the key allows s.
func (k Key) May(s Scope) bool {
	if !k.Revoked.IsZero() {
		return false
	}
	if slices.Contains(k.Scopes, Admin) || slices.Contains(k.Scopes, s) {
		return true
	}
	write, reads := strings.CutSuffix(string(s), ":read") // who may write may read
	return reads && slices.Contains(k.Scopes, Scope(write+":write"))
}

// NewSecret draws the secret of a new key.
func NewSecret() string { return KeyPrefix + strings.ToLower(rand.Text()+rand.Text()[:14]) }

// HashKey is what is kept of a secret. Secrets of 200 random bits need no salt
// and no slow hash.
func HashKey(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// PrefixOf is the part of a secret that may be shown: 10 characters of our own
// ones, never more than a quarter of a shorter one.
func PrefixOf(secret string) string {
	return strings.ToValidUTF8(secret[:min(len(secret)/4, len(KeyPrefix)+6)], "")
}
