package tools

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/llm"
)

// Set is the tools that one agent may use, by name. The zero Set is empty. A
// Set is not changed once made, so many calls may share it.
type Set struct {
	tools map[string]Tool
	specs []llm.Tool // in the order given
}

// NewSet makes a set. Two tools of one name are an error.
func NewSet(tools ...Tool) (Set, error) {
	s := Set{tools: make(map[string]Tool, len(tools))}
	for _, t := range tools {
		spec := t.Spec()
		if s.tools[spec.Name] != nil {
			return Set{}, fmt.Errorf("tools: two tools are named %q", spec.Name)
		}
		s.tools[spec.Name] = t
		s.specs = append(s.specs, spec)
	}
	return s, nil
}

// Specs describes the tools to a model, in the order in which they were given.
func (s Set) Specs() []llm.Tool { return slices.Clone(s.specs) }

// Get finds a tool by its exact name.
func (s Set) Get(name string) (Tool, bool) {
	t, ok := s.tools[name]
	return t, ok
}

// Call runs the tool that a model asked for, unless ctx has ended. A name that
// is not in the set is an [UnknownError]. Whatever the tool, its result's text
// is cut at [MaxResult].
func (s Set) Call(ctx context.Context, name string, in Invocation) (Result, error) {
	t, ok := s.Get(name)
	if !ok {
		return Result{}, &UnknownError{Name: name, Known: s.names()}
	}
	if err := context.Cause(ctx); err != nil {
		return Result{}, fmt.Errorf("tools: %.64s: %w", name, err)
	}
	r, err := t.Call(ctx, in)
	r.Text = Cut(r.Text, MaxResult)
	return r, err
}

func (s Set) names() []string {
	names := make([]string, len(s.specs))
	for i, spec := range s.specs {
		names[i] = spec.Name
	}
	return names
}

// UnknownError says that a model asked for a tool that it was not given.
type UnknownError struct {
	Name  string
	Known []string
}

func (e *UnknownError) Error() string {
	if len(e.Known) == 0 {
		return fmt.Sprintf("tools: there is no tool %.64q; there are none", e.Name)
	}
	return fmt.Sprintf("tools: there is no tool %.64q; there are: %s", e.Name, strings.Join(e.Known, ", "))
}
