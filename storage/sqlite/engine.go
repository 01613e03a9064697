package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/storage/jobs"
)

// engine is a [storage.Engine] over database/sql. In memory, reader and writer
// are the same handle.
type engine struct {
	writer, reader *sql.DB
	queue          *jobs.Queue[*sql.Tx]
}

var (
	_ storage.Engine = (*engine)(nil)
	_ jobs.Runner    = (*engine)(nil)
)

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
	if err := do(&tx{t: t}); err != nil {
		if undo := t.Rollback(); undo != nil && !errors.Is(undo, sql.ErrTxDone) {
			return errors.Join(err, undo)
		}
		return err
	}
	return t.Commit()
}

func (e *engine) Enqueue(ctx context.Context, t storage.Tx, j storage.Job) error {
	mine, ok := t.(*tx)
	if !ok {
		return errForeign
	}
	return e.queue.Enqueue(ctx, mine.t, j)
}

var errForeign = errors.New("sqlite: the transaction is of another engine")

func (e *engine) Ping(ctx context.Context) error { return e.writer.PingContext(ctx) }

func (e *engine) Close() error {
	if e.reader == e.writer {
		return e.writer.Close()
	}
	return errors.Join(e.reader.Close(), e.writer.Close())
}

// RunJobs implements [jobs.Runner].
func (e *engine) RunJobs(ctx context.Context, c jobs.Config) error {
	return e.queue.Run(ctx, func(ctx context.Context, do func(storage.Tx, *sql.Tx) error) error {
		return e.Write(ctx, func(t storage.Tx) error { return do(t, t.(*tx).t) })
	}, c)
}

// tx is one transaction.
type tx struct {
	t    *sql.Tx
	busy bool // within Each
}

var errBusy = errors.New("sqlite: a statement within Each: no engine but this one could do that")

func (t *tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	if t.busy {
		return 0, errBusy
	}
	r, err := t.t.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

func (t *tx) Each(ctx context.Context, query string, args []any, row func(storage.Scan) error) error {
	if t.busy {
		return errBusy
	}
	t.busy = true
	defer func() { t.busy = false }()
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
