// Package sheet reads the file of a batch: CSV, a row for each call, whose column
// phone_number says whom, and whose other columns are variables. It reads as the
// file comes in and keeps one row at a time, and the numbers that it has seen.
package sheet

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
)

// Limits bound a file. Its zero value has those of the API.
type Limits struct {
	Bytes   int64 // of the file. Zero means 20 MiB.
	Rows    int   // with those that are wrong. Zero means 100,000.
	Columns int   // Zero means 201: a number and as many variables as a call may have.
	Value   int   // characters of a variable. Zero means 2,048.
}

func (l Limits) withDefaults() Limits {
	if l.Bytes <= 0 {
		l.Bytes = 20 << 20
	}
	if l.Rows <= 0 {
		l.Rows = 100_000
	}
	if l.Columns <= 0 {
		l.Columns = 201
	}
	if l.Value <= 0 {
		l.Value = 2048
	}
	return l
}

// maxRow bounds a row in bytes: of a quote that nobody closed, the rest of the
// file would be one.
const maxRow = 1 << 20

// Row is one call.
type Row struct {
	Line    int               // at which it begins, from 1, the header's
	Phone   string            // E.164
	Consent string            // of the column consent, which is a variable as well
	Values  map[string]string // variables by name; empty ones too
}

// Wrong is an error that is one row's: the next one can be read. It repeats
// nothing of the row.
type Wrong agenda.Problem

// Error implements error.
func (w *Wrong) Error() string {
	if w.Field == "" {
		return fmt.Sprintf("line %d: %s", w.Line, w.Text)
	}
	return fmt.Sprintf("line %d, %s: %s", w.Line, w.Field, w.Text)
}

// Broken is why a whole file can't be read, from that line on.
type Broken struct {
	Line int
	Text string
}

// Error implements error.
func (b *Broken) Error() string { return fmt.Sprintf("line %d: %s", b.Line, b.Text) }

// TooLarge says that a file has more than it may.
type TooLarge struct {
	What string // "bytes", "rows", "columns"
	Max  int64
}

// Error implements error.
func (t *TooLarge) Error() string { return fmt.Sprintf("the file has more than %d %s", t.Max, t.What) }

// Sheet is a file whose header was read.
type Sheet struct {
	limits Limits
	guard  *guard
	csv    *csv.Reader
	before int // lines that are above the header
	last   int // line of the newest row that was read

	names []string // of the columns, "" for that of the number
	rows  int
	seen  map[string]int // the line of each number
}

// Open reads the header of a file: UTF-8, with a byte order mark or without,
// columns between commas, semicolons or tabs. The names of columns are trimmed.
// That of the number is phone_number in upper or lower case, with spaces or
// dashes for underscores; nothing else is taken for it, since any other word may
// be somebody's variable.
//
// Errors are a [*Broken], a [*TooLarge], or r's own.
func Open(r io.Reader, l Limits) (*Sheet, error) {
	l = l.withDefaults()
	s := &Sheet{limits: l, guard: &guard{r: r, left: l.Bytes, max: l.Bytes, row: maxRow}, seen: map[string]int{}}
	in := bufio.NewReaderSize(s.guard, maxHeader)
	first, err := opening(in)
	if err != nil {
		return nil, err
	}
	s.before, s.last = first.lines, 1
	s.csv = csv.NewReader(in)
	s.csv.Comma, s.csv.FieldsPerRecord, s.csv.ReuseRecord = first.comma, -1, true
	if s.names, err = s.header(); err != nil {
		return nil, err
	}
	return s, nil
}

// Columns are the variables, as the file orders them.
func (s *Sheet) Columns() []string {
	var all []string
	for _, name := range s.names {
		if name != "" {
			all = append(all, name)
		}
	}
	return all
}

// Next reads a row. A [*Wrong] is about that row alone; after [io.EOF], or any
// other error, there are no more. Empty rows are passed over.
func (s *Sheet) Next() (Row, error) {
	for {
		fields, line, err := s.record()
		var wrong *Wrong
		switch {
		case errors.As(err, &wrong): // counts as a row
		case err != nil:
			return Row{}, err
		case blank(fields):
			continue
		}
		if s.rows++; s.rows > s.limits.Rows {
			return Row{}, &TooLarge{"rows", int64(s.limits.Rows)}
		}
		if err != nil {
			return Row{}, err
		}
		return s.row(fields, line)
	}
}

// record reads the fields of a row, and the line at which it begins.
func (s *Sheet) record() (fields []string, line int, err error) {
	s.guard.row = maxRow
	fields, err = s.csv.Read()
	var parse *csv.ParseError
	switch {
	case errors.As(err, &parse):
		return nil, 0, &Wrong{Line: parse.StartLine + s.before, Text: "a quote is where none may be, or is not closed"}
	case errors.Is(err, errRow):
		return nil, 0, &Broken{Line: s.last, Text: "what follows has a row of more than 1 MiB: is a quote not closed?"}
	case err != nil:
		return nil, 0, err
	}
	line, _ = s.csv.FieldPos(0)
	s.last = line + s.before
	return fields, s.last, nil
}

// row makes a row of its fields.
func (s *Sheet) row(fields []string, line int) (Row, error) {
	for len(fields) > len(s.names) && strings.TrimSpace(fields[len(fields)-1]) == "" {
		fields = fields[:len(fields)-1] // spreadsheets add them
	}
	if len(fields) != len(s.names) {
		return Row{}, &Wrong{Line: line, Text: fmt.Sprintf("it has %d columns, and the header %d", len(fields), len(s.names))}
	}
	r := Row{Line: line, Values: make(map[string]string, len(fields)-1)}
	for i, name := range s.names {
		if name == "" {
			phone, why := number(fields[i])
			if why != "" {
				return Row{}, &Wrong{line, phoneColumn, why}
			}
			r.Phone = phone
			continue
		}
		if why := s.value(fields[i]); why != "" {
			return Row{}, &Wrong{line, name, why}
		}
		r.Values[name] = fields[i]
		if strings.EqualFold(name, consentColumn) {
			r.Consent = strings.TrimSpace(fields[i])
		}
	}
	if on, again := s.seen[r.Phone]; again {
		return Row{}, &Wrong{line, phoneColumn, fmt.Sprintf("the number is on line %d already", on)}
	}
	s.seen[strings.Clone(r.Phone)] = line
	return r, nil
}

// value says what is wrong with that of a variable; empty: nothing.
func (s *Sheet) value(v string) string {
	switch {
	case !utf8.ValidString(v):
		return "is not UTF-8"
	case len(v) > s.limits.Value && utf8.RuneCountInString(v) > s.limits.Value:
		return fmt.Sprintf("is longer than %d characters", s.limits.Value)
	case strings.ContainsFunc(v, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' }):
		return "has control characters"
	}
	return ""
}

func blank(fields []string) bool {
	for _, f := range fields {
		if strings.TrimSpace(f) != "" {
			return false
		}
	}
	return true
}
