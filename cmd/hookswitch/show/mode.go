package show

import (
	"os"

	"golang.org/x/term"
)

// Widths in columns.
const (
	defaultWidth = 100 // where nothing tells another
	maxWidth     = 100 // wider terminals are left empty at the right
	minWidth     = 24  // what is narrower is treated as this
)

// Flags are the command line's say in how a call is shown. The tags are kong's.
type Flags struct {
	Plain bool   `help:"No colours, no live line, ASCII only."`
	Color string `help:"When to use colours: auto, always or never." enum:"auto,always,never" default:"auto"`
	JSON  bool   `name:"json" help:"Print the calls' journals on stdout, one entry a line, instead of the transcript."`
}

// Mode is how a [Screen] writes.
type Mode struct {
	Color bool // escape sequences of the 16 colours; else text says it all
	Live  bool // status is a terminal that a line can be redrawn on
	JSON  bool // entries as JSON instead of the transcript
	Width int  // columns. Zero means 100
}

// Detect decides how to write to out and status from the flags, from the
// environment (NO_COLOR, TERM) and from whether each is a terminal. What was
// asked for on the command line beats the environment.
func Detect(f Flags, out, status *os.File, getenv func(string) string) Mode {
	return detect(f, terminal(out), terminal(status), getenv)
}

// tty is what there is to know of an output.
type tty struct {
	is    bool
	width int // 0 when unknown
}

func terminal(f *os.File) tty {
	if f == nil || !term.IsTerminal(int(f.Fd())) {
		return tty{}
	}
	w, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		w = 0
	}
	return tty{true, w}
}

func detect(f Flags, out, status tty, getenv func(string) string) Mode {
	m := Mode{JSON: f.JSON, Width: out.width}
	if m.Width <= 0 {
		m.Width = defaultWidth
	}
	quiet := f.Plain || f.Color == "never" || getenv("TERM") == "dumb"
	asked := f.Color == "always"
	if getenv("NO_COLOR") != "" && !asked {
		quiet = true
	}
	m.Color = !quiet && (out.is || asked) && !f.JSON
	m.Live = !quiet && status.is
	return m
}

// Plain is a Mode for a pipe: no escapes, 100 columns.
func Plain() Mode { return Mode{Width: defaultWidth} }
