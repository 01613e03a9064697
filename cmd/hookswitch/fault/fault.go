// Package fault is what the command says when something is wrong: what, where,
// and what to type about it.
package fault

import (
	"context"
	"errors"
	"strings"
)

// Exit statuses, the same for every command.
const (
	Held        = 0   // all that was asked for held
	CheckFailed = 1   // a check failed
	Wrong       = 2   // wrong flags or configuration; nothing was started
	Impossible  = 3   // set-up impossible: models, port, disk
	Interrupted = 130 // the person pressed Ctrl-C
)

// Fault is one mistake or failure, told so that a person can act on it. Its
// texts hold no secret, no phone number and no word spoken in a call.
//
// A run of words that must stay on one line, such as a command or a path, goes
// through [Keep].
type Fault struct {
	What  string // what is wrong, in the user's words; lower-case, no full stop
	Where string // the flag, the variable, or file:line:column
	Mend  string // something to type
	Code  string // stable, explained in docs/errors.md: "config/public-url"
	Exit  int    // the command's exit status. Zero means [Impossible]
	Err   error  // what was met, when it was an error; may be nil
}

// Error returns the first line only, without the code.
func (f *Fault) Error() string { return clean(f.What) }

// Unwrap returns the error that f tells of, if there is one.
func (f *Fault) Unwrap() error { return f.Err }

// List is several faults that are told at once.
type List struct {
	Title  string // "%d mistakes in the configuration, nothing was started", filled in by the maker
	Faults []*Fault
}

// Error returns the first lines of all faults, joined.
func (l *List) Error() string {
	texts := make([]string, len(l.Faults))
	for i, f := range l.Faults {
		texts[i] = f.Error()
	}
	return strings.Join(texts, "; ")
}

// Unwrap gives each fault to [errors.Is] and [errors.As].
func (l *List) Unwrap() []error {
	errs := make([]error, len(l.Faults))
	for i, f := range l.Faults {
		errs[i] = f
	}
	return errs
}

// ErrCheckFailed is returned by a command that ran well and found that
// something did not hold, and has already said what.
var ErrCheckFailed = errors.New("a check failed")

// Status returns the exit status for what a command returned.
func Status(err error) int {
	var list *List
	var f *Fault
	switch {
	case err == nil:
		return Held
	case errors.As(err, &list) && len(list.Faults) > 0:
		return list.Faults[0].exit()
	case errors.As(err, &f):
		return f.exit()
	case errors.Is(err, context.Canceled):
		return Interrupted
	case errors.Is(err, ErrCheckFailed):
		return CheckFailed
	}
	return Impossible
}

func (f *Fault) exit() int {
	if f.Exit == 0 {
		return Impossible
	}
	return f.Exit
}

// hard is the space that no line is broken at.
const hard = "\u00a0"

// Keep marks s, a command or a path, as one that is never broken over lines.
func Keep(s string) string { return strings.ReplaceAll(s, " ", hard) }

// clean makes s, which may hold what somebody typed, harmless to a terminal.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\u00a0':
			return ' '
		case r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0):
			return '\ufffd'
		}
		return r
	}, s)
}
