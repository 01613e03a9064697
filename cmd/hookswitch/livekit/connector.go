package livekit

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/twitchtv/twirp"

	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/grant"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/pb"
	"github.com/hookswitch/hookswitch/telephony"
)

// connector is livekit.Connector.
type connector struct{ *Service }

var _ pb.Connector = connector{}

const (
	// StreamPath is where a stream of any Twilio account comes in; a token follows.
	StreamPath = "/livekit/twilio/"
	// doorLife is how long a call may take to come.
	doorLife = 10 * time.Minute
	// maxAgents is how many agents may come with a call.
	maxAgents = 16
	// doorToken is how long a door's token is: 200 random bits, and no dot, which
	// tells it from an access token.
	doorToken = 40
)

// ConnectTwilioCall makes a door for one call of anybody's Twilio account: a
// stream that comes to the address that it answers with, within ten minutes, is
// in the room. The address is all that it takes: keep it as one keeps a token.
//
// LiveKit's SDKs come with roomCreate. Who is the room's admin may do it as
// well: they could send the same agents there.
func (s connector) ConnectTwilioCall(ctx context.Context, r *pb.ConnectTwilioCallRequest) (*pb.ConnectTwilioCallResponse, error) {
	who, err := connects(ctx, r.GetRoomName())
	if err != nil {
		return nil, err
	}
	d, err := doorOf(r)
	if err != nil {
		return nil, err
	}
	if s.cfg.PublicWS == "" {
		return nil, twirp.NewError(twirp.FailedPrecondition, "the gateway has no public address that a carrier could stream to")
	}
	if err := s.pace(ctx, who.Key); err != nil {
		return nil, err
	}
	token := (rand.Text() + rand.Text())[:doorToken]
	now := s.cfg.Now()
	d.Hash, d.Workspace, d.Key, d.Created, d.Expires = roster.HashKey(token), who.Workspace, who.Key, now, now.Add(doorLife)
	if err := s.cfg.Doors.AddDoor(ctx, d); err != nil {
		return nil, s.trouble(ctx, "make a door", err)
	}
	return &pb.ConnectTwilioCallResponse{ConnectUrl: s.cfg.PublicWS + StreamPath + token}, nil
}

// connects returns the grant of who may let a call into the room of that name.
func connects(ctx context.Context, room string) (grant.Grant, error) {
	a := askedOf(ctx)
	if a.granted && a.grant.Video.RoomCreate {
		return a.grant, nil
	}
	return admin(ctx, room)
}

// doorOf is the door that r asks for, without its token.
func doorOf(r *pb.ConnectTwilioCallRequest) (room.Door, error) {
	if r.GetRoomName() == "" {
		return room.Door{}, invalid("room_name is required")
	}
	direction := telephony.Inbound
	switch r.GetTwilioCallDirection() {
	case pb.ConnectTwilioCallRequest_TWILIO_CALL_DIRECTION_INBOUND:
	case pb.ConnectTwilioCallRequest_TWILIO_CALL_DIRECTION_OUTBOUND:
		direction = telephony.Outbound
	default:
		return room.Door{}, invalid("twilio_call_direction is none of TWILIO_CALL_DIRECTION_INBOUND, TWILIO_CALL_DIRECTION_OUTBOUND")
	}
	for _, err := range []error{
		checkRoom(r.GetRoomName()),
		checkName("participant_identity", r.GetParticipantIdentity()),
		checkName("participant_name", r.GetParticipantName()),
		checkMetadata(r.GetParticipantMetadata()),
		checkAttributes(r.GetParticipantAttributes()),
	} {
		if err != nil {
			return room.Door{}, err
		}
	}
	agents, err := agentsOf(r.GetAgents())
	if err != nil {
		return room.Door{}, err
	}
	return room.Door{
		Room: r.GetRoomName(), Direction: direction, Identity: r.GetParticipantIdentity(), Name: r.GetParticipantName(),
		Metadata: r.GetParticipantMetadata(), Attributes: r.GetParticipantAttributes(), Agents: agents,
	}, nil
}

// agentsOf are the dispatches that a call brings along.
func agentsOf(all []*pb.RoomAgentDispatch) ([]room.Dispatch, error) {
	if len(all) > maxAgents {
		return nil, invalid(fmt.Sprintf("there are more than %d agents", maxAgents))
	}
	var agents []room.Dispatch
	for _, r := range all {
		d, err := wish(r)
		if err != nil {
			return nil, err
		}
		d.Trigger = room.ByJoin
		agents = append(agents, d)
	}
	return agents, nil
}
