package server

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/llm/openai"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/tools"
	"github.com/hookswitch/hookswitch/agentcore/tools/remote"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/agentcore/vars"
)

// person is who answers one call: what its record says, and the version of the
// agent that it runs.
type person struct {
	agent  agentcore.Agent
	model  llm.Model
	thinks string // the model, for people to read
	voice  tts.Synthesizer
	tools  []tools.Tool
	vars   vars.Set
}

// defaultGreeting is what an agent says whose definition doesn't.
const defaultGreeting = "Hello, how can I help you?"

// person puts together who answers the call of r. The pieces are shared with
// other calls: nobody closes them.
func (s *Server) person(ctx context.Context, r dispatch.Record, parts *Speech) (person, error) {
	p := person{agent: s.mind.agent, model: s.mind.model, thinks: s.mind.name, voice: parts.Voice, tools: s.mind.tools}
	var err error
	if p.vars, err = vars.Decode(r.Variables); err != nil { // numbers as they were written: some are accounts
		return person{}, fmt.Errorf("server: the call's variables: %w", err)
	}
	if r.AgentUUID == "" {
		return p, nil
	}
	v, err := s.store.Version(ctx, r.Workspace, r.AgentUUID, r.Version)
	if err != nil {
		return person{}, fmt.Errorf("server: the agent's version: %w", err)
	}
	return s.defined(p, v.Definition, parts)
}

// defined makes p the agent of d.
func (s *Server) defined(p person, d roster.Definition, parts *Speech) (person, error) {
	if d.LLM == nil || d.ASR == nil || d.Turn == nil {
		return person{}, errors.New("server: the agent's configuration is incomplete") // route and dispatch refuse it
	}
	p.agent = manners(d)
	var err error
	if p.model, p.thinks, err = s.model(d.LLM); err != nil {
		return person{}, err
	}
	if name, ok := fliteVoice(d.VoiceUUID); ok && parts.Named != nil {
		if p.voice, err = parts.Named(name); err != nil {
			return person{}, err
		}
	}
	p.tools = s.abilities(d)
	return p, nil
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

// model is what thinks for an agent that says l.
func (s *Server) model(l *roster.LLM) (llm.Model, string, error) {
	provider, model := text(l.Provider), text(l.Model)
	switch provider {
	case scriptProvider:
		return s.mind.script, scriptProvider, nil
	case openaiProvider:
		m, err := openai.New(openai.Config{
			BaseURL: s.c.OpenAI.BaseURL, Key: s.c.OpenAI.Key, Model: model,
			Temperature: &l.Temperature, HTTP: s.web, Log: s.log,
		})
		return m, model, err
	}
	return nil, "", fmt.Errorf("server: this build has no client for the model's provider")
}

// abilities are the tools of d: the gateway's own that are active, then the
// user's. The script's own tools come with the script. One that can't be made
// is told, and no reason not to answer.
func (s *Server) abilities(d roster.Definition) []tools.Tool {
	all, err := remote.Of(d, s.client)
	if err != nil {
		s.log.Warn("an agent has tools that can't be used", "agent", d.Name, "error", err)
	}
	if text(d.LLM.Provider) != scriptProvider {
		return all
	}
	for _, own := range s.mind.tools {
		if own.Spec().Name != tools.EndCallName && !slices.ContainsFunc(all, func(t tools.Tool) bool { return t.Spec().Name == own.Spec().Name }) {
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
