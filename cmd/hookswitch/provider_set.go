package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
)

type providerSetCmd struct {
	Name     string `arg:"" help:"The provider, as provider list shows it."`
	KeyStdin bool   `help:"Read the key from standard input; on a terminal it is asked for, and not shown."`
	KeyFile  string `placeholder:"FILE" help:"Read the key from FILE."`
	reach
	careful
}

// Help is shown above the flags.
func (providerSetCmd) Help() string {
	return "A key is never an argument: every process of this machine could read it there, and the shell's history keeps it. " +
		"It is kept encrypted, and nobody can read it again."
}

// Run sets the key. The next call is with it.
func (c *providerSetCmd) Run(ctx context.Context, s streams) error {
	if c.KeyStdin == (c.KeyFile != "") {
		return keyFault("where does the key come from?")
	}
	ask, err := c.dial(s)
	if err != nil {
		return err
	}
	defer ask.Close()
	p, err := findProvider(ctx, ask, c.Name)
	if err != nil {
		return err
	}
	if p.Source == "built_in" {
		return keyFault(p.Name + " is built in and takes no key")
	}
	key, err := c.key(s)
	if err != nil {
		return err
	}
	if c.DryRun {
		_, err := fmt.Fprintf(s.out, "would set the workspace's key of %s\n", p.Name)
		return err
	}
	if _, err := ask.SetProviderKey(ctx, p.Name, key); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "set the workspace's key of %s\n", p.Name)
	return err
}

// keyLimit bounds what is read for a key, in bytes.
const keyLimit = 4 << 10

// key reads the key: one line, without what stands around it.
func (c *providerSetCmd) key(s streams) (string, error) {
	text, err := c.read(s)
	key := strings.TrimSpace(string(text))
	switch {
	case err != nil:
		return "", err
	case key == "":
		return "", keyFault("there is no key in it")
	case strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) || len(text) > keyLimit:
		return "", keyFault("that is no key: it has several words or lines, or characters that no key has")
	}
	return key, nil
}

func (c *providerSetCmd) read(s streams) ([]byte, error) {
	if c.KeyFile != "" {
		f, err := os.Open(c.KeyFile)
		if err != nil {
			return nil, unread(err)
		}
		defer f.Close()
		text, err := io.ReadAll(io.LimitReader(f, keyLimit+1))
		return text, unread(err)
	}
	if f, ok := s.in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		fmt.Fprintf(s.err, "key of %s (it is not shown): ", c.Name)
		text, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(s.err)
		return text, unread(err)
	}
	text, err := io.ReadAll(io.LimitReader(s.in, keyLimit+1))
	return text, unread(err)
}

// unread tells why a key could not be read.
func unread(err error) error {
	if err == nil {
		return nil
	}
	var path *os.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return keyFault("the key can't be read: " + err.Error())
}

func keyFault(what string) *fault.Fault {
	return &fault.Fault{What: what, Where: fault.Keep("hookswitch provider set"), Mend: fault.Keep("hookswitch provider set NAME --key-stdin") + "   or   " + fault.Keep("--key-file FILE"), Code: "provider/key", Exit: fault.Wrong}
}

// typedKey is the fault of a key that stands on the command line, where others
// see it; nil when args are no such thing. It repeats nothing of them.
func typedKey(args []string) *fault.Fault {
	if len(args) < 4 || args[0] != "provider" || args[1] != "set" {
		return nil
	}
	return keyFault("this is not how a key is set: a key is never an argument, and what follows the provider's name is one of the flags below")
}
