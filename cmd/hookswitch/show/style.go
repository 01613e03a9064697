package show

import "strings"

// style is a set of SGR parameters of the 16 colours (ECMA-48 8.3.117), all of
// them legible on black and on white. No style says what words don't.
type style string

const (
	none    style = ""
	bold    style = "1"
	unheard style = "2;9" // dim and struck through
	red     style = "31"
	badly   style = "1;31"
	green   style = "32"
	yellow  style = "33"
	blue    style = "34"
	magenta style = "35"
	cyan    style = "36"
	grey    style = "90"
)

// Gaps in milliseconds from which a person starts to notice, and to mind.
const (
	gapNoticed = 800
	gapMinded  = 1200
)

func gapStyle(ms int64) style {
	switch {
	case ms < gapNoticed:
		return green
	case ms < gapMinded:
		return yellow
	}
	return red
}

// printer builds lines for one Screen.
type printer struct {
	b     strings.Builder
	color bool
	cols  int // all that may be used
}

func (s *Screen) printer() *printer {
	return &printer{color: s.mode.Color, cols: min(max(s.mode.Width, minWidth), maxWidth)}
}

// edge is the column that the numbers at the right end at.
func (p *printer) edge() int { return min(p.cols-2, 92) }

func (p *printer) put(text string, st style) {
	if st == none || !p.color || text == "" {
		p.b.WriteString(text)
		return
	}
	p.b.WriteString("\x1b[" + string(st) + "m" + text + "\x1b[0m")
}

func (p *printer) spans(line []span) {
	for _, s := range line {
		p.put(s.text, s.style)
	}
}

func (p *printer) spaces(n int) { p.b.WriteString(strings.Repeat(" ", max(n, 0))) }

func (p *printer) newline() { p.b.WriteByte('\n') }

// verbatim prints a line of our own making: see styled.
func (p *printer) verbatim(line string) { p.styled(none, line) }

// styled prints a line of our own making as it is when it fits. Otherwise it is
// broken under its first word, where it has a wide gap if that will do.
func (p *printer) styled(st style, line string) {
	text := strings.TrimLeft(line, " ")
	indent := min(len(line)-len(text), p.cols/2)
	used := 0
	for phrase := range strings.SplitSeq(text, "  ") {
		phrase = strings.TrimLeft(phrase, " ")
		if phrase == "" {
			continue
		}
		if used > 0 && used+gapWide+columns(phrase) <= p.cols {
			p.spaces(gapWide)
			p.put(phrase, st)
			used += gapWide + columns(phrase)
			continue
		}
		used = p.phrase(st, phrase, indent, used > 0)
	}
	p.newline()
}

// gapWide is what stands between the phrases of a line.
const gapWide = 3

// phrase begins a line with a phrase, which goes over several if need be. It
// returns how far the last reaches.
func (p *printer) phrase(st style, text string, indent int, broken bool) int {
	hang := indent
	if broken {
		p.newline()
		hang += 2
	}
	last := 0
	for i, l := range wrap(p.cols-indent-2, span{text, st}) {
		if i > 0 {
			p.newline()
			hang = indent + 2
		}
		p.spaces(hang)
		p.spans(l)
		last = hang + width(l)
	}
	return last
}
