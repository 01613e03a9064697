package main

import (
	"github.com/alecthomas/kong"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
)

// settings gives a command a flag for each setting, made from the table.
type settings struct {
	File string `name:"config" placeholder:"FILE" help:"Read settings from FILE. Default hookswitch.yaml, if it exists (HOOKSWITCH_CONFIG)."`

	kong.Plugins
	given func() map[string]string
}

// plug must come before kong looks at the command.
func (s *settings) plug() {
	target, given := config.Flags()
	s.Plugins, s.given = kong.Plugins{target}, given
}

// load reads the settings from the flags that were given, environ and the file.
func (s *settings) load(environ []string) (*config.Loaded, error) {
	return config.Load(config.Input{Flags: s.given(), Path: s.File, Environ: environ})
}
