package grant

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

// MaxToken is how long a token may be, in bytes. It travels in a header.
const MaxToken = 16 << 10

// leeway is how far the clocks of who signs and who checks may differ. LiveKit
// allows the same.
const leeway = time.Minute

// Pairs finds key pairs. [roster.Pairs] is one.
type Pairs interface {
	Pair(ctx context.Context, key string) (roster.Pair, error)
	UsedPair(ctx context.Context, key string, now time.Time) error
}

// Opener opens sealed secrets. [roster.Sealer] is one.
type Opener interface {
	Open(s roster.Secret) (string, error)
}

// Config is what a [Verifier] needs.
type Config struct {
	Pairs  Pairs            // required
	Opener Opener           // required
	Now    func() time.Time // nil means time.Now
	Log    *slog.Logger     // nil discards
}

// Verifier says which tokens are good. It may be used by many at once.
type Verifier struct {
	cfg  Config
	used *uses
}

// New makes a verifier.
func New(cfg Config) (*Verifier, error) {
	if cfg.Pairs == nil {
		return nil, errors.New("grant: Pairs is required")
	}
	if cfg.Opener == nil {
		return nil, errors.New("grant: Opener is required")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Verifier{cfg: cfg, used: newUses()}, nil
}

// Refused says why a token is not good, in the words that LiveKit's server
// v1.13 answers with. It never quotes the token, nor what is in it.
type Refused string

// Error implements error.
func (r Refused) Error() string { return string(r) }

// What LiveKit says of a header, of what is no token, and of a key.
const (
	badHeader Refused = "invalid authorization header. Must start with Bearer "
	noToken   Refused = "invalid authorization token"
	badKey    Refused = "invalid API key"
)

// maxKey bounds the name of a key that is asked for.
const maxKey = 64

// Verify checks a token and returns what it grants. A token that is not good is
// a [Refused]; any other error means that it could not be checked.
//
// What it checks, in this order: size, form, algorithm, the key, its signature,
// and the times. A token without exp would be good for ever: it is refused.
func (v *Verifier) Verify(ctx context.Context, token string) (Grant, error) {
	if len(token) > MaxToken {
		return Grant{}, noToken
	}
	issuer := new(jwt.RegisteredClaims)
	if _, _, err := parser.ParseUnverified(token, issuer); err != nil {
		return Grant{}, noToken
	}
	if !plausible(issuer.Issuer) {
		return Grant{}, badKey
	}
	pair, err := v.cfg.Pairs.Pair(ctx, issuer.Issuer)
	switch {
	case errors.Is(err, roster.ErrNotFound):
		return Grant{}, badKey
	case err != nil:
		return Grant{}, fmt.Errorf("grant: look up a key pair: %w", err)
	case !pair.Revoked.IsZero():
		return Grant{}, badKey
	}
	secret, err := v.cfg.Opener.Open(pair.Secret)
	if err != nil {
		return Grant{}, fmt.Errorf("grant: open a key pair's secret: %w", err)
	}
	if secret == "" { // anybody can sign with it
		return Grant{}, badKey
	}
	now := v.cfg.Now()
	payload := new(wire)
	_, err = jwt.ParseWithClaims(token, payload, func(*jwt.Token) (any, error) { return []byte(secret), nil },
		jwt.WithValidMethods(algorithms), jwt.WithIssuer(pair.Key), jwt.WithExpirationRequired(),
		jwt.WithLeeway(leeway), jwt.WithTimeFunc(func() time.Time { return now }))
	if err != nil {
		return Grant{}, refusal(err)
	}
	v.note(ctx, pair, now)
	return Grant{Key: pair.Key, Workspace: pair.Workspace, Expires: payload.Expires.Time, Claims: payload.claims()}, nil
}

// Good reports whether key is a pair of workspace that was not taken back: what
// was allowed with it lasts no longer than that.
func (v *Verifier) Good(ctx context.Context, workspace, key string) (bool, error) {
	pair, err := v.cfg.Pairs.Pair(ctx, key)
	switch {
	case errors.Is(err, roster.ErrNotFound):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("grant: look up a key pair: %w", err)
	}
	return pair.Workspace == workspace && pair.Revoked.IsZero(), nil
}

// algorithms are the ones that tokens may be signed with. A public key's would
// let a secret that is known pass for one, and none is none.
var algorithms = []string{jwt.SigningMethodHS256.Alg()}

var parser = jwt.NewParser(jwt.WithValidMethods(algorithms))

// plausible reports whether key may be one of ours, so that nobody makes us ask
// the database for whatever they think of.
func plausible(key string) bool {
	if !strings.HasPrefix(key, roster.PairPrefix) || len(key) > maxKey {
		return false
	}
	for _, c := range []byte(key) {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}

// refusal is LiveKit's answer to a token that does not hold. The reasons are a
// list, and not err's own text, which may quote what it could not read.
func refusal(err error) Refused {
	for _, r := range reasons {
		if errors.Is(err, r.err) {
			return noToken + Refused(": "+r.why)
		}
	}
	return noToken + ": token is malformed"
}

// reasons are in the words of the library that LiveKit uses, too.
var reasons = []struct {
	err error
	why string
}{
	{jwt.ErrTokenSignatureInvalid, "token signature is invalid"},
	{jwt.ErrTokenUnverifiable, "token is unverifiable"},
	{jwt.ErrTokenRequiredClaimMissing, "token has invalid claims: token is missing required claim: exp claim is required"},
	{jwt.ErrTokenExpired, "token has invalid claims: token is expired"},
	{jwt.ErrTokenNotValidYet, "token has invalid claims: token is not valid yet"},
}

// note writes down that a pair was used: once a minute.
func (v *Verifier) note(ctx context.Context, pair roster.Pair, now time.Time) {
	if !v.used.first(pair.Key, now) {
		return
	}
	if err := v.cfg.Pairs.UsedPair(ctx, pair.Key, now); err != nil {
		v.cfg.Log.WarnContext(ctx, "note that a key pair was used", "workspace", pair.Workspace, "err", err)
	}
}
