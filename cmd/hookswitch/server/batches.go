package server

import (
	"context"
	"errors"
	"fmt"
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
// What is wrong with the file as a whole is an [*agenda.FileError]. A batch of the
// same id that is on record is returned, and nothing is read: one that failed
// called nobody, and is made anew.
func (f files) Load(ctx context.Context, b agenda.Batch, file io.Reader) (agenda.Batch, error) {
	on, known, err := f.known(ctx, &b)
	if known || err != nil {
		return on, err
	}
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

// known finds what b is a repeat of. Of one that failed b becomes the next.
func (f files) known(ctx context.Context, b *agenda.Batch) (on agenda.Batch, known bool, err error) {
	for name, n := b.ID, 2; b.ID != ""; n++ {
		on, err := f.s.store.Agenda().Batch(ctx, b.Workspace, b.ID)
		switch {
		case errors.Is(err, agenda.ErrNotFound):
			return on, false, nil
		case err != nil:
			return on, false, err
		case on.Status == agenda.BatchLoading:
			return on, false, &agenda.FileError{Why: "The same file is being read at this moment. Ask again in a minute."}
		case on.Status != agenda.BatchFailed:
			return on, true, nil
		}
		b.ID = fmt.Sprintf("%s_%d", name, n)
	}
	return on, false, nil
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
