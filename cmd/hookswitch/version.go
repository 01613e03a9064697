package main

import (
	"fmt"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
)

// version is set by the Makefile (-ldflags "-X main.version=...").
var version = "0.1.0"

type versionCmd struct{}

// Run prints one line.
func (versionCmd) Run(s streams) error {
	_, err := fmt.Fprintln(s.out, server.Headline(version))
	return err
}
