package server

import (
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/llm/openai"
	"github.com/hookswitch/hookswitch/agentcore/llm/script"
	"github.com/hookswitch/hookswitch/agentcore/tools"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
)

// mind is the settings' own agent: its model, its manners and what it can do.
type mind struct {
	model  llm.Model
	script *script.Script // also of agents of the API that are set to it
	agent  agentcore.Agent
	tools  []tools.Tool
	name   string // of the model, for people to read
	close  func() error
}

// newMind makes the settings' own agent. Its words are the
// script's, whichever model thinks, unless the settings say otherwise.
func newMind(c config.Config, log *slog.Logger) (mind, error) {
	s, err := dialogue(c.Script)
	if err != nil {
		return mind{}, err
	}
	m := mind{model: s, script: s, name: "script", close: func() error { return nil }, tools: []tools.Tool{tools.EndCall(), tools.Book()}}
	if c.LLM == "openai" {
		remote, err := openai.New(openai.Config{BaseURL: c.OpenAI.BaseURL, Key: c.OpenAI.Key, Model: c.OpenAI.Model, Log: log})
		if err != nil {
			return mind{}, &fault.Fault{What: "the model can't be used: " + err.Error(), Where: "the settings under openai",
				Mend: fault.Keep("hookswitch config docs openai"), Code: "config/model", Exit: fault.Wrong, Err: err}
		}
		m.model, m.name, m.close = remote, c.OpenAI.Model, remote.Close
	}
	m.agent = agentcore.Agent{
		Name: c.Agent.Name, Prompt: or(c.Agent.Prompt, s.Prompt), Greeting: or(c.Agent.Greeting, s.Greeting),
		Apology: s.Apology, StillThere: s.StillThere,
		EndpointWait: c.Agent.EndpointWait, PauseWait: c.Agent.PauseWait,
		Silence: c.Agent.Silence, MaxDuration: c.Agent.MaxDuration,
	}
	return m, knows(m.tools, s, c.Script)
}

// dialogue reads the script's file, or takes the built-in one.
func dialogue(path string) (*script.Script, error) {
	if path == "" {
		return script.Demo(), nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, &fault.Fault{What: "the script can't be read: " + errors.Unwrap(err).Error(), Where: fault.Keep("script: " + path),
			Mend: "name a file that is there, or none for the built-in demo agent", Code: "script/file", Exit: fault.Wrong, Err: err}
	}
	s, err := script.Load(text)
	var wrong *script.Error
	if errors.As(err, &wrong) {
		return nil, mistakes(path, wrong)
	}
	return s, err
}

// mistakes tells every mistake of a script at once.
func mistakes(path string, e *script.Error) error {
	l := &fault.List{Title: fmt.Sprintf("%d mistakes in the script, nothing was started", len(e.Mistakes))}
	for _, m := range e.Mistakes {
		l.Faults = append(l.Faults, &fault.Fault{What: m.Text, Where: fault.Keep(fmt.Sprintf("%s:%d:%d", path, m.Line, m.Column)),
			Mend: "an example to start from: " + fault.Keep("hookswitch config script"), Code: "script/mistake", Exit: fault.Wrong})
	}
	return l
}

// knows checks that every tool that the script may call is there.
func knows(have []tools.Tool, s *script.Script, path string) error {
	set, err := tools.NewSet(have...)
	if err != nil {
		return err
	}
	for _, name := range s.Tools() {
		if _, ok := set.Get(name); !ok {
			return &fault.Fault{What: fmt.Sprintf("the script calls %q, which is not a tool here", name), Where: fault.Keep("script: " + path),
				Mend: "tools are book and end_call", Code: "script/tool", Exit: fault.Wrong}
		}
	}
	return nil
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
