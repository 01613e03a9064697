package server

import (
	"context"
	"errors"
	"io"
	"iter"
	"unicode"
	"unicode/utf8"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/agenda/sheet"
)

// files makes batches of files: what the API's dialects call Batches.
type files struct{ s *Server }

// Load keeps b with a row for each good line of file, and lets it begin at b.At.
// What is wrong with the file as a whole is an [*agenda.FileError].
func (f files) Load(ctx context.Context, b agenda.Batch, file io.Reader) (agenda.Batch, error) {
	table, err := sheet.Open(file, sheet.Limits{})
	if err != nil {
		return b, asAWhole(err)
	}
	b.Columns = table.Columns()
	err = agenda.Intake{Store: f.s.store.Agenda(), Most: mostRows}.Load(ctx, &b, rows(table))
	if err == nil && b.At.IsZero() {
		f.s.clerk.Poke()
	}
	return b, asAWhole(err)
}

// mostRows bounds a batch.
const mostRows = 100_000

// rows are those of a file as the intake takes them.
func rows(table *sheet.Sheet) iter.Seq2[agenda.Row, error] {
	return func(yield func(agenda.Row, error) bool) {
		for {
			r, err := table.Next()
			var wrong *sheet.Wrong
			switch {
			case errors.Is(err, io.EOF):
				return
			case errors.As(err, &wrong):
				err = (*agenda.Problem)(wrong)
			}
			if !yield(agenda.Row(r), err) {
				return
			}
		}
	}
}

// asAWhole is err for the API's client, if it is the file's fault.
func asAWhole(err error) error {
	var broken *sheet.Broken
	var large *sheet.TooLarge
	switch {
	case errors.As(err, &broken):
		return &agenda.FileError{Why: sentence(broken.Error())}
	case errors.As(err, &large):
		return &agenda.FileError{Why: sentence(large.Error())}
	case errors.Is(err, agenda.ErrTooManyRows):
		return &agenda.FileError{Why: sentence((&sheet.TooLarge{What: "rows", Max: mostRows}).Error())}
	}
	return err
}

// sentence is text with a capital letter and a full stop.
func sentence(text string) string {
	first, n := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[n:] + "."
}
