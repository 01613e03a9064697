package server

import (
	"context"
	"errors"
	"fmt"
	"reflect"

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
		return filesFault(s.c.AgentsDir, err)
	}
	s.settle(set)
	return nil
}

// filesFault tells every mistake in the agents' files at once, or why their folder
// can't be read.
func filesFault(dir string, err error) error {
	var list fault.List
	for _, err := range flat(err) {
		f := &fault.Fault{What: err.Error(), Where: fault.Keep("agents_dir: " + dir), Mend: "a folder that this user may read, or an empty agents_dir for no agents",
			Code: "start/agents", Exit: fault.Wrong, Err: err}
		if p := new(agentfile.Problem); errors.As(err, &p) {
			f.What, f.Where = p.What, fault.Keep(p.In(dir))
			f.Mend = "a file that is right: " + fault.Keep("deploy/agents/agent-live-captions.yaml")
		}
		list.Faults = append(list.Faults, f)
	}
	list.Title = fmt.Sprintf("%d mistakes in the agents' files, nothing was started", len(list.Faults))
	return &list
}

// flat are the errors that err joins; err itself if it is one.
func flat(err error) []error {
	if all, ok := err.(interface{ Unwrap() []error }); ok {
		return all.Unwrap()
	}
	return []error{err}
}

// settle makes set what is known of agents' files.
func (s *Server) settle(set agentfile.Set) {
	if reflect.DeepEqual(set, *s.files.Load()) {
		return // who watches tells at once what was read a moment ago
	}
	var automatic, manual []string
	for _, a := range set.Agents {
		for _, note := range a.Notes {
			s.log.Warn("an agent's file asks for something that nobody here does", "at", note)
		}
		switch {
		case a.Enabled && a.Automatic:
			automatic = append(automatic, a.Name)
		case a.Enabled:
			manual = append(manual, a.Name)
		}
	}
	s.files.Store(&set)
	s.log.Info("the agents' files are read", "come_to_every_call", automatic, "come_when_sent", manual)
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
