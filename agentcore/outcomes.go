package agentcore

import (
	"fmt"
	"slices"

	"github.com/hookswitch/hookswitch/agentcore/vars"
)

// filler is why a phrase is said that only bridges the time of a tool. It
// answers nobody.
const filler = "filler"

// bridges reports whether a phrase that is said for why answers nobody.
func bridges(why string) bool { return why == filler || why == tones }

// intend folds a tool that is about to be used.
func (s *State) intend(ev ToolIntent) {
	if ev.Turn == s.Turn {
		s.uses++
	}
	s.Owes = true
	s.items = append(s.items, item{tool: &toolItem{intent: ev}})
}

// result folds what came of a tool.
func (s *State) result(ev ToolResult) error {
	t := s.find(ev.Key)
	if t == nil || t.result != nil {
		return fmt.Errorf("%w: a result for %q, which was not asked for", errEntry, ev.Key)
	}
	t.result = &ev
	switch {
	case ev.End:
		s.Goodbye, s.Owes = !s.machine.aside, false
	case ev.Leave:
		s.Leaving, s.Owes = true, false
	}
	if len(ev.Assigned) > 0 {
		s.Assigned = vars.Merge(s.Assigned, ev.Assigned)
		s.hidden = slices.DeleteFunc(slices.Clone(s.hidden), func(name string) bool { _, other := ev.Assigned[name]; return other })
	}
	return nil
}

// find is the newest use of a tool under key, nil if there is none.
func (s *State) find(key string) *toolItem {
	for i := len(s.items) - 1; i >= 0; i-- {
		if t := s.items[i].tool; t != nil && t.intent.Key == key {
			return t
		}
	}
	return nil
}

// spokeSince reports whether the caller has said anything since a tool was used.
func (s *State) spokeSince(t *toolItem) bool {
	for i := len(s.items) - 1; i >= 0 && s.items[i].tool != t; i-- {
		if s.items[i].caller != "" {
			return true
		}
	}
	return false
}

// repeatable are the uses of tools that were interrupted and may be tried again
// under their keys: safe ones, if the caller has said nothing since.
func (s *State) repeatable() []ToolIntent {
	var all []ToolIntent
	for i := len(s.items) - 1; i >= 0 && s.items[i].caller == ""; i-- {
		if t := s.items[i].tool; t != nil && t.result == nil && t.intent.Safe {
			all = append(all, t.intent)
		}
	}
	slices.Reverse(all)
	return all
}
