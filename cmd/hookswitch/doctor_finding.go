package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"

	v2 "github.com/hookswitch/hookswitch/cmd/hookswitch/rest/v2"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
)

// States of a [finding].
const (
	holds = "ok"
	fails = "FAIL"
	noted = "note" // neither: it was not looked at, or is only told
)

// finding is what one check found.
type finding struct {
	State string `json:"state"` // ok, FAIL or note
	Name  string `json:"name"`
	Text  string `json:"text"`
	Mend  string `json:"mend,omitempty"`
}

// findingOf is a road's step as a finding.
func findingOf(s v2.RoadStep) finding {
	f := finding{State: fails, Name: strings.ReplaceAll(s.Name, "_", " "), Text: s.Text, Mend: s.Mend}
	switch {
	case s.OK:
		f.State = holds
	case s.Note:
		f.State = noted
	}
	return f
}

// verdicts prints findings, a line or a few for each.
type verdicts struct {
	w     io.Writer
	width int // columns that may be used
	color bool
}

const (
	findingsAt   = 20  // column at which a finding's text begins
	widestReport = 100 // wider terminals are left empty at the right
)

// verdictsOn prints to s.out: in 80 columns, or as many as there are.
func verdictsOn(s streams) verdicts {
	v := verdicts{w: s.out, width: 80}
	file, _ := s.out.(*os.File)
	mode := show.Detect(show.Flags{Color: "auto"}, file, nil, s.variable)
	if isTerminal(s.out) {
		v.width, v.color = min(mode.Width, widestReport), mode.Color
	} else if n, err := strconv.Atoi(s.variable("COLUMNS")); err == nil && n >= 40 {
		v.width = min(n, widestReport)
	}
	return v
}

// add prints f. Colours say nothing that its words don't.
func (v verdicts) add(f finding) {
	state := fmt.Sprintf("%-5s", f.State)
	switch {
	case v.color && f.State == holds:
		state = "\x1b[32m" + state + "\x1b[0m"
	case v.color && f.State == fails:
		state = "\x1b[1;31m" + state + "\x1b[0m"
	}
	v.hang(fmt.Sprintf("  %s %-11s ", state, f.Name), findingsAt, f.Text)
	if f.Mend != "" {
		v.under("mend: " + f.Mend)
	}
}

// under prints text below a finding's.
func (v verdicts) under(text string) { v.hang(strings.Repeat(" ", findingsAt), findingsAt, text) }

// hang prints text behind lead, which takes indent columns, and every further
// line of it under its first word.
func (v verdicts) hang(lead string, indent int, text string) {
	for _, line := range broken(unbroken(show.Clean(text)), v.width-indent) {
		fmt.Fprintln(v.w, strings.TrimRight(lead+strings.ReplaceAll(line, "\u00a0", " "), " "))
		lead = strings.Repeat(" ", indent)
	}
}

// unbroken keeps a command at the end of text, behind its last colon, in one
// piece: it is for copying.
func unbroken(text string) string {
	i := strings.LastIndex(text, ": ")
	if i < 0 {
		return text
	}
	command := text[i+2:]
	for _, name := range []string{"hookswitch ", "curl ", "openssl "} {
		if strings.HasPrefix(command, name) && !strings.Contains(command, "  ") {
			return text[:i+2] + strings.ReplaceAll(command, " ", "\u00a0")
		}
	}
	return text
}

// broken cuts text at its spaces into lines of at most width columns. What is
// longer without one stays whole.
func broken(text string, width int) []string {
	lines, used := []string{""}, 0
	for _, word := range strings.Split(text, " ") {
		n := utf8.RuneCountInString(word)
		last := len(lines) - 1
		switch {
		case used == 0:
			lines[last], used = word, n
		case used+1+n <= width:
			lines[last], used = lines[last]+" "+word, used+1+n
		default:
			lines, used = append(lines, word), n
		}
	}
	return lines
}
