package livekit

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/grant"
	"github.com/hookswitch/hookswitch/telephony"
)

// Entry is what a stream may do that came with a good token: be a call in a
// room.
type Entry struct {
	Workspace  string
	Room       string // its name
	Direction  telephony.Direction
	Identity   string // the caller's as a participant; may be empty
	Name       string
	Metadata   string
	Attributes map[string]string
	Agents     []room.Dispatch // to be sent there with the call: see [room.Host.Enter]
}

// OpenDoor looks at the token with which a stream came, of a call that its
// carrier calls carrier: one of ConnectTwilioCall's, for one call; or an access
// token that allows its bearer to join a room and says which, for as many calls
// as there are rooms of that name, until it expires.
//
// A token that is not good is [room.ErrNotFound] or a [grant.Refused]; one that
// was for another call, [room.ErrTaken]. Any other error means that it could not
// be looked at.
func (s *Service) OpenDoor(ctx context.Context, token, carrier string) (Entry, error) {
	if strings.Count(token, ".") == 2 {
		return s.join(ctx, token)
	}
	if len(token) != doorToken {
		return Entry{}, room.ErrNotFound
	}
	d, err := s.cfg.Doors.SpendDoor(ctx, roster.HashKey(token), carrier, s.cfg.Now())
	if err != nil {
		return Entry{}, fmt.Errorf("livekit: open a door: %w", err)
	}
	if good, err := s.cfg.Verifier.Good(ctx, d.Workspace, d.Key); err != nil {
		return Entry{}, fmt.Errorf("livekit: open a door: %w", err)
	} else if !good { // it was taken back since
		return Entry{}, room.ErrNotFound
	}
	return Entry{
		Workspace: d.Workspace, Room: d.Room, Direction: d.Direction, Identity: d.Identity, Name: d.Name,
		Metadata: d.Metadata, Attributes: d.Attributes, Agents: d.Agents,
	}, nil
}

// denials of an access token that is good, but not for a call.
const (
	noJoin   grant.Refused = "permissions denied"
	badEntry grant.Refused = "invalid authorization token: what it says of the room or the participant is not valid"
)

// join is the entry that an access token grants. A call speaks and hears: who
// may not do both is no caller.
func (s *Service) join(ctx context.Context, token string) (Entry, error) {
	g, err := s.cfg.Verifier.Verify(ctx, token)
	if err != nil {
		return Entry{}, fmt.Errorf("livekit: open a door: %w", err)
	}
	no := func(may *bool) bool { return may != nil && !*may }
	if !g.Video.RoomJoin || g.Video.Room == "" || no(g.Video.CanPublish) || no(g.Video.CanSubscribe) {
		return Entry{}, noJoin
	}
	agents, err := agentsOf(g.RoomConfig.GetAgents())
	if errors.Join(err, checkRoom(g.Video.Room), checkName("identity", g.Identity), checkName("name", g.Name),
		checkMetadata(g.Metadata), checkAttributes(g.Attributes)) != nil {
		return Entry{}, badEntry
	}
	return Entry{
		Workspace: g.Workspace, Room: g.Video.Room, Direction: telephony.Inbound, Identity: g.Identity, Name: g.Name,
		Metadata: g.Metadata, Attributes: g.Attributes, Agents: agents,
	}, nil
}
