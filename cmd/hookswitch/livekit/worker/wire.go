package worker

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/pb"
)

// errMalformed means that a message is neither what it says nor anything that a
// newer worker might say.
var errMalformed = errors.New("worker: malformed message")

// parse reads a message: JSON when it came as text, protobuf otherwise. One of a
// kind that we do not know has no content, as newer workers may send.
func parse(text bool, body []byte) (*pb.WorkerMessage, error) {
	m := new(pb.WorkerMessage)
	var err error
	if text {
		err = protojson.UnmarshalOptions{DiscardUnknown: true, RecursionLimit: 32}.Unmarshal(body, m)
	} else {
		err = proto.UnmarshalOptions{DiscardUnknown: true, RecursionLimit: 32}.Unmarshal(body, m)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %v", errMalformed, err)
	}
	return m, nil
}

func encode(text bool, m *pb.ServerMessage) ([]byte, error) {
	if text {
		return protojson.Marshal(m)
	}
	return proto.Marshal(m)
}

// The messages that we send.

func registered(id string, info *pb.ServerInfo) *pb.ServerMessage {
	return &pb.ServerMessage{Message: &pb.ServerMessage_Register{
		Register: &pb.RegisterWorkerResponse{WorkerId: id, ServerInfo: info}}}
}

func available(job *pb.Job) *pb.ServerMessage {
	return &pb.ServerMessage{Message: &pb.ServerMessage_Availability{
		Availability: &pb.AvailabilityRequest{Job: job}}}
}

func assignment(job *pb.Job, url, token string) *pb.ServerMessage {
	return &pb.ServerMessage{Message: &pb.ServerMessage_Assignment{
		Assignment: &pb.JobAssignment{Job: job, Url: &url, Token: token}}}
}

func termination(job string) *pb.ServerMessage {
	return &pb.ServerMessage{Message: &pb.ServerMessage_Termination{
		Termination: &pb.JobTermination{JobId: job}}}
}

func pong(to *pb.WorkerPing, millis int64) *pb.ServerMessage {
	return &pb.ServerMessage{Message: &pb.ServerMessage_Pong{
		Pong: &pb.WorkerPong{LastTimestamp: to.GetTimestamp(), Timestamp: millis}}}
}

func noToken(to *pb.CreateJobTokenRequest) *pb.ServerMessage {
	return &pb.ServerMessage{Message: &pb.ServerMessage_CreateJobToken{
		CreateJobToken: &pb.CreateJobTokenResponse{RequestId: to.GetRequestId(), Error: "not supported here"}}}
}

func goAway() *pb.ServerMessage {
	return &pb.ServerMessage{Message: &pb.ServerMessage_GoAway{
		GoAway: &pb.AgentHttp_GoAway{Reason: "the gateway goes away"}}}
}

// onWire is a job as workers see it: Running already, in worker's hands.
func onWire(j room.Job, d room.Dispatch, roomName, worker string, now int64) *pb.Job {
	return &pb.Job{
		Id:         j.ID,
		DispatchId: j.Dispatch,
		Type:       pb.JobType_JT_ROOM,
		Room:       &pb.Room{Sid: j.Room, Name: roomName},
		Metadata:   d.Metadata,
		AgentName:  j.Agent,
		Deployment: d.Deployment,
		Attributes: d.Attributes,
		ThreadId:   d.Thread,
		CreatedAt:  j.Created.UnixNano(),
		State: &pb.JobState{
			Status:    pb.JobStatus_JS_RUNNING,
			WorkerId:  worker,
			StartedAt: now,
			UpdatedAt: now,
		},
	}
}

// loadOf is a worker's load, between 0 and 1. What is no number is full.
func loadOf(load float32) float64 {
	if math.IsNaN(float64(load)) {
		return 1
	}
	return min(max(float64(load), 0), 1)
}

// checkRegister says what is wrong with a registration; empty: nothing.
func checkRegister(r *pb.RegisterWorkerRequest) string {
	switch {
	case pb.JobType_name[int32(r.GetType())] == "":
		return "unknown job type"
	case len(r.GetAgentName()) > room.MaxName:
		return "agent_name is too long"
	case len(r.GetNamespace()) > room.MaxName:
		return "namespace is too long"
	case len(r.GetDeployment()) > room.MaxName:
		return "deployment is too long"
	case len(r.GetInstanceId()) > room.MaxName:
		return "instance_id is too long"
	}
	return ""
}

// fits reports whether what a worker says of its participant is in bounds.
func fits(a *pb.AvailabilityResponse) bool {
	size := 0
	for k, v := range a.GetParticipantAttributes() {
		size += len(k) + len(v)
	}
	return len(a.GetParticipantIdentity()) <= room.MaxName &&
		len(a.GetParticipantName()) <= room.MaxName &&
		len(a.GetParticipantMetadata()) <= room.MaxMetadata &&
		size <= room.MaxAttributes
}

// maxWhy bounds the text with which a job failed, in bytes.
const maxWhy = 500

// reasonFrom makes a worker's own words for a failure fit to be shown: one line,
// bounded, and without anything that may be a phone number.
func reasonFrom(words string) string {
	words = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(words[:min(len(words), 4*maxWhy)], ""))
	words = withoutNumbers(strings.Join(strings.Fields(words), " "))
	return strings.ToValidUTF8(words[:min(len(words), maxWhy)], "")
}

// withoutNumbers writes an ellipsis for every run of seven digits or more,
// whatever separates them as people do in phone numbers.
func withoutNumbers(words string) string {
	var out strings.Builder
	for i := 0; i < len(words); {
		digits, end := 0, i
		for k := i; k < len(words); k++ {
			c := words[k]
			if c >= '0' && c <= '9' {
				digits, end = digits+1, k+1
			} else if digits == 0 || !strings.ContainsRune(" -.()/", rune(c)) {
				break
			}
		}
		if digits >= 7 {
			out.WriteString("…")
			i = end
			continue
		}
		next := max(end, i+1)
		out.WriteString(words[i:next])
		i = next
	}
	return out.String()
}
