package livekit

import (
	"context"
	"errors"
	"strings"

	"github.com/twitchtv/twirp"

	"github.com/hookswitch/hookswitch/agentcore/room"
)

// errNoRoom is LiveKit's word for a room that is not there.
func errNoRoom() error { return twirp.NewError(twirp.NotFound, "requested room does not exist") }

// errNoDispatch is what LiveKit's server answers to a dispatch that is not
// there: its clients know these words.
func errNoDispatch() error {
	return twirp.NewError(twirp.NotFound, "twirp error unknown: dispatch ID not found")
}

// trouble is the answer to err of what was being tried.
func (s *Service) trouble(ctx context.Context, op string, err error) error {
	switch {
	case errors.Is(err, room.ErrNotFound):
		return errNoRoom()
	case errors.Is(err, room.ErrFull):
		_, which, _ := strings.Cut(err.Error(), room.ErrFull.Error())
		return twirp.NewError(twirp.ResourceExhausted, "there are as many as there may be"+which)
	case errors.Is(err, room.ErrUnfit): // an agent of theirs: they may know why
		_, why, _ := strings.Cut(err.Error(), room.ErrUnfit.Error())
		return twirp.NewError(twirp.FailedPrecondition, "the agent can't talk"+why)
	case ctx.Err() != nil: // the client is gone
		return twirp.NewError(twirp.Canceled, "the request was canceled")
	}
	return s.broken(ctx, op, err)
}

// broken notes a failure of our own, of which a client learns no more than that.
func (s *Service) broken(ctx context.Context, op string, err error) twirp.Error {
	s.cfg.Log.ErrorContext(ctx, "livekit: "+op, "workspace", askedOf(ctx).grant.Workspace, "err", err)
	return twirp.NewError(twirp.Unavailable, "try again")
}
