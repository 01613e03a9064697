// Package gate is what every request to the API passes before its handler: it
// is given a number, its key is looked at, its haste is held back and its body
// is read. What goes wrong further in ends here as an answer, too.
package gate

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

// Keys finds keys. [roster.Store] is one.
type Keys interface {
	KeyByHash(ctx context.Context, hash string) (roster.Key, error)
	UseKey(ctx context.Context, id string, now time.Time) error
}

// Config is what a gate needs and how far it opens.
type Config struct {
	Keys Keys             // Required.
	Log  *slog.Logger     // nil discards
	Now  func() time.Time // nil means time.Now

	RequestsPerMinute int   // of a key, on average. 0 means 600.
	Burst             int   // requests of a key at once, after a rest. 0 means RequestsPerMinute.
	FailuresPerMinute int   // wrong keys from one client address. 0 means 30.
	MaxBody           int64 // bytes of a request. 0 means 1 MiB.

	// Fail answers in the dialect's envelope. Headers that belong to the failure
	// are set already. Required.
	Fail func(w http.ResponseWriter, r *http.Request, status int, message string)
}

// Dialect is how an API of another maker is spoken to.
type Dialect struct {
	// Credential returns the key that h holds, or why it holds none. nil: a bearer
	// token.
	Credential func(h http.Header) (secret, why string)
	// Challenge is the WWW-Authenticate header of a 401; empty: none.
	Challenge string
	// Check says why a request with a good key is not allowed all the same: 403.
	// nil: every one is.
	Check func(key roster.Key, r *http.Request) (why string)
	// Streams reports whether a request's body is read by its handler, which then
	// bounds it. nil: none is.
	Streams func(r *http.Request) bool
	// Fail is as in [Config].
	Fail func(w http.ResponseWriter, r *http.Request, status int, message string)
}

// Gate is the state of one: who was seen lately, and how often.
type Gate struct {
	cfg      Config
	dialect  Dialect
	requests *buckets // by key
	failures *buckets // by client address
	seen     *visits
}

// New makes a gate.
func New(cfg Config) (*Gate, error) {
	if cfg.Keys == nil {
		return nil, errors.New("gate: Keys is required")
	}
	if cfg.Fail == nil {
		return nil, errors.New("gate: Fail is required")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.RequestsPerMinute <= 0 {
		cfg.RequestsPerMinute = 600
	}
	if cfg.Burst <= 0 {
		cfg.Burst = cfg.RequestsPerMinute
	}
	if cfg.FailuresPerMinute <= 0 {
		cfg.FailuresPerMinute = 30
	}
	if cfg.MaxBody <= 0 {
		cfg.MaxBody = 1 << 20
	}
	return &Gate{
		cfg:      cfg,
		dialect:  Dialect{Credential: Bearer, Challenge: `Bearer realm="hookswitch"`, Fail: cfg.Fail},
		requests: newBuckets(cfg.RequestsPerMinute, cfg.Burst),
		failures: newBuckets(cfg.FailuresPerMinute, cfg.FailuresPerMinute),
		seen:     newVisits(),
	}, nil
}

// For is g for requests in d: a key goes at one pace, whatever it speaks.
func (g *Gate) For(d Dialect) *Gate {
	other := *g
	if d.Credential == nil {
		d.Credential = Bearer
	}
	if d.Fail == nil {
		d.Fail = g.cfg.Fail
	}
	other.dialect, other.cfg.Fail = d, d.Fail
	return &other
}

// in is the type of this package's keys in a context.
type in int

const (
	inID in = iota
	inKey
)

// RequestID returns the number of the request that ctx belongs to.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(inID).(string)
	return id
}

// Key returns the key that the request came with.
func Key(ctx context.Context) roster.Key {
	key, _ := ctx.Value(inKey).(roster.Key)
	return key
}

// Workspace returns the workspace that the request is about.
func Workspace(ctx context.Context) string { return Key(ctx).Workspace }

// Actor returns who asks, for versions and the audit.
func Actor(ctx context.Context) roster.Actor { return roster.Actor("key:" + Key(ctx).ID) }
