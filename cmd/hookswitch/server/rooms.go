package server

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/vars"
	"github.com/hookswitch/hookswitch/telephony"
)

// meeting makes the host: who talks on a call, and who listens.
func (s *Server) meeting() (err error) {
	s.host, err = room.New(room.Config{
		Store: s.store.Rooms(), Node: s.node,
		Resolve: s.party, Automatic: s.automatic, Called: s.called,
		Speak: s.speak, Listen: s.hearAlong,
		Journal: func(ctx context.Context, id telephony.CallID) ([]agentcore.Entry, error) {
			return s.store.Journal(ctx, id, 0)
		},
		Offer: s.offer, Log: s.log,
	})
	if err != nil {
		return fmt.Errorf("server: rooms: %w", err)
	}
	return nil
}

// meet lets agents into the rooms of calls, until ctx ends.
func (s *Server) meet(ctx context.Context) {
	var wg sync.WaitGroup
	if s.crew != nil {
		wg.Go(func() {
			if err := s.crew.Run(ctx); err != nil && ctx.Err() == nil {
				s.log.Error("LiveKit's agent workers are not served any more", "error", err)
			}
		})
	}
	if err := s.host.Run(ctx); err != nil && ctx.Err() == nil {
		s.log.Error("agents are not let into calls any more", "error", err)
	}
	wg.Wait()
}

// party says who answers to a name in a workspace: an agent's file, then an
// agent of the API, by name or UUID. One that can't be had now is not found: a
// LiveKit agent may have the same name.
func (s *Server) party(ctx context.Context, workspace, name string) (room.Party, error) {
	files := s.files.Load()
	if f, ok := files.Find(workspace, name); ok {
		return s.ofFile(ctx, workspace, f)
	}
	if files.Off(workspace, name) { // whoever else has that name
		return room.Party{}, fmt.Errorf("%w: its file says that it is not enabled", room.ErrUnfit)
	}
	return s.ofRoster(ctx, workspace, name)
}

// ofRoster is an agent of the API.
func (s *Server) ofRoster(ctx context.Context, workspace, name string) (room.Party, error) {
	a, err := s.store.Agent(ctx, workspace, name)
	if errors.Is(err, roster.ErrNotFound) && name != "" {
		var named []roster.Agent
		if named, err = s.store.ListAgents(ctx, workspace, roster.AgentFilter{Name: name}); err == nil && len(named) == 0 {
			err = roster.ErrNotFound
		}
		if err == nil { // names need not be unique: the oldest keeps its name
			a = slices.MinFunc(named, func(a, b roster.Agent) int { return a.Created.Compare(b.Created) })
		}
	}
	switch {
	case errors.Is(err, roster.ErrNotFound):
		return room.Party{}, room.ErrNotFound
	case err != nil:
		return room.Party{}, fmt.Errorf("server: who is sent: %w", err)
	}
	route, err := s.routeTo(ctx, a)
	if err != nil {
		return room.Party{}, err
	}
	if route.Refuse != "" {
		return room.Party{}, fmt.Errorf("%w: %s", room.ErrUnfit, route.Why)
	}
	return room.Party{Kind: room.Own, AgentUUID: a.UUID, Version: a.Version}, nil
}

// called is whose room a call has, and what it was called.
func (s *Server) called(ctx context.Context, id telephony.CallID) (workspace, name string, err error) {
	r, err := s.store.Call(ctx, id)
	return r.Workspace, r.Room, err
}

// engage makes the agent of j that of a call which came by a door without one.
// That it can't be noted keeps nobody from talking.
func (s *Server) engage(ctx context.Context, r dispatch.Record, j room.Job) {
	if !r.Foreign || r.AgentUUID != "" || j.AgentUUID == "" {
		return
	}
	v, err := s.store.Version(ctx, r.Workspace, j.AgentUUID, j.Version)
	if err == nil {
		err = s.store.SetAgent(ctx, r.ID, dispatch.Route{
			Agent: v.Name, AgentUUID: j.AgentUUID, Version: j.Version, PostCall: hook(v.Definition, roster.PostCall),
		})
	}
	if err != nil {
		s.log.Warn("whose call it is could not be noted", "call", r.ID, "error", err)
	}
}

// sentTo is the record of a call as the agent of j sees it: who it is, and what
// its texts may name. What the call brought goes before the agent's defaults, and
// these before the defaults of the call's own agent.
func (s *Server) sentTo(ctx context.Context, r dispatch.Record, j room.Job) (dispatch.Record, error) {
	if j.ID == "" || j.AgentUUID == "" || j.AgentUUID == r.AgentUUID {
		return r, nil
	}
	v, err := s.store.Version(ctx, r.Workspace, j.AgentUUID, j.Version)
	if err != nil {
		return r, fmt.Errorf("server: who is sent: %w", err)
	}
	brought, err := vars.Decode(r.Variables)
	if err != nil {
		return r, fmt.Errorf("server: the call's variables: %w", err)
	}
	own := vars.Set{}
	if r.AgentUUID != "" {
		first, err := s.store.Version(ctx, r.Workspace, r.AgentUUID, r.Version)
		if err != nil {
			return r, fmt.Errorf("server: the call's own agent: %w", err)
		}
		own = vars.Set(first.Variables)
	}
	r.AgentUUID, r.Version, r.Agent = j.AgentUUID, j.Version, j.Agent
	r.Variables = object(vars.Merge(brought, vars.Set(v.Variables), other(brought, own)))
	return r, nil
}

// other are those of set that are not as they are in than.
func other(set, than vars.Set) vars.Set {
	out := vars.Set{}
	for name, v := range set {
		if was, ok := than[name]; !ok || vars.Text(was) != vars.Text(v) {
			out[name] = v
		}
	}
	return out
}

// holding is the record of a call as the agent sees it that has the floor.
func (s *Server) holding(ctx context.Context, r dispatch.Record) (dispatch.Record, error) {
	past, err := s.store.Journal(ctx, r.ID, 0)
	if err != nil {
		return r, fmt.Errorf("server: who has the floor: %w", err)
	}
	now, err := agentcore.Resume(past)
	if err != nil || now.Floor == "" {
		return r, err
	}
	j, err := s.store.Rooms().Job(ctx, now.Floor)
	if err != nil {
		return r, fmt.Errorf("server: who has the floor: %w", err)
	}
	return s.sentTo(ctx, r, j)
}
