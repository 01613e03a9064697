package agentfile

import (
	"fmt"
	"path/filepath"

	"gopkg.in/yaml.v3"
)

// Problem is one mistake in a file. Its text tells no value of a key that may be
// secret.
type Problem struct {
	File         string // its base name
	Line, Column int    // from 1; 0: it is about the whole file
	What         string
}

// Error is "agent-x.yaml:7:3: load_threshold must be ...".
func (p *Problem) Error() string { return p.In("") + ": " + p.What }

// In is where p is in the folder dir: "dir/agent-x.yaml:7:3".
func (p *Problem) In(dir string) string {
	at := filepath.Join(dir, p.File)
	if p.Line == 0 {
		return at
	}
	return fmt.Sprintf("%s:%d:%d", at, p.Line, p.Column)
}

// mostProblems of one file are told; who has more is not helped by them.
const mostProblems = 50

// reader walks one file, and remembers what is wrong with it.
type reader struct {
	file     string
	problems []error
	notes    []string
}

// bad tells a mistake at n; nil is the whole file.
func (r *reader) bad(n *yaml.Node, format string, args ...any) {
	if len(r.problems) < mostProblems {
		r.problems = append(r.problems, r.at(n, format, args...))
	}
}

// note tells what has no effect here.
func (r *reader) note(n *yaml.Node, format string, args ...any) {
	if len(r.notes) < mostProblems {
		r.notes = append(r.notes, r.at(n, format, args...).Error())
	}
}

func (r *reader) at(n *yaml.Node, format string, args ...any) *Problem {
	p := &Problem{File: r.file, What: fmt.Sprintf(format, args...)}
	if n != nil {
		p.Line, p.Column = max(n.Line, 1), max(n.Column, 1)
	}
	return p
}

// clip is what somebody typed, as it may be shown.
func clip(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		s = string(r[:most-1]) + "…"
	}
	return fmt.Sprintf("%q", s)
}
