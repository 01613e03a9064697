package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
)

type agentEditCmd struct {
	Name string `arg:"" help:"A name or uuid."`
	reach
	hushed
	careful
}

// Run opens the agent's file in $VISUAL or $EDITOR, and applies it when it was
// changed. A file that can't be applied stays, to be mended.
func (c *agentEditCmd) Run(ctx context.Context, s streams) error {
	editor := cmp.Or(s.variable("VISUAL"), s.variable("EDITOR"), "vi")
	ask, err := c.dial(s)
	if err != nil {
		return err
	}
	a, err := findAgent(ctx, ask, c.Name)
	ask.Close()
	if err != nil {
		return err
	}
	var before bytes.Buffer
	if err := writeAgent(&before, a, true); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "hookswitch-agent-*")
	if err != nil {
		return err
	}
	file := filepath.Join(dir, "agent.yaml")
	if err := os.WriteFile(file, before.Bytes(), 0o600); err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	words := strings.Fields(editor)
	cmd := exec.CommandContext(ctx, words[0], append(words[1:], file)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.Env = s.in, s.out, s.err, s.environ
	if err := cmd.Run(); err != nil {
		return &fault.Fault{What: "the editor failed: " + err.Error(), Where: "VISUAL or EDITOR", Mend: "EDITOR=nano " + fault.Keep("hookswitch agent edit "+quoted(c.Name)), Code: "agent/editor", Exit: fault.Impossible, Err: errors.Join(err, os.RemoveAll(dir))}
	}
	after, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if bytes.Equal(before.Bytes(), after) {
		fmt.Fprintf(s.out, "agent %s   v%d, no change\n", show.Clean(a.Agent.Name), a.Version)
		return os.RemoveAll(dir)
	}
	apply := agentApplyCmd{File: []string{file}, reach: c.reach, output: output{Output: "auto"}, hushed: c.hushed, dangerous: dangerous{careful: c.careful}}
	if err := apply.Run(ctx, s); err != nil {
		c.note(s, "your changes are kept in %s; mend them there, then: hookswitch agent apply -f %s", file, file)
		return err
	}
	return os.RemoveAll(dir)
}
