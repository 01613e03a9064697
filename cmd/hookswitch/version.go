package main

import (
	"fmt"
	"runtime"

	"github.com/hookswitch/hookswitch/agentcore/models"
)

// version is set by the Makefile (-ldflags "-X main.version=...").
var version = "0.1.0"

type versionCmd struct{}

// Run prints one line.
func (versionCmd) Run(s streams) error {
	_, err := fmt.Fprintln(s.out, headline())
	return err
}

// headline is the first line of everything that a person might paste.
func headline() string {
	hearing := "on"
	if !models.CanRun {
		hearing = "off (built without cgo)"
	}
	return fmt.Sprintf("hookswitch %s   %s %s/%s   recogniser %s", version, runtime.Version(), runtime.GOOS, runtime.GOARCH, hearing)
}
