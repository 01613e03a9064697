package livekit

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/twitchtv/twirp"

	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/pb"
)

// wish is the dispatch that r asks for, without its room. What is wrong with r
// is invalid_argument, in LiveKit's words where it has some.
func wish(r *pb.RoomAgentDispatch) (room.Dispatch, error) {
	join, err := room.JoinOf(r.GetMetadata())
	if errors.Is(err, room.ErrJoin) {
		return room.Dispatch{}, invalid(strings.TrimPrefix(err.Error(), "room: "))
	}
	policy, ok := pb.JobRestartPolicy_name[int32(r.GetRestartPolicy())]
	if !ok {
		return room.Dispatch{}, invalid("restart_policy is none of JRP_ON_FAILURE, JRP_NEVER")
	}
	for _, err := range []error{
		checkName("agent_name", r.GetAgentName()),
		checkName("thread_id", r.GetThreadId()),
		checkMetadata(r.GetMetadata()),
		checkAttributes(r.GetAttributes()),
		checkDeployment(r.GetDeployment()),
	} {
		if err != nil {
			return room.Dispatch{}, err
		}
	}
	return room.Dispatch{
		Agent: r.GetAgentName(), Metadata: r.GetMetadata(), Attributes: r.GetAttributes(), Deployment: r.GetDeployment(),
		Thread: r.GetThreadId(), Restart: policy, Join: join,
	}, nil
}

func invalid(why string) error { return twirp.NewError(twirp.InvalidArgument, why) }

// checkName refuses what is no name. Spaces are allowed, and so is no name.
func checkName(field, name string) error {
	if len(name) > room.MaxName {
		return invalid(fmt.Sprintf("%s is longer than %d bytes", field, room.MaxName))
	}
	if strings.ContainsFunc(name, unicode.IsControl) {
		return invalid(field + " has a control character")
	}
	return nil
}

// checkRoom is checkName with LiveKit's words for a room's.
func checkRoom(name string) error {
	if len(name) > room.MaxName {
		return invalid("room name length exceeds limits")
	}
	return checkName("room", name)
}

func checkMetadata(metadata string) error {
	if len(metadata) > room.MaxMetadata {
		return invalid("metadata size exceeds limits")
	}
	return checkText("metadata", metadata)
}

func checkAttributes(attributes map[string]string) error {
	size := 0
	for k, v := range attributes {
		size += len(k) + len(v)
	}
	if size > room.MaxAttributes {
		return invalid("attribute size exceeds limits")
	}
	for k, v := range attributes {
		if err := checkText("attributes", k+v); err != nil {
			return err
		}
	}
	return nil
}

// checkText refuses the one character that Postgres cannot keep.
func checkText(field, text string) error {
	if strings.ContainsRune(text, 0) {
		return invalid(field + " has a NUL character")
	}
	return nil
}

// maxDeployment is how long the name of a deployment may be, in bytes.
const maxDeployment = 64

// checkDeployment is LiveKit's rule: the name is a part of other names there.
func checkDeployment(name string) error {
	bad := func(r rune) bool { return r == '_' || unicode.IsSpace(r) || unicode.IsControl(r) }
	if len(name) > maxDeployment || strings.ContainsFunc(name, bad) {
		return invalid(fmt.Sprintf("deployment is longer than %d bytes, or has an underscore, a space or a control character", maxDeployment))
	}
	return nil
}
