package show

import (
	"fmt"
	"strings"
)

// Files are what a command left, named as the person can use them.
type Files struct {
	Page string   // the HTML page; empty for none
	Data []string // JSON, journals
}

// Step is something to do next.
type Step struct {
	Command string // to type
	What    string // it does
}

// Finish prints the verdicts, the files, and what to do next, which is the last
// line that a person sees. With [Mode.JSON] the verdicts go to status.
func (s *Screen) Finish(r Result, f Files, next ...Step) {
	p := s.printer()
	p.checks(r, f)
	p.verdict(r)
	if s.mode.JSON {
		s.write(s.status, p.b.String())
		return
	}
	p.files(r, f)
	p.next(next)
	s.print(p)
}

// Columns of the checks, and of what a file is.
const (
	nameAt = 9
	whatAt = 44
)

// words prints phrases that must not be broken: beside each other when they
// fit, else one below the other.
func (p *printer) words(in int, sep string, phrases []string) {
	if len(phrases) == 0 {
		return
	}
	if line := strings.Join(phrases, sep); in+columns(line) <= p.cols {
		phrases = []string{line}
	}
	for _, ph := range phrases {
		p.spaces(in)
		p.b.WriteString(ph + "\n")
	}
}

// Anchor is the place of a turn in the page that `hookswitch report` writes:
// call-2-turn-3. Turn 0 is the call itself.
func Anchor(call, turn int) string {
	if turn == 0 {
		return fmt.Sprintf("call-%d", call)
	}
	return fmt.Sprintf("call-%d-turn-%d", call, turn)
}

func (p *printer) verdict(r Result) {
	score := fmt.Sprintf("%d of %d in %.0f s", r.Held(), len(r.Checks), float64(r.TookMS)/1000)
	if len(r.Checks) == 0 {
		score = fmt.Sprintf("%.0f s", float64(r.TookMS)/1000)
	}
	switch {
	case r.Interrupted:
		p.outcome("STOPPED", yellow, "interrupted after "+score, "exit status 130")
	case !r.Pass:
		p.outcome("FAIL", badly, score, "exit status 1")
	default:
		p.outcome("PASS", green, score, "")
	}
	if r.Gap.Turns == 0 || r.Interrupted || !r.Pass {
		p.newline()
		return
	}
	gap := fmt.Sprintf("gap: median %s, worst %s (call %d, turn %d)",
		millis(r.Gap.MedianMS), millis(r.Gap.WorstMS), r.Gap.Call, r.Gap.Turn)
	if head := columns(" PASS  " + score); head+5+columns(gap) <= p.cols {
		p.b.WriteString("     " + gap + "\n")
		return
	}
	p.newline()
	p.under(7, gap, none)
}

// outcome prints the verdict without the end of its line.
func (p *printer) outcome(word string, st style, score, status string) {
	p.spaces(1)
	p.put(word, st)
	p.b.WriteString("  " + score)
	if status == "" {
		return
	}
	used := columns(word) + 3 + columns(score)
	if used+2+len(status) > p.edge() {
		p.newline()
		used = 0
	}
	p.spaces(p.edge() - len(status) - used)
	p.b.WriteString(status)
}

func (p *printer) files(r Result, f Files) {
	var hear []string
	for _, c := range r.Calls {
		if c.Recording != "" {
			hear = append(hear, Clean(c.Recording))
		}
	}
	p.file("hear", hear, "left the caller, right the agent")
	if f.Page != "" {
		what := "the call as a page; needs no server"
		if n := len(r.Calls); n == 2 {
			what = "both calls as a page; needs no server"
		} else if n > 2 {
			what = "all calls as a page; needs no server"
		}
		p.file("see ", []string{Clean(f.Page)}, what)
	}
	p.file("data", f.Data, "")
}

// file prints paths, never broken, and what they are.
func (p *printer) file(label string, paths []string, what string) {
	if len(paths) == 0 {
		return
	}
	line := strings.Join(paths, "  ")
	if what != "" {
		wide := fmt.Sprintf("%-*s  %s", whatAt-nameAt-2, line, what)
		if line += "     " + what; nameAt+columns(wide) <= p.cols {
			line = wide
		}
	}
	if nameAt+columns(line) <= p.cols {
		p.b.WriteString("   " + label + "  " + line + "\n")
		return
	}
	for n, path := range paths {
		if n == 0 {
			p.b.WriteString("   " + label + "  ")
		} else {
			p.spaces(nameAt)
		}
		p.b.WriteString(path + "\n")
	}
	if what != "" {
		p.under(nameAt+2, what, grey)
	}
}

func (p *printer) next(steps []Step) {
	label := " Next:  "
	long := 0
	for _, st := range steps {
		long = max(long, columns(st.Command))
	}
	for _, st := range steps {
		p.put(label, bold)
		line := fmt.Sprintf("%-*s    %s", long, st.Command, st.What)
		if len(label)+columns(line) <= p.cols {
			p.b.WriteString(line + "\n")
		} else {
			p.b.WriteString(st.Command + "\n")
			p.under(10, st.What, none)
		}
		label = "        "
	}
}
