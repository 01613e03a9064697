package server

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/tools"
	"github.com/hookswitch/hookswitch/agentcore/tools/remote"
	"github.com/hookswitch/hookswitch/agentcore/vars"
)

// person is who answers one call: what its record says, and the version of the
// agent that it runs.
type person struct {
	agent    agentcore.Agent
	wish     wish // who shall play its parts
	keywords []string
	tools    []tools.Tool
	vars     vars.Set
	answers  *agentcore.Answering // what it does about who answers a call of ours; nil: nobody need find out
}

// defaultGreeting is what an agent says whose definition doesn't.
const defaultGreeting = "Hello, how can I help you?"

// person is who answers the call of r.
func (s *Server) person(ctx context.Context, r dispatch.Record) (person, error) {
	p := person{agent: s.mind.agent, wish: s.mind.wish, tools: s.mind.tools}
	var err error
	if p.vars, err = vars.Decode(r.Variables); err != nil { // numbers as they were written: some are accounts
		return person{}, fmt.Errorf("server: the call's variables: %w", err)
	}
	if r.AgentUUID == "" {
		p.answers = s.mind.answering(r)
		return p, nil
	}
	v, err := s.store.Version(ctx, r.Workspace, r.AgentUUID, r.Version)
	if err != nil {
		return person{}, fmt.Errorf("server: the agent's version: %w", err)
	}
	d := v.Definition
	if d.LLM == nil || d.ASR == nil || d.Turn == nil {
		return person{}, errors.New("server: the agent's configuration is incomplete") // route and dispatch refuse it
	}
	p.agent, p.wish, p.keywords, p.tools = manners(d), wishes(r.Workspace, d), d.ASR.Keywords, s.abilities(d)
	if handing := s.handing(d, r, p.vars); handing != nil {
		p.tools = append(p.tools, handing)
	}
	p.tools = append(p.tools, s.keying(d, p.tools)...)
	p.answers = answering(d, r, p.wish.language)
	if detecting := detecting(d, p.answers); detecting != nil {
		p.tools = append(p.tools, detecting)
	}
	return p, s.remember(ctx, r, &p)
}

// wishes are who shall play the parts of d.
func wishes(workspace string, d roster.Definition) wish {
	w := wish{
		workspace: workspace, hears: d.ASR.Choices(), format: d.ASR.AudioFormat, language: "en-US",
		thinks: d.LLM.Choices(), temperature: &d.LLM.Temperature, effort: text(d.LLM.ReasoningEffort),
		speaks: d.VoiceUUIDs(), own: d.Keys,
	}
	if len(d.Languages) > 0 {
		w.language = d.Languages[0]
	}
	return w
}

// manners are the words and times of d.
func manners(d roster.Definition) agentcore.Agent {
	a := agentcore.Agent{
		Name: d.Name, Greeting: defaultGreeting, StillThere: "Are you still there?",
		EndpointWait: time.Duration(d.Turn.EndpointWaitMS) * time.Millisecond,
		Silence:      seconds(d.Turn.Timeout), SilenceEnd: seconds(d.Turn.SilenceEnd),
	}
	if d.Greeting != nil {
		a.Greeting = *d.Greeting
	}
	if d.LLM.Prompt != nil {
		a.Prompt = *d.LLM.Prompt
	}
	return a
}

// seconds is a time of the API. Never is -1; no time at all would hang up on
// everybody, so that 0 means never, too.
func seconds(n int) time.Duration {
	if n <= 0 {
		return -1
	}
	return time.Duration(n) * time.Second
}

// abilities are the tools of d: the gateway's own that are active, then the
// user's. The script's own tools come with the script. One that can't be made
// is told, and no reason not to answer.
func (s *Server) abilities(d roster.Definition) []tools.Tool {
	all, err := remote.Of(d, s.client, s.traced)
	if err != nil {
		s.log.Warn("an agent has tools that can't be used", "agent", d.Name, "error", err)
	}
	if text(d.LLM.Provider) != scriptProvider {
		return all
	}
	for _, own := range s.mind.tools {
		if own.Spec().Name != tools.EndCallName && own.Spec().Name != roster.CollectDigits && !slices.ContainsFunc(all, func(t tools.Tool) bool { return t.Spec().Name == own.Spec().Name }) {
			all = append(all, own)
		}
	}
	return all
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
