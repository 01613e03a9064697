package main

import (
	"bufio"
	"cmp"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/client"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/sheet"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
)

// reach is how a command gets to a gateway, which may be on another machine.
type reach struct {
	Server  string        `placeholder:"URL" help:"The gateway to ask. Default http://127.0.0.1:8080 (HOOKSWITCH_SERVER)."`
	APIKey  string        `name:"api-key" placeholder:"KEY" help:"The API key to ask with; better in HOOKSWITCH_API_KEY, where nobody sees it."`
	Timeout time.Duration `default:"30s" placeholder:"DURATION" help:"How long one answer may take. Default 30s."`
}

// dial makes the client. The caller closes it.
func (r reach) dial(s streams) (*client.Client, error) {
	return client.New(client.Config{
		Server:    cmp.Or(r.Server, s.variable("HOOKSWITCH_SERVER")),
		Key:       strings.TrimSpace(cmp.Or(r.APIKey, s.variable("HOOKSWITCH_API_KEY"))),
		Timeout:   r.Timeout,
		UserAgent: "hookswitch/" + version,
	})
}

// variable is a variable of the environment; the last one of a name counts.
func (s streams) variable(name string) string {
	value := ""
	for _, e := range s.environ {
		if k, v, _ := strings.Cut(e, "="); k == name {
			value = v
		}
	}
	return value
}

// output is how a command prints what it found.
type output struct {
	Output string `short:"o" enum:"auto,table,wide,json,yaml,id" default:"auto" placeholder:"FORM" help:"table, wide, json, yaml or id. Default: a table on a terminal, tab-separated values in a pipe."`
}

// mode is how a sheet is printed to s.out.
func (o output) mode(s streams) sheet.Mode {
	m := sheet.Mode{Form: o.form(), Terminal: isTerminal(s.out)}
	if n, err := strconv.Atoi(s.variable("COLUMNS")); err == nil && n >= 40 && n < 1000 {
		m.Width = n
	}
	if f, ok := s.out.(*os.File); ok && m.Terminal {
		m.Width = fault.Width(f)
	}
	return m
}

// form is what was asked for; empty when nothing was.
func (o output) form() string {
	if o.Output == "auto" {
		return ""
	}
	return o.Output
}

// structured reports whether the output is for a program.
func (o output) structured() bool { return o.Output == sheet.JSON || o.Output == sheet.YAML }

// hushed leaves out what is not the result.
type hushed struct {
	Quiet bool `short:"q" help:"Print the result only."`
}

// note tells, on stderr, what is not the result.
func (h hushed) note(s streams, format string, args ...any) {
	if !h.Quiet {
		fmt.Fprintf(s.err, format+"\n", args...)
	}
}

// careful is for verbs that change something.
type careful struct {
	DryRun bool `help:"Say what would be done, and do nothing."`
}

// dangerous is for verbs whose effect can't be taken back.
type dangerous struct {
	careful
	Yes bool `help:"Do it without asking."`
}

// sure asks whether to go on, on a terminal; anywhere else somebody has to have
// said --yes. what is a question without its question mark.
func (d dangerous) sure(s streams, what string) error {
	if d.Yes || d.DryRun {
		return nil
	}
	in, isFile := s.in.(*os.File)
	if !isFile || !isTerminal(in) || !isTerminal(s.err) {
		return &fault.Fault{What: "this can't be taken back, and nobody can be asked: " + what + "?", Where: "no terminal", Mend: "add " + fault.Keep("--yes"), Code: "cli/confirm", Exit: fault.Wrong}
	}
	fmt.Fprintf(s.err, "%s? [y/N] ", show.Clean(what))
	answer, _ := bufio.NewReader(in).ReadString('\n') // an end is a no
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return &fault.Fault{What: "nothing was done", Mend: "answer y, or add " + fault.Keep("--yes"), Code: "cli/confirm", Exit: fault.CheckFailed}
}

// when is a time as a table has it: to the minute, as the clock here shows it.
// The zero time is a dash.
func when(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format("2006-01-02 15:04")
}

// recent is when, shorter: within half a day the hour only.
func recent(t, now time.Time) string {
	t, now = t.Local(), now.Local()
	switch {
	case now.Sub(t) < 12*time.Hour:
		return t.Format("15:04")
	case now.Sub(t) < 180*24*time.Hour:
		return t.Format("Jan _2 15:04")
	}
	return t.Format("2006-01-02")
}

// plural is n of a thing.
func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
