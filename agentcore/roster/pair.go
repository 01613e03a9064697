package roster

import (
	"context"
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
	Secret    string // 43 characters or more; kept sealed, shown once
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
	// CreatePair keeps p. At most [MaxPairs] of a workspace are good at once.
	CreatePair(ctx context.Context, p Pair, who Actor) error
	// RevokePair ends one at once. Again it changes nothing.
	RevokePair(ctx context.Context, workspace, key string, who Actor, now time.Time) error
	// UsedPair notes that a pair was used.
	UsedPair(ctx context.Context, key string, now time.Time) error
}

// MaxPairs is how many pairs of a workspace are good at once.
const MaxPairs = 50
