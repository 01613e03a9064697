package grant

import (
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// DefaultLife is how long LiveKit's SDKs make a token good for.
const DefaultLife = 6 * time.Hour

// Sign makes a token of c, good from now on for life. Key and secret may be
// those of another server: it is how we speak to the operator's own.
func Sign(key, secret string, c Claims, now time.Time, life time.Duration) (string, error) {
	w := &wire{
		Issuer: key, Subject: c.Identity,
		Expires: jwt.NewNumericDate(now.Add(life)), NotBefore: jwt.NewNumericDate(now),
		Name: c.Name, Kind: c.Kind, Video: &c.Video, Metadata: c.Metadata,
		Attributes: c.Attributes, RoomPreset: c.RoomPreset,
	}
	if c.RoomConfig != nil {
		w.RoomConfig = &roomConfig{c.RoomConfig}
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, w).SignedString([]byte(secret))
	if err != nil {
		return "", fmt.Errorf("grant: sign: %w", err)
	}
	return token, nil
}

// instant is a time in whole seconds since 1970, or with a fraction.
type instant = jwt.NumericDate

// maxInstant is more seconds than anybody means. A number that does not fit into
// 64 bits is some other time, and on another processor another one: a token that
// begins in the year 10^22 was good now.
const maxInstant = 1 << 60

var errNoTime = errors.New("grant: a number that is no time")

func sane(t *instant) (*instant, error) {
	if t != nil && (t.Unix() > maxInstant || t.Unix() < -maxInstant) {
		return nil, errNoTime
	}
	return t, nil
}

// The methods of [jwt.Claims].

// GetExpirationTime implements [jwt.Claims].
func (w *wire) GetExpirationTime() (*instant, error) { return sane(w.Expires) }

// GetNotBefore implements [jwt.Claims].
func (w *wire) GetNotBefore() (*instant, error) { return sane(w.NotBefore) }

// GetIssuedAt implements [jwt.Claims].
func (w *wire) GetIssuedAt() (*instant, error) { return w.IssuedAt, nil }

// GetIssuer implements [jwt.Claims].
func (w *wire) GetIssuer() (string, error) { return w.Issuer, nil }

// GetSubject implements [jwt.Claims].
func (w *wire) GetSubject() (string, error) { return w.Subject, nil }

// GetAudience implements [jwt.Claims]. Nobody asks for one.
func (w *wire) GetAudience() (jwt.ClaimStrings, error) { return nil, nil }
