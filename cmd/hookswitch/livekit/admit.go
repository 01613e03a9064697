package livekit

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/twitchtv/twirp"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/grant"
)

// maxBody is how much a request may say, in bytes: metadata of 512 KiB twice,
// escaped. Who has no token is told so, or what is wrong with the request, and
// need not be listened to for as long.
const (
	maxBody      = 2 << 20
	maxUnvouched = 16 << 10
)

// readTime is how long a client may take over its body.
const readTime = 30 * time.Second

// asked is what a request came with, apart from its body.
type asked struct {
	grant   grant.Grant
	granted bool   // there was a token
	request string // X-Livekit-Request-Id: the SDKs send another with each call
}

type askedKey struct{}

func askedOf(ctx context.Context) asked {
	a, _ := ctx.Value(askedKey{}).(asked)
	return a
}

// admit looks at the request's token, if it has one, and answers itself when
// that is not good.
func (s *Service) admit(w http.ResponseWriter, r *http.Request) (context.Context, bool) {
	a := asked{request: r.Header.Get("X-Livekit-Request-Id")}
	token, err := grant.Token(r)
	if err == nil && token != "" {
		a.grant, err = s.cfg.Verifier.Verify(r.Context(), token)
		a.granted = err == nil
	}
	var refused grant.Refused
	switch {
	case errors.As(err, &refused):
		grant.Refuse(w, refused)
		return nil, false
	case err != nil:
		fail(w, s.broken(r.Context(), "check a token", err))
		return nil, false
	}
	if a.granted && !s.requests.take(a.grant.Key, s.cfg.Now()) {
		w.Header().Set("Retry-After", "1")
		fail(w, twirp.NewError(twirp.ResourceExhausted, "too many requests with this API key"))
		return nil, false
	}
	return context.WithValue(r.Context(), askedKey{}, a), true
}

// read reads the request's body before its method runs, so that none waits for
// a client, and answers itself when it is too large.
func (s *Service) read(w http.ResponseWriter, r *http.Request, granted bool) bool {
	most := int64(maxBody)
	if !granted {
		most = maxUnvouched
	}
	if r.Body == nil || r.Body == http.NoBody {
		return true
	}
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(readTime)) // tests' recorders have none
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	_ = control.SetReadDeadline(time.Time{})
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large) && !granted:
		fail(w, denied())
		return false
	case errors.As(err, &large):
		fail(w, twirp.NewErrorf(twirp.Malformed, "the request is larger than %d bytes", maxBody))
		return false
	case err != nil:
		fail(w, twirp.NewError(twirp.Malformed, "the request could not be read"))
		return false
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.ContentLength = int64(len(body))
	return true
}

// denied is LiveKit's answer to who may not: 401, not 403.
func denied() twirp.Error { return twirp.NewError(twirp.Unauthenticated, "permissions denied") }

// admin returns the grant of who may do what they like in the room of that name.
func admin(ctx context.Context, room string) (grant.Grant, error) {
	a := askedOf(ctx)
	if !a.granted || !a.grant.Video.Admin(room) {
		return grant.Grant{}, denied()
	}
	return a.grant, nil
}
