package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/client"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
)

type callRecordingCmd struct {
	ID    string `arg:"" help:"The call's id, or its beginning."`
	To    string `short:"O" placeholder:"FILE" help:"Where to; - is standard output. Default the call's id and .wav."`
	Force bool   `help:"Write over a file that exists."`
	reach
}

// Run saves the sound: left the caller, right the agent.
func (c *callRecordingCmd) Run(ctx context.Context, s streams) error {
	ask, err := c.dial(s)
	if err != nil {
		return err
	}
	defer ask.Close()
	v, _, err := findCall(ctx, ask, c.ID)
	if err != nil {
		return err
	}
	path := client.Path("calls", v.ID, "recording")
	name := cmp.Or(c.To, v.ID+".wav")
	if name == "-" {
		_, err := ask.Copy(ctx, path, s.out)
		return err
	}
	mode := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if c.Force {
		mode = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(name, mode, 0o600) // people speak in it
	if err != nil {
		return c.unwritable(name, err)
	}
	n, err := ask.Copy(ctx, path, f)
	if err := errors.Join(err, f.Close()); err != nil {
		os.Remove(name)
		return err
	}
	_, err = io.WriteString(s.out, fmt.Sprintf("%s  %s, left the caller, right the agent\n", name, megabytes(n)))
	return err
}

func (c *callRecordingCmd) unwritable(name string, err error) error {
	f := &fault.Fault{What: "the recording can't be written", Where: fault.Keep("-O " + name), Mend: "another file: " + fault.Keep("-O OTHER.wav"), Code: "call/file", Exit: fault.Impossible, Err: err}
	if errors.Is(err, os.ErrExist) {
		f.What, f.Exit = name+" exists already", fault.Wrong
		f.Mend += "      (or write over it: " + fault.Keep("--force") + ")"
	}
	return f
}
