// Package seal encrypts the secrets that the database holds: a carrier's
// tokens, the secrets that sign webhooks. Its keys live outside the database.
//
// A sealed secret is the text "hsx1.KEY.BOX": the id of the key that sealed it,
// and AES-256-GCM's random nonce, cipher text and tag in base64url. Whoever has
// only the database learns how long a secret is, and no more.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

const (
	scheme  = "hsx1"
	context = "hookswitch secret v1" // what a box is for: no other use of the key opens it
)

// ErrMalformed means that a text was never sealed here, or was changed since.
var ErrMalformed = errors.New("seal: not a sealed secret, or it was changed since it was sealed")

// UnknownKeyError means that the key which sealed a secret is not among those
// that were given.
type UnknownKeyError struct{ ID string }

func (e UnknownKeyError) Error() string {
	return fmt.Sprintf("seal: the key %s, which sealed this secret, is missing: add it behind the first key in HOOKSWITCH_SECRET_KEY or in the key file, or set the secret anew", e.ID)
}

// Keyring seals with its first key and opens with all of them. It never changes:
// any goroutine may use it.
type Keyring struct{ keys []key }

var _ roster.Sealer = (*Keyring)(nil)

type key struct {
	id   string
	aead cipher.AEAD
}

// newKey returns the key made of 32 bytes.
func newKey(raw []byte) (key, error) {
	block, err := aes.NewCipher(raw)
	if err != nil {
		return key{}, fmt.Errorf("seal: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return key{}, fmt.Errorf("seal: %w", err)
	}
	sum := sha256.Sum256(raw)
	return key{hex.EncodeToString(sum[:4]), aead}, nil
}

// ID names the key that seals: 8 hexadecimal digits that tell nothing of it.
func (k *Keyring) ID() string { return k.keys[0].id }

// Seal implements [roster.Sealer]. Sealing the same twice gives two texts.
func (k *Keyring) Seal(plain string) (roster.Secret, error) {
	if plain == "" {
		return "", nil
	}
	first := k.keys[0]
	box := first.aead.Seal(nil, nil, []byte(plain), []byte(context))
	return roster.Secret(scheme + "." + first.id + "." + base64.RawURLEncoding.EncodeToString(box)), nil
}

// Open implements [roster.Sealer]. It fails with [ErrMalformed] or an
// [UnknownKeyError]; no error repeats the text.
func (k *Keyring) Open(s roster.Secret) (string, error) {
	if s == "" {
		return "", nil
	}
	id, box, err := split(s)
	if err != nil {
		return "", err
	}
	known := false
	for _, key := range k.keys {
		if key.id != id {
			continue
		}
		known = true
		if plain, err := key.aead.Open(nil, nil, box, []byte(context)); err == nil && len(plain) > 0 {
			return string(plain), nil
		}
	}
	if !known {
		return "", UnknownKeyError{id}
	}
	return "", ErrMalformed
}

// Resealed returns old as the first key seals it, and whether that is another
// text: it is not when the first key sealed old already. It opens old in any
// case, so that one that nobody can open does not go unnoticed.
func (k *Keyring) Resealed(old roster.Secret) (s roster.Secret, changed bool, err error) {
	plain, err := k.Open(old)
	if err != nil || plain == "" {
		return old, false, err
	}
	if id, _, err := split(old); err != nil || id == k.ID() {
		return old, false, err
	}
	s, err = k.Seal(plain)
	if err != nil {
		return old, false, err
	}
	return s, true, nil
}

// split returns the parts of a sealed text. Every box has one text only.
func split(s roster.Secret) (id string, box []byte, err error) {
	parts := strings.Split(string(s), ".")
	if len(parts) != 3 || parts[0] != scheme || len(parts[1]) != 8 || strings.Trim(parts[1], "0123456789abcdef") != "" ||
		strings.ContainsAny(parts[2], "\r\n") { // which the decoder would skip
		return "", nil, ErrMalformed
	}
	box, err = base64.RawURLEncoding.Strict().DecodeString(parts[2])
	if err != nil {
		return "", nil, ErrMalformed
	}
	return parts[1], box, nil
}
