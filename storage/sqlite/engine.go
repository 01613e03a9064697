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
	writes, reads  *prepared
	writing        *together
	queue          *jobs.Queue[*sql.Tx]
}

var (
	_ storage.Engine = (*engine)(nil)
	_ jobs.Runner    = (*engine)(nil)
)

func (e *engine) Write(ctx context.Context, do func(storage.Tx) error) error {
	return within(ctx, e.writes, nil, do)
}

func (e *engine) WriteTogether(ctx context.Context, do func(storage.Tx) error) error {
	return e.writing.write(ctx, do)
}

func (e *engine) Read(ctx context.Context, do func(storage.Tx) error) error {
	if e.reader == e.writer {
		return within(ctx, e.writes, nil, do)
	}
	// A read-only connection cannot begin an immediate transaction; asked for a
	// read-only one, the driver begins a deferred one.
	return within(ctx, e.reads, &sql.TxOptions{ReadOnly: true}, do)
}

func within(ctx context.Context, p *prepared, o *sql.TxOptions, do func(storage.Tx) error) error {
	p.ready(ctx)
	t, err := p.db.BeginTx(ctx, o)
	if err != nil {
		return err
	}
	ended := false
	defer func() {
		if !ended { // do panics, and nobody else has a connection
			_ = t.Rollback()
		}
	}()
	err = do(&tx{t: t, prepared: p})
	ended = true
	if err != nil {
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
	err := e.writes.close()
	if e.reader != e.writer {
		err = errors.Join(err, e.reads.close(), e.reader.Close())
	}
	return errors.Join(err, e.writer.Close())
}

// RunJobs implements [jobs.Runner].
func (e *engine) RunJobs(ctx context.Context, c jobs.Config) error {
	return e.queue.Run(ctx, func(ctx context.Context, do func(storage.Tx, *sql.Tx) error) error {
		return e.Write(ctx, func(t storage.Tx) error { return do(t, t.(*tx).t) })
	}, c)
}

// tx is one transaction.
type tx struct {
	t        *sql.Tx
	prepared *prepared
	busy     bool // within Each
}

var errBusy = errors.New("sqlite: a statement within Each: no engine but this one could do that")

func (t *tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	if t.busy {
		return 0, errBusy
	}
	r, err := t.exec(ctx, query, args)
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
	rows, err := t.query(ctx, query, args)
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

func (t *tx) exec(ctx context.Context, query string, args []any) (sql.Result, error) {
	if stmt := t.prepared.find(ctx, t.t, query); stmt != nil {
		return stmt.ExecContext(ctx, args...)
	}
	return t.t.ExecContext(ctx, query, args...)
}

func (t *tx) query(ctx context.Context, query string, args []any) (*sql.Rows, error) {
	if stmt := t.prepared.find(ctx, t.t, query); stmt != nil {
		return stmt.QueryContext(ctx, args...)
	}
	return t.t.QueryContext(ctx, query, args...)
}
