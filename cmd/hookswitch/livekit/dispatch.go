package livekit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"

	"github.com/twitchtv/twirp"

	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/pb"
)

// dispatcher is livekit.AgentDispatchService.
type dispatcher struct{ *Service }

var _ pb.AgentDispatchService = dispatcher{}

// CreateDispatch sends an agent to a room, and opens the room when there is
// none. It does not ask whether there is such an agent: its worker may come
// later. The answer has no job yet, as a rule.
func (s dispatcher) CreateDispatch(ctx context.Context, r *pb.CreateAgentDispatchRequest) (*pb.AgentDispatch, error) {
	who, err := admin(ctx, r.GetRoom())
	if err != nil {
		return nil, err
	}
	d, err := wish(&pb.RoomAgentDispatch{
		AgentName: r.GetAgentName(), Metadata: r.GetMetadata(), RestartPolicy: r.GetRestartPolicy(),
		Deployment: r.GetDeployment(), Attributes: r.GetAttributes(), ThreadId: r.GetThreadId(),
	})
	if err != nil {
		return nil, err
	}
	if err := checkRoom(r.GetRoom()); err != nil {
		return nil, err
	}
	if err := s.pace(ctx, who.Key); err != nil {
		return nil, err
	}
	d.Workspace, d.RoomName, d.Trigger, d.Created = who.Workspace, r.GetRoom(), room.ByAPI, s.cfg.Now()
	d.RequestKey = requestKey(askedOf(ctx).request)
	d, err = s.cfg.Rooms.Create(ctx, d)
	if err != nil {
		return nil, s.trouble(ctx, "create a dispatch", err)
	}
	return dispatchOf(d), nil
}

// DeleteDispatch takes an agent off a call, which goes on. It answers at once;
// the agent leaves within a few seconds.
func (s dispatcher) DeleteDispatch(ctx context.Context, r *pb.DeleteAgentDispatchRequest) (*pb.AgentDispatch, error) {
	who, err := admin(ctx, r.GetRoom())
	if err != nil {
		return nil, err
	}
	if checkRoom(r.GetRoom()) != nil {
		return nil, errNoRoom() // there can be none
	}
	if checkName("dispatch_id", r.GetDispatchId()) != nil {
		return nil, errNoDispatch()
	}
	d, err := s.cfg.Rooms.Delete(ctx, who.Workspace, r.GetRoom(), r.GetDispatchId())
	if errors.Is(err, room.ErrNotFound) {
		if _, err = s.cfg.Rooms.List(ctx, who.Workspace, r.GetRoom()); err == nil {
			return nil, errNoDispatch()
		}
	}
	if err != nil {
		return nil, s.trouble(ctx, "delete a dispatch", err)
	}
	return dispatchOf(d), nil
}

// ListDispatch lists what stands in a room, or the one dispatch that is asked
// for: none, when it does not stand. There is no GetDispatch: clients ask here.
func (s dispatcher) ListDispatch(ctx context.Context, r *pb.ListAgentDispatchRequest) (*pb.ListAgentDispatchResponse, error) {
	who, err := admin(ctx, r.GetRoom())
	if err != nil {
		return nil, err
	}
	if checkRoom(r.GetRoom()) != nil {
		return nil, errNoRoom() // there can be none
	}
	all, err := s.cfg.Rooms.List(ctx, who.Workspace, r.GetRoom())
	if err != nil {
		return nil, s.trouble(ctx, "list dispatches", err)
	}
	answer := new(pb.ListAgentDispatchResponse)
	for _, d := range all {
		if d.Deleted.IsZero() && (r.GetDispatchId() == "" || r.GetDispatchId() == d.ID) {
			answer.AgentDispatches = append(answer.AgentDispatches, dispatchOf(d))
		}
	}
	return answer, nil
}

// pace holds back who sends agents too fast.
func (s *Service) pace(ctx context.Context, key string) error {
	if s.dispatches.take(key, s.cfg.Now()) {
		return nil
	}
	_ = twirp.SetHTTPResponseHeader(ctx, "Retry-After", "1") // it is in a request
	return twirp.NewError(twirp.ResourceExhausted, "too many dispatches with this API key")
}

// requestKey is what is kept of a request's id: whatever a client sends there,
// it is short and can be stored.
func requestKey(id string) string {
	if id == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:16])
}
