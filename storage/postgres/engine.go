package postgres

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/storage/jobs"
)

// engine is a [storage.Engine] over a pool of connections.
type engine struct {
	pool  *pgxpool.Pool
	queue *jobs.Queue[pgx.Tx]
}

var (
	_ storage.Engine = (*engine)(nil)
	_ jobs.Runner    = (*engine)(nil)
)

// tries is how often a transaction is begun that the server gave up for the sake
// of another.
const tries = 5

// Write sees each statement's newest committed rows, and waits for whoever has a
// row that it wants.
func (e *engine) Write(ctx context.Context, do func(storage.Tx) error) error {
	for try := 1; ; try++ {
		err := e.within(ctx, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, do)
		if err == nil || try == tries || !gaveWay(err) {
			return err
		}
		// Two that gave way to one another must not meet again.
		select {
		case <-ctx.Done():
			return errors.Join(err, context.Cause(ctx))
		case <-time.After(rand.N(time.Duration(try) * 10 * time.Millisecond)):
		}
	}
}

// WriteTogether implements [storage.Engine]: here writers do not wait for each other.
func (e *engine) WriteTogether(ctx context.Context, do func(storage.Tx) error) error {
	return e.Write(ctx, do)
}

func (e *engine) Read(ctx context.Context, do func(storage.Tx) error) error {
	return e.within(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, do)
}

// gaveWay reports whether the server undid a transaction that would have
// succeeded alone.
func gaveWay(err error) bool {
	var server *pgconn.PgError
	if !errors.As(err, &server) {
		return false
	}
	const serializationFailure, deadlock, internal = "40001", "40P01", "XX000"
	// Postgres 15 mixes up who has a row and who had it when many share it and
	// want it for themselves. It undoes the transaction; the next try succeeds.
	mixedUp := server.Code == internal && strings.HasPrefix(server.Message, "new multixact has more than one updating member")
	return server.Code == serializationFailure || server.Code == deadlock || mixedUp
}

func (e *engine) within(ctx context.Context, o pgx.TxOptions, do func(storage.Tx) error) error {
	t, err := e.pool.BeginTx(ctx, o)
	if err != nil {
		return plain(err)
	}
	if err := do(&tx{t: t}); err != nil {
		// The undoing must not hang on a context that ended, nor on a server
		// that does not answer.
		undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), connectTimeout)
		defer cancel()
		if undone := t.Rollback(undo); undone != nil && !errors.Is(undone, pgx.ErrTxClosed) && ctx.Err() == nil {
			return errors.Join(err, undone)
		}
		return err
	}
	return t.Commit(ctx)
}

func (e *engine) Enqueue(ctx context.Context, t storage.Tx, j storage.Job) error {
	mine, ok := t.(*tx)
	if !ok {
		return errForeign
	}
	return e.queue.Enqueue(ctx, mine.t, j)
}

func (e *engine) Ping(ctx context.Context) error { return plain(e.pool.Ping(ctx)) }

func (e *engine) Close() error {
	e.pool.Close()
	return nil
}

// RunJobs implements [jobs.Runner].
func (e *engine) RunJobs(ctx context.Context, c jobs.Config) error {
	return e.queue.Run(ctx, func(ctx context.Context, do func(storage.Tx, pgx.Tx) error) error {
		return e.Write(ctx, func(t storage.Tx) error { return do(t, t.(*tx).t) })
	}, c)
}

// tx is one transaction.
type tx struct {
	t    pgx.Tx
	busy bool // within Each
}

var (
	errForeign = errors.New("postgres: the transaction is of another engine")
	errBusy    = errors.New("postgres: a statement within Each")
)

func (t *tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	if t.busy {
		return 0, errBusy
	}
	tag, err := t.t.Exec(ctx, query, args...)
	return tag.RowsAffected(), err
}

func (t *tx) Each(ctx context.Context, query string, args []any, row func(storage.Scan) error) error {
	if t.busy {
		return errBusy
	}
	t.busy = true
	defer func() { t.busy = false }()
	rows, err := t.t.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}
