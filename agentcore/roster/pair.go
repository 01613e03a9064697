package roster

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"
)

// PairPrefix begins every LiveKit API key of ours, as it does LiveKit's.
const PairPrefix = "API"

// Pair is an API key and secret as LiveKit's clients use them: the secret signs
// tokens, so it is kept, sealed. Whoever has it may dispatch agents in its
// workspace, and take part as a worker.
type Pair struct {
	Key       string // "API" and 12 characters
	Workspace string
	Name      string
	Secret    Secret // sealed: 43 characters or more, shown once
	Created   time.Time
	Used      time.Time // to the minute; zero: never
	Revoked   time.Time // zero: it is good
}

// Pairs keeps key pairs.
type Pairs interface {
	// Pair returns the pair of key, revoked ones, too; [ErrNotFound] when there is
	// none.
	Pair(ctx context.Context, key string) (Pair, error)
	// ListPairs lists a workspace's, oldest first, without their secrets.
	ListPairs(ctx context.Context, workspace string) ([]Pair, error)
	// CreatePair keeps p. At most [MaxPairs] of a workspace are good at once: one
	// more is [ErrTooMany]. A key in use is [ErrTaken].
	CreatePair(ctx context.Context, p Pair, who Actor) error
	// RevokePair ends one at once. Again it changes nothing. One of another
	// workspace is [ErrNotFound].
	RevokePair(ctx context.Context, workspace, key string, who Actor, now time.Time) error
	// UsedPair notes that a pair was used. Within a minute only the first writes.
	UsedPair(ctx context.Context, key string, now time.Time) error
}

// MaxPairs is how many pairs of a workspace are good at once.
const MaxPairs = 50

// ErrTooMany means that there are as many of something as there may be.
var ErrTooMany = errors.New("roster: there are as many as there may be")

// pairKey is how many random characters follow [PairPrefix], pairSecret how many
// a secret has: 60 and 215 bits.
const (
	pairKey    = 12
	pairSecret = 43
)

// IssuePair makes a key pair and returns it with its secret, which is shown to
// nobody again. What is wrong with the name is a [KeyError], an unknown workspace
// [ErrNotFound], one too many [ErrTooMany].
func IssuePair(ctx context.Context, pairs Pairs, seal Sealer, workspace, name string, who Actor, now time.Time) (Pair, string, error) {
	name = strings.TrimSpace(name)
	if err := checkKeyName(name); err != nil {
		return Pair{}, "", err
	}
	secret := (rand.Text() + rand.Text())[:pairSecret]
	sealed, err := seal.Seal(secret)
	if err != nil {
		return Pair{}, "", fmt.Errorf("roster: seal a key pair: %w", err)
	}
	p := Pair{
		Key: PairPrefix + rand.Text()[:pairKey], Workspace: workspace, Name: name,
		Secret: sealed, Created: now.Truncate(time.Microsecond),
	}
	if err := pairs.CreatePair(ctx, p, who); err != nil {
		return Pair{}, "", err
	}
	return p, secret, nil
}
