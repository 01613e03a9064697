package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/models"
	"github.com/hookswitch/hookswitch/agentcore/tts/flite"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/booth"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/persona"
)

// personas reads and prepares every persona that was named.
func (c *simCmd) personas(ctx context.Context, s streams) (map[string]*persona.Script, error) {
	cast, speaks := map[string]persona.Persona{}, false
	for _, file := range append(append([]string{}, c.Phone...), c.Call...) {
		p, err := readPersona(file)
		if err != nil {
			return nil, personaFault(file, err)
		}
		if _, again := cast[file]; again {
			continue
		}
		if p.Number == "" {
			p.Number = fmt.Sprintf("+141555501%02d", (34+len(cast))%100) // kept for fiction
		}
		cast[file] = p
		speaks = speaks || p.Speaks()
	}
	var voice handset.Voice
	if speaks {
		v, closeVoice, err := c.voice(ctx, s)
		if err != nil {
			return nil, err
		}
		defer closeVoice()
		voice = v
	}
	scripts := map[string]*persona.Script{}
	for file, p := range cast {
		var err error
		if scripts[file], err = p.Prepare(ctx, persona.Sound{Voice: voice, Open: persona.OpenWAV(filepath.Dir(file))}); err != nil {
			return nil, personaFault(file, err)
		}
	}
	return scripts, nil
}

// readPersona reads a file, or takes one that is built in, if there is no file
// of its name.
func readPersona(name string) (persona.Persona, error) {
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		if p, unknown := persona.Builtin(name); !errors.Is(unknown, persona.ErrUnknown) {
			return p, unknown
		}
	}
	if err != nil {
		return persona.Persona{}, err
	}
	return persona.Parse(name, text)
}

// callerVoice differs from the agent's, so that one can tell who speaks.
const callerVoice = "rms"

// voice speaks the personas' lines.
func (c *simCmd) voice(ctx context.Context, s streams) (handset.Voice, func(), error) {
	dir, err := c.dir(s.environ)
	if err != nil {
		return nil, nil, err
	}
	set, err := models.Open(dir)
	if err != nil {
		return nil, nil, modelFault(ctx, err)
	}
	v, err := flite.New(ctx, flite.Config{Models: set, Voice: callerVoice})
	if err != nil {
		return nil, nil, modelFault(ctx, err)
	}
	return booth.Voice(v), func() { v.Close(context.WithoutCancel(ctx)) }, nil
}

func personaFault(file string, err error) error {
	f := &fault.Fault{What: err.Error(), Where: fault.Keep(file), Mend: "a persona is YAML: name, number, and lines such as " + fault.Keep("- say: When are you open?") + ", " + fault.Keep(`- press: "1"`) + ", " + fault.Keep("- hangup: true"), Code: "persona/mistake", Exit: fault.Wrong, Err: err}
	var m persona.Mistake
	var pe *os.PathError
	switch {
	case errors.As(err, &pe):
		f.What, f.Code, f.Mend = "the persona can't be read: "+pe.Err.Error(), "persona/file", "name a file that is there, or one that is built in: "+strings.Join(persona.Builtins(), ", ")
	case errors.As(err, &m) && m.Line > 0:
		f.What, f.Where = m.Text, fault.Keep(fmt.Sprintf("%s:%d", file, m.Line))
	}
	return f
}
