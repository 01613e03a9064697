package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"github.com/hookswitch/hookswitch/agentcore/llm/script"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
)

// configCmd is about settings; none of it starts anything.
type configCmd struct {
	Show  configShowCmd  `cmd:"" help:"Print what holds and where it came from; secrets masked."`
	Check configCheckCmd `cmd:"" help:"Read the settings and name every mistake."`
	Init  configInitCmd  `cmd:"" help:"Write a file with every setting, commented out."`
	Docs  configDocsCmd  `cmd:"" help:"Explain settings, all or those under a name."`

	Script configScriptCmd `cmd:"" help:"Print the built-in demo agent's dialogue, to start one of your own from."`
}

type configShowCmd struct {
	Settings settings `embed:""`
}

// Run prints one setting a line.
func (c *configShowCmd) Run(s streams) error {
	l, err := c.Settings.load(s.environ)
	if err != nil {
		return err
	}
	l.WriteShown(s.out)
	return nil
}

type configCheckCmd struct {
	Settings settings `embed:""`
}

// Run says ok, or all that is wrong.
func (c *configCheckCmd) Run(s streams) error {
	l, err := c.Settings.load(s.environ)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "ok    %s\n", l.Origin())
	return err
}

type configInitCmd struct {
	File  string `name:"config" placeholder:"FILE" default:"hookswitch.yaml" help:"Write FILE. Default ${default}."`
	Force bool   `help:"Write over a file that exists."`
}

// Run writes the file, and never over one that is there.
func (c *configInitCmd) Run(s streams) error {
	var text bytes.Buffer
	config.WriteFile(&text)
	mode := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if c.Force {
		mode = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(c.File, mode, 0o600) // it will hold secrets
	if err != nil {
		return c.refused(err)
	}
	_, err = f.Write(text.Bytes())
	if err := errors.Join(err, f.Close()); err != nil {
		return c.refused(err)
	}
	_, err = fmt.Fprintf(s.out, "wrote %s, every setting at its default\nnext  edit it, then: hookswitch config check\n", c.File)
	return err
}

func (c *configInitCmd) refused(err error) error {
	f := &fault.Fault{What: "the configuration file can't be written", Where: fault.Keep("--config " + c.File), Mend: fault.Keep("hookswitch config init --config OTHER.yaml"), Code: "config/file", Exit: fault.Impossible, Err: err}
	if errors.Is(err, os.ErrExist) {
		f.What, f.Exit = c.File+" exists already", fault.Wrong
		f.Mend += "      (or write over it: " + fault.Keep("--force") + ")"
	}
	return f
}

type configDocsCmd struct {
	Topic    string `arg:"" optional:"" help:"A setting, or what several begin with, such as agent."`
	Markdown bool   `help:"As docs/config.md."`
}

// Run explains.
func (c *configDocsCmd) Run(s streams) error {
	if c.Markdown {
		config.WriteMarkdown(s.out)
		return nil
	}
	if config.WriteDocs(s.out, c.Topic) {
		return nil
	}
	mend := "all settings: " + fault.Keep("hookswitch config docs")
	if near := fault.Nearest(c.Topic, config.Topics()); near != "" {
		mend = "did you mean " + near + "? " + mend
	}
	return &fault.Fault{What: fmt.Sprintf("%q is not a setting", c.Topic), Where: fault.Keep("hookswitch config docs " + c.Topic), Mend: mend, Code: "config/unknown", Exit: fault.Wrong}
}

type configScriptCmd struct{}

// Run prints the file as it is.
func (configScriptCmd) Run(s streams) error {
	_, err := s.out.Write(script.DemoYAML())
	return err
}
