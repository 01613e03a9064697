package server

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/asr/live"
	"github.com/hookswitch/hookswitch/agentcore/llm/script"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/tools"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/providers"
)

// mind is the settings' own agent: its manners, what it can do, and who plays its
// parts.
type mind struct {
	script *script.Script // also of agents of the API that are set to it
	agent  agentcore.Agent
	tools  []tools.Tool
	wish   wish

	answers agentcore.Answering // a call that it placed
}

// newMind makes the settings' own agent. Its words are the script's, whichever
// model thinks, unless the settings say otherwise.
func newMind(c config.Config) (mind, error) {
	s, err := dialogue(c.Script)
	if err != nil {
		return mind{}, err
	}
	keyed, err := keyedIn(s)
	if err != nil {
		return mind{}, err
	}
	m := mind{script: s, tools: append([]tools.Tool{tools.EndCall(), tools.Book()}, keyed...), wish: wished(c)}
	m.agent = agentcore.Agent{
		Name: c.Agent.Name, Prompt: or(c.Agent.Prompt, s.Prompt), Greeting: or(c.Agent.Greeting, s.Greeting),
		Apology: s.Apology, StillThere: s.StillThere,
		EndpointWait: c.Agent.EndpointWait, PauseWait: c.Agent.PauseWait,
		Silence: c.Agent.Silence, MaxDuration: c.Agent.MaxDuration,
	}
	m.answers = agentcore.Answering{
		Act: c.Agent.VoicemailMessage != "", Message: c.Agent.VoicemailMessage, Screener: c.Agent.ScreenerMessage,
	}
	if err := possible(c, m.wish); err != nil {
		return mind{}, err
	}
	return m, knows(m.tools, s, c.Script)
}

// wished is who shall play the parts of the settings' own agent.
func wished(c config.Config) wish {
	w := wish{
		workspace: roster.Default, format: string(live.Mulaw), language: "en-US",
		hears:  chosen(c.Speech.Recogniser, map[string]roster.Choice{moonshineProvider: {Provider: moonshineProvider, Model: moonshineModel}}),
		thinks: chosen(c.LLM, map[string]roster.Choice{scriptProvider: {Provider: scriptProvider, Model: scriptModel}, openaiProvider: {Provider: openaiProvider, Model: c.OpenAI.Model}}),
	}
	for v := range strings.SplitSeq(c.Speech.Voice, ",") {
		v = strings.TrimSpace(v)
		if config.VoiceProvider(v) == "" {
			v = flitePrefix + v
		}
		w.speaks = append(w.speaks, v)
	}
	return w
}

// embedded is the first of flite's voices in w, or the one that is understood
// best.
func (w wish) embedded() string {
	for _, uuid := range w.speaks {
		if name, ok := fliteVoice(uuid); ok {
			return name
		}
	}
	return "rms"
}

// outside are those in w that are services elsewhere, for people to read.
func (w wish) outside() []string {
	all := []string{}
	for _, c := range slices.Concat(w.hears, w.thinks) {
		if _, ok := providers.Find(c.Provider); ok {
			all = append(all, c.Provider+"/"+c.Model)
		}
	}
	for _, uuid := range w.speaks {
		if _, ok := fliteVoice(uuid); !ok {
			all = append(all, uuid)
		}
	}
	return all
}

// possible tries whether the models of w can be made with what the settings say,
// before a caller finds out. Keys that the API holds are not looked at.
func possible(c config.Config, w wish) error {
	for _, choice := range w.thinks {
		p, ok := providers.Find(choice.Provider)
		if !ok || p.Thinks == nil {
			continue
		}
		settings := c.Provider(p.Name)
		m, err := p.Thinks.New(providers.Access{Key: settings.Key, BaseURL: settings.BaseURL, HTTP: http.DefaultClient}, providers.Thinking{Model: choice.Model})
		if err != nil {
			return &fault.Fault{What: "the model can't be used: " + err.Error(), Where: "the settings under " + p.Name,
				Mend: fault.Keep("hookswitch config docs " + p.Name), Code: "config/model", Exit: fault.Wrong, Err: err}
		}
		if closer, ok := m.(interface{ Close() error }); ok {
			_ = closer.Close() // it was only tried
		}
	}
	return nil
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
