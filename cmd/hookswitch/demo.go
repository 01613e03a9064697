package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/models"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/demo"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
	"github.com/hookswitch/hookswitch/telephony/sim/persona"
)

// demoCmd places three calls over the real protocol and checks them.
type demoCmd struct {
	cacheFlag
	show.Flags
	Out          string `placeholder:"FOLDER" default:"out" help:"Where the recordings, the page and the data go. Default: ${default}."`
	Call         int    `placeholder:"N" help:"Place only call N."`
	Persona      string `placeholder:"FILE" type:"path" help:"Place one call, with the persona in FILE at the far end."`
	ListPersonas bool   `help:"Say who could be at the far end."`
}

// Run demonstrates. Its error is fault.ErrCheckFailed when a check failed.
func (c *demoCmd) Run(ctx context.Context, s streams) error {
	began := time.Now()
	ctx, stop := interruptible(ctx)
	defer stop()
	cast, err := c.cast()
	if err != nil {
		return err
	}
	if c.ListPersonas {
		return list(s.out, cast)
	}
	if c.Call < 0 || c.Call > len(cast) {
		return &fault.Fault{What: fmt.Sprintf("there is no call %d", c.Call), Where: "--call",
			Mend: fmt.Sprintf("a number from 1 to %d: ", len(cast)) + fault.Keep("hookswitch demo --list-personas"), Code: "demo/call", Exit: fault.Wrong}
	}
	screen := screenOf(s, c.Flags)
	screen.Head(fmt.Sprintf("hookswitch %s   carrier simulated on loopback, no account   speech moonshine + flite, built in", version))
	cache, err := c.cache(s.environ)
	if err != nil {
		return err
	}
	dir, err := models.Dir(cache)
	if err != nil {
		return err
	}
	if err := fetch(ctx, dir, screen); err != nil {
		return err
	}
	result, err := demo.Run(ctx, demo.Options{
		Version: version, CacheDir: cache, Out: c.Out, Command: os.Args[0], Personas: cast, Only: c.Call, Screen: screen, Began: began,
	})
	switch {
	case err != nil:
		return err
	case ctx.Err() != nil:
		return context.Canceled
	case !result.Pass:
		return fault.ErrCheckFailed
	}
	return nil
}

// cast is who is at the far end.
func (c *demoCmd) cast() ([]persona.Persona, error) {
	if c.Persona == "" {
		return demo.Personas(), nil
	}
	text, err := os.ReadFile(c.Persona)
	if err == nil {
		var p persona.Persona
		if p, err = persona.Parse(c.Persona, text); err == nil {
			return []persona.Persona{p}, nil
		}
	}
	return nil, &fault.Fault{What: "the persona can't be used: " + err.Error(), Where: fault.Keep("--persona " + c.Persona),
		Mend: "the built-in ones show how: " + fault.Keep("hookswitch demo --list-personas"), Code: "demo/persona", Exit: fault.Wrong, Err: err}
}

// fetch brings the models to dir when they are not there.
func fetch(ctx context.Context, dir string, screen *show.Screen) error {
	if _, err := models.Open(dir); err == nil {
		return nil
	}
	return pull(ctx, dir, false, screen)
}

func list(w io.Writer, cast []persona.Persona) error {
	var err error
	for i, p := range cast {
		_, e := fmt.Fprintf(w, "call %d  %-14s %d lines\n", i+1, p.Name, len(p.Lines))
		err = errors.Join(err, e)
		for _, l := range p.Lines {
			text := l.Say
			if l.Press != "" {
				text = "[" + l.Press + "]"
			}
			_, e := fmt.Fprintf(w, "        %s\n", text)
			err = errors.Join(err, e)
		}
	}
	return err
}

// screenOf is where a command shows calls.
func screenOf(s streams, f show.Flags) *show.Screen {
	out, isFile := s.out.(*os.File)
	status, alsoFile := s.err.(*os.File)
	mode := show.Plain()
	if isFile && alsoFile {
		mode = show.Detect(f, out, status, os.Getenv)
	}
	mode.JSON = f.JSON
	return show.New(s.out, s.err, mode)
}
