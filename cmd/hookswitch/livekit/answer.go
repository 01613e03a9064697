package livekit

import (
	"time"

	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/pb"
)

// dispatchOf is d in LiveKit's words.
func dispatchOf(d room.Dispatch) *pb.AgentDispatch {
	state := &pb.AgentDispatchState{
		CreatedAt: nanoseconds(d.Created),
		DeletedAt: nanoseconds(d.Deleted),
		Trigger:   pb.AgentDispatchTrigger(pb.AgentDispatchTrigger_value[string(d.Trigger)]),
	}
	for _, j := range d.Jobs {
		state.Jobs = append(state.Jobs, jobOf(d, j))
	}
	return &pb.AgentDispatch{
		Id: d.ID, AgentName: d.Agent, Room: d.RoomName, Metadata: d.Metadata, State: state,
		RestartPolicy: pb.JobRestartPolicy(pb.JobRestartPolicy_value[d.Restart]),
		Deployment:    d.Deployment, Attributes: d.Attributes, ThreadId: d.Thread,
	}
}

// jobOf is a job of d. Its room and metadata are d's, and are not said again:
// there may be half a megabyte of it.
func jobOf(d room.Dispatch, j room.Job) *pb.Job {
	return &pb.Job{
		Id: j.ID, DispatchId: d.ID, Type: pb.JobType_JT_ROOM, AgentName: j.Agent, Deployment: d.Deployment,
		CreatedAt: nanoseconds(j.Created), ThreadId: d.Thread,
		State: &pb.JobState{
			Status:              pb.JobStatus(pb.JobStatus_value[string(j.Status)]),
			Reason:              pb.JobStateReason(pb.JobStateReason_value[j.Reason]),
			Error:               j.Error,
			StartedAt:           nanoseconds(j.Started),
			EndedAt:             nanoseconds(j.Ended),
			UpdatedAt:           nanoseconds(j.Updated),
			ParticipantIdentity: j.Identity,
			WorkerId:            j.Worker,
			AgentId:             j.AgentUUID,
			AcceptedAt:          nanoseconds(j.Accepted),
			AssignedAt:          nanoseconds(j.Assigned),
			FirstStartedAt:      nanoseconds(j.FirstStarted),
			Attempts:            uint32(max(j.Attempts, 0)),
			WorkersAsked:        uint32(max(j.Asked, 0)),
		},
	}
}

// nanoseconds is t since 1970; 0: never.
func nanoseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}
