package declare

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
)

// Look is how changes are printed.
type Look struct {
	Color bool
	Width int  // columns. Zero means 100
	Whole bool // every line of a text that changed, not only how many
}

// pathRoom is the column that says what is new.
const pathRoom = 28

// Print prints changes under a heading, one a line.
func Print(w io.Writer, heading string, changes []Change, l Look) error {
	var b strings.Builder
	b.WriteString(heading + "\n")
	for _, c := range changes {
		path := show.Clean(c.Path)
		text := fit(show.Clean(c.Text), l.width()-max(pathRoom, utf8.RuneCountInString(path))-6)
		line := fmt.Sprintf("  %c %-*s  %s", c.Op, pathRoom, path, text)
		b.WriteString(l.paint(c.Op, strings.TrimRight(line, " ")) + "\n")
		if !l.Whole {
			continue
		}
		for _, line := range c.Lines {
			b.WriteString(l.paint(line.Op, fmt.Sprintf("      %c %s", line.Op, indented(line.Text))) + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (l Look) width() int {
	if l.Width <= 0 {
		return 100
	}
	return l.Width
}

// fit cuts text that is wider than room; a diff's line is for looking at, the
// file has all of it.
func fit(text string, room int) string {
	room = max(room, 20)
	if utf8.RuneCountInString(text) <= room {
		return text
	}
	return string([]rune(text)[:room-3]) + "..."
}

// indented is a line of a text, its indentation kept.
func indented(s string) string {
	text := strings.TrimLeft(s, " ")
	return strings.Repeat(" ", len(s)-len(text)) + show.Clean(text)
}

func (l Look) paint(op byte, line string) string {
	color := map[byte]string{'+': "32", '-': "31", '~': "33"}[op]
	if !l.Color {
		return line
	}
	return "\x1b[" + color + "m" + line + "\x1b[0m"
}
