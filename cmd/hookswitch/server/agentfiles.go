package server

import (
	"context"

	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/agentfile"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
)

// readFiles reads the agents' files. At the start a mistake in any of them is a
// mistake; later the last good version stays.
func (s *Server) readFiles() error {
	s.files.Store(&agentfile.Set{})
	if s.c.AgentsDir == "" {
		return nil
	}
	set, err := agentfile.Load(s.c.AgentsDir)
	if err != nil {
		return &fault.Fault{What: "the agents' files can't be used: " + err.Error(), Where: fault.Keep("agents_dir: " + s.c.AgentsDir),
			Mend: "mend the lines that are named; deploy/agents has a file that is right", Code: "start/agents", Err: err}
	}
	s.settle(set)
	return nil
}

// settle makes set what is known of agents' files.
func (s *Server) settle(set agentfile.Set) {
	for _, a := range set.Agents {
		for _, note := range a.Notes {
			s.log.Warn("an agent's file asks for something that nobody here does", "at", note)
		}
	}
	s.files.Store(&set)
}

// watchFiles heeds what changes in the agents' files, until ctx ends.
func (s *Server) watchFiles(ctx context.Context) {
	if s.c.AgentsDir == "" {
		return
	}
	err := agentfile.Watch(ctx, s.c.AgentsDir, s.settle, s.log)
	if err != nil && ctx.Err() == nil {
		s.log.Error("changes of the agents' files are not seen", "error", err)
	}
}

// automatic are the agents that every new call of a workspace gets.
func (s *Server) automatic(workspace string) (all []room.Automatic) {
	for _, a := range s.files.Load().Automatic(workspace) {
		all = append(all, room.Automatic{Agent: a.Dispatched(), Join: a.Join})
	}
	return all
}

// ofFile is the agent of a file.
func (s *Server) ofFile(ctx context.Context, workspace string, a agentfile.Agent) (room.Party, error) {
	switch a.Kind {
	case room.Own:
		who, err := s.ofRoster(ctx, workspace, a.Roster)
		who.Join = a.Join
		return who, err
	case room.Worker:
		return room.Party{Kind: room.Worker, Join: a.Join}, nil
	}
	return room.Party{Kind: a.Kind, Join: room.Listen}, nil
}
