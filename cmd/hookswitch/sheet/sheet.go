// Package sheet prints what a command found: as a table, tab-separated values,
// JSON, YAML or ids. What came from elsewhere cannot steer the terminal.
package sheet

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/declare"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
)

// Forms of the output. The zero form is a table on a terminal, and
// tab-separated values without a header elsewhere.
const (
	Table = "table"
	Wide  = "wide" // a table with all columns, nothing cut
	JSON  = "json" // the API's own
	YAML  = "yaml"
	ID    = "id" // one a line, for xargs
)

// Mode is how a sheet is printed.
type Mode struct {
	Form     string
	Terminal bool // the output is one
	Width    int  // columns of a table. Zero means 100
}

// Column is one of a sheet.
type Column struct {
	Name  string // as the header has it: "AGENT"
	Wide  bool   // only in [Wide]
	Right bool   // numbers stand at the right
	Gives bool   // is cut when the table is wider than the terminal
}

// Sheet is rows of things.
type Sheet struct {
	Columns []Column
	rows    []row
}

type row struct {
	id    string
	cells []string
	item  json.RawMessage
}

// Add adds a thing: what -o id prints of it, the API's JSON, and its cells in
// the order of the columns.
func (s *Sheet) Add(id string, item json.RawMessage, cells ...string) {
	r := row{id: show.Clean(id), item: item}
	for _, c := range cells {
		r.cells = append(r.cells, show.Clean(c))
	}
	s.rows = append(s.rows, r)
}

// Len is how many things there are.
func (s *Sheet) Len() int { return len(s.rows) }

// Write prints all of s. JSON and YAML are a list.
func (s *Sheet) Write(w io.Writer, m Mode) error {
	switch m.Form {
	case JSON, YAML:
		items := make([]json.RawMessage, 0, len(s.rows))
		for _, r := range s.rows {
			items = append(items, r.item)
		}
		all, err := json.Marshal(items)
		if err != nil {
			return fmt.Errorf("sheet: %w", err)
		}
		return Item(w, m.Form, all)
	case ID:
		return s.lines(w, func(r row) string { return r.id })
	case Table, Wide:
		return s.table(w, m)
	}
	if m.Terminal {
		return s.table(w, m)
	}
	return s.lines(w, s.values)
}

// values are the cells of a row that a table has, with tabs between them.
func (s *Sheet) values(r row) string {
	var cells []string
	for i, c := range s.Columns {
		if !c.Wide && i < len(r.cells) {
			cells = append(cells, r.cells[i])
		}
	}
	return strings.Join(cells, "\t")
}

// Item prints one thing in the form JSON or YAML.
func Item(w io.Writer, form string, item json.RawMessage) error {
	if form == YAML {
		return declare.YAML(w, item)
	}
	var b bytes.Buffer
	if err := json.Indent(&b, item, "", "  "); err != nil {
		return fmt.Errorf("sheet: %w", err)
	}
	_, err := io.WriteString(w, escape(b.String())+"\n")
	return err
}

// escape writes out the characters of JSON that a terminal may obey.
func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r != '\n' && r < 0x10000 && (unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func (s *Sheet) lines(w io.Writer, line func(row) string) error {
	var b strings.Builder
	for _, r := range s.rows {
		b.WriteString(line(r) + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

const (
	between = 2  // spaces between columns
	least   = 10 // a column that gives way keeps this much
)

// table prints a header, and cells under it.
func (s *Sheet) table(w io.Writer, m Mode) error {
	if m.Width <= 0 {
		m.Width = 100
	}
	widths := s.widths(m)
	var b strings.Builder
	head := make([]string, len(s.Columns))
	for i, c := range s.Columns {
		head[i] = c.Name
	}
	for _, cells := range append([][]string{head}, s.cells()...) {
		var line strings.Builder
		for i, c := range s.Columns {
			if c.Wide && m.Form != Wide {
				continue
			}
			text := ""
			if i < len(cells) {
				text = cut(cells[i], widths[i])
			}
			pad := strings.Repeat(" ", widths[i]-columns(text))
			if c.Right {
				line.WriteString(pad + text)
			} else {
				line.WriteString(text + pad)
			}
			line.WriteString(strings.Repeat(" ", between))
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (s *Sheet) cells() [][]string {
	all := make([][]string, len(s.rows))
	for i, r := range s.rows {
		all[i] = r.cells
	}
	return all
}

// widths is how wide each column is: as its widest cell, unless the table is
// too wide and the column gives way.
func (s *Sheet) widths(m Mode) []int {
	widths := make([]int, len(s.Columns))
	total := 0
	for i, c := range s.Columns {
		if c.Wide && m.Form != Wide {
			continue
		}
		widths[i] = columns(c.Name)
		for _, r := range s.rows {
			if i < len(r.cells) {
				widths[i] = max(widths[i], columns(r.cells[i]))
			}
		}
		total += widths[i] + between
	}
	if m.Form == Wide {
		return widths
	}
	for over := total - between - m.Width; over > 0; over-- {
		widest := -1
		for i, c := range s.Columns {
			if c.Gives && widths[i] > least && (widest < 0 || widths[i] > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			break
		}
		widths[widest]--
	}
	return widths
}

// columns is how many characters s has. Wide ones of East Asia count as one:
// a table with them is a little ragged.
func columns(s string) int { return utf8.RuneCountInString(s) }

func cut(s string, most int) string {
	if columns(s) <= most {
		return s
	}
	return string([]rune(s)[:most-3]) + "..."
}
