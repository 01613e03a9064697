package worker

import (
	"cmp"
	"maps"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/grant"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/pb"
)

// tokenLife is how long an agent may take to enter the room: LiveKit's.
const tokenLife = time.Hour

// agentName is the attribute by which LiveKit's clients find an agent.
const agentName = "lk.agent_name"

// participant is who w's agent is going to be in a room of the operator's
// server: what it said of itself, with no more permissions than it registered
// for, and in that room only.
//
// LiveKit's own server grants agent as well. Whoever has that may register as a
// worker at the operator's server, which offers its unnamed workers every room,
// those of other workspaces, too; what its bearer is in the room, Kind says.
func participant(w *worker, job room.Job, roomName string, a *pb.AvailabilityResponse) grant.Claims {
	attributes := maps.Clone(a.GetParticipantAttributes())
	if attributes == nil {
		attributes = map[string]string{}
	}
	attributes[agentName] = job.Agent
	p := w.permission
	return grant.Claims{
		Identity:   cmp.Or(a.GetParticipantIdentity(), "agent-"+job.ID), // as LiveKit's own workers call themselves
		Name:       a.GetParticipantName(),
		Kind:       "agent",
		Metadata:   a.GetParticipantMetadata(),
		Attributes: attributes,
		Video: grant.Video{
			RoomJoin:             true,
			Room:                 roomName,
			CanPublish:           &p.CanPublish,
			CanSubscribe:         &p.CanSubscribe,
			CanPublishData:       &p.CanPublishData,
			CanPublishSources:    sources(p.GetCanPublishSources()),
			CanUpdateOwnMetadata: &p.CanUpdateMetadata,
			Hidden:               p.GetHidden(),
		},
	}
}

// sources are the names of track sources as tokens have them.
func sources(of []pb.TrackSource) (names []string) {
	for _, s := range of[:min(len(of), len(pb.TrackSource_name))] {
		names = append(names, strings.ToLower(s.String()))
	}
	return names
}
