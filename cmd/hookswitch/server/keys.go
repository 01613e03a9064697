package server

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/llm/script"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/tools"
	"github.com/hookswitch/hookswitch/agentcore/tools/digits"
	"github.com/hookswitch/hookswitch/telephony"
)

// keying are the tools with which d has callers key something in, and presses
// keys itself. One that can't be made is told, and no reason not to answer. Names
// of have are taken: agents had tools of their own before there were these.
func (s *Server) keying(d roster.Definition, have []tools.Tool) []tools.Tool {
	all, err := digits.Of(d)
	if err != nil {
		s.log.Warn("an agent has tools for keys that can't be used", "agent", d.Name, "error", err)
	}
	return slices.DeleteFunc(all, func(t tools.Tool) bool {
		return slices.ContainsFunc(have, func(h tools.Tool) bool { return h.Spec().Name == t.Spec().Name })
	})
}

// keyedIn is collect_digits for the slots of a script, as they are when nobody
// sets anything of them; nil when it has none.
func keyedIn(s *script.Script) ([]tools.Tool, error) {
	var slots []digits.Slot
	for _, name := range s.Keyed() {
		slots = append(slots, digits.Slot{Name: name})
	}
	if slots == nil {
		return nil, nil
	}
	parameters, err := json.Marshal(map[string]any{"slots": slots})
	if err != nil {
		return nil, fmt.Errorf("server: what a script has keyed in: %w", err)
	}
	tool, err := digits.Collect(roster.SystemTool{Parameters: parameters})
	if err != nil {
		return nil, err
	}
	return []tools.Tool{tool}, nil
}

// secrets keep what callers keyed in for tools alone from one leg of a call to
// the next on this node. Nothing else holds it. The zero secrets are ready.
type secrets struct {
	mu    sync.Mutex
	calls map[telephony.CallID]*agentcore.Secrets
	order []telephony.CallID // oldest first
}

// mostSecrets bounds of how many calls secrets are kept: the oldest go first, and
// an agent whose caller's are gone asks again.
const mostSecrets = 10_000

// drop forgets those of a call that is over.
func (s *secrets) drop(id telephony.CallID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calls[id] != nil {
		delete(s.calls, id)
		s.order = slices.DeleteFunc(s.order, func(other telephony.CallID) bool { return other == id })
	}
}

// of are those of a call.
func (s *secrets) of(id telephony.CallID) *agentcore.Secrets {
	s.mu.Lock()
	defer s.mu.Unlock()
	if kept := s.calls[id]; kept != nil {
		return kept
	}
	if s.calls == nil {
		s.calls = map[telephony.CallID]*agentcore.Secrets{}
	}
	if len(s.order) == mostSecrets {
		delete(s.calls, s.order[0])
		s.order = s.order[1:]
	}
	s.calls[id] = &agentcore.Secrets{}
	s.order = append(s.order, id)
	return s.calls[id]
}
