package fault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// Plain is the width used where there is no terminal, in columns.
const Plain = 100

// narrow is the smallest width that texts are laid out for.
const narrow = 40

// Width returns the width of f in columns: its own if it is a terminal, else
// [Plain].
func Width(f *os.File) int {
	if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
		return w
	}
	return Plain
}

// Write tells err to a person, laid out for width columns. It writes nothing
// for nil, for [ErrCheckFailed] (already told) and for a cancelled context.
func Write(w io.Writer, err error, width int) {
	width = max(width, narrow)
	var list *List
	var f *Fault
	var b strings.Builder
	switch {
	case err == nil, errors.Is(err, ErrCheckFailed), errors.Is(err, context.Canceled):
		return
	case errors.As(err, &list) && len(list.Faults) == 1:
		list.Faults[0].write(&b, "hookswitch: ", width)
	case errors.As(err, &list):
		fmt.Fprintf(&b, "hookswitch: %s\n", clean(list.Title))
		for i, f := range list.Faults {
			b.WriteByte('\n')
			f.write(&b, fmt.Sprintf("%2d ", i+1), width)
		}
	case errors.As(err, &f):
		f.write(&b, "hookswitch: ", width)
	default:
		hang(&b, "hookswitch: ", err.Error(), "", width)
	}
	io.WriteString(w, b.String())
}

func (f *Fault) write(b *strings.Builder, lead string, width int) {
	code := ""
	if f.Code != "" {
		code = "[" + f.Code + "]"
	}
	hang(b, lead, f.What, code, width)
	if f.Where != "" {
		hang(b, "   where   ", f.Where, "", width)
	}
	if f.Mend != "" {
		hang(b, "   mend    ", f.Mend, "", width)
	}
}

// hang writes text behind lead, wrapped at width, each further line under the
// first word. tail is put at the right edge of the last line.
func hang(b *strings.Builder, lead, text, tail string, width int) {
	indent := min(utf8.RuneCountInString(lead), width/2)
	lines := wrap(text, width-indent)
	for i, line := range lines {
		if i == 0 {
			b.WriteString(lead)
		} else {
			b.WriteString(strings.Repeat(" ", indent))
		}
		b.WriteString(line)
		if i == len(lines)-1 && tail != "" {
			b.WriteString(right(line, tail, indent, width))
		}
		b.WriteByte('\n')
	}
}

// right returns the gap and tail that put tail at the right edge behind line,
// on a line of its own when there is no room.
func right(line, tail string, indent, width int) string {
	used, need := indent+utf8.RuneCountInString(line), utf8.RuneCountInString(tail)
	if used+2+need <= width {
		return strings.Repeat(" ", width-used-need) + tail
	}
	return "\n" + strings.Repeat(" ", max(width-need, indent)) + tail
}

// wrap cuts text at its ordinary spaces into lines of at most width columns. A
// word that is longer stays whole: a path or a command is for copying.
func wrap(text string, width int) []string {
	var lines []string
	line, length := "", 0
	for text != "" {
		gap := len(text) - len(strings.TrimLeft(text, " "))
		word, rest, found := strings.Cut(text[gap:], " ")
		if found {
			rest = " " + rest
		}
		n := utf8.RuneCountInString(word)
		switch {
		case length == 0:
			line, length = word, n
		case length+gap+n <= width:
			line, length = line+text[:gap]+word, length+gap+n
		default:
			lines = append(lines, clean(line))
			line, length = word, n
		}
		text = rest
	}
	return append(lines, clean(strings.TrimRight(line, " ")))
}
