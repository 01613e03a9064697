package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/hookswitch/hookswitch/storage"
)

// engine is a [storage.Engine] over database/sql. In memory, reader and writer
// are the same handle.
type engine struct{ writer, reader *sql.DB }

var _ storage.Engine = (*engine)(nil)

func (e *engine) Write(ctx context.Context, do func(storage.Tx) error) error {
	return within(ctx, e.writer, nil, do)
}

func (e *engine) Read(ctx context.Context, do func(storage.Tx) error) error {
	if e.reader == e.writer {
		return within(ctx, e.writer, nil, do)
	}
	// A read-only connection cannot begin an immediate transaction; asked for a
	// read-only one, the driver begins a deferred one.
	return within(ctx, e.reader, &sql.TxOptions{ReadOnly: true}, do)
}

func within(ctx context.Context, db *sql.DB, o *sql.TxOptions, do func(storage.Tx) error) error {
	t, err := db.BeginTx(ctx, o)
	if err != nil {
		return err
	}
	if err := do(tx{t}); err != nil {
		if undo := t.Rollback(); undo != nil && !errors.Is(undo, sql.ErrTxDone) {
			return errors.Join(err, undo)
		}
		return err
	}
	return t.Commit()
}

func (e *engine) Ping(ctx context.Context) error { return e.writer.PingContext(ctx) }

func (e *engine) Close() error {
	if e.reader == e.writer {
		return e.writer.Close()
	}
	return errors.Join(e.reader.Close(), e.writer.Close())
}

// tx is one transaction.
type tx struct{ t *sql.Tx }

func (t tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	r, err := t.t.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

func (t tx) Each(ctx context.Context, query string, args []any, row func(storage.Scan) error) error {
	rows, err := t.t.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return errors.Join(err, rows.Close())
		}
	}
	return errors.Join(rows.Err(), rows.Close())
}
