// Package postgres keeps the store in a Postgres database, which several nodes
// share. The address is that of the server itself, or of a pooler that keeps
// sessions: what takes connections away between two transactions (PgBouncer's
// transaction mode) loses the lock under which the schema is brought up to date.
package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/storage/jobs"
	"github.com/hookswitch/hookswitch/storage/migrations"
)

// Connections is how many connections a process keeps open at most, unless the
// address says pool_max_conns; one more listens for jobs. A commit takes 1 to
// 5 ms of one; a server that allows 100 has room for 5 nodes.
const Connections = 16

// connectTimeout bounds one connection's opening, unless the address says
// connect_timeout.
const connectTimeout = 5 * time.Second

// lock is the advisory lock under which one process at a time migrates.
const lock = 0x686f6f6b7377 // "hooksw"

// Open opens the database at address, such as postgres://user@host/database, and
// brings its schema up to date; when several processes start at once, one after
// the other. The database must be there; its encoding must be UTF8.
//
// An address that cannot be used is a [storage.URLError]; a database of a later
// build is a [storage.NewerSchemaError] and is left as it was. No error repeats
// the address.
func Open(ctx context.Context, address string) (*storage.DB, error) {
	config, err := settings(address)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("storage: open the database: %w", plain(err))
	}
	e := &engine{pool: pool}
	if e.queue, err = jobs.NewQueue(riverpgxv5.New(pool)); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	if err := e.migrate(ctx); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return storage.New(e), nil
}

// migrate holds the lock with a connection of its own, so that the lock goes
// with the process, however that ends.
func (e *engine) migrate(ctx context.Context) (err error) {
	config := e.pool.Config().ConnConfig
	holder, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("storage: open the database: %w", plain(err))
	}
	defer func() { err = errors.Join(err, holder.Close(context.WithoutCancel(ctx))) }()
	var encoding string
	err = holder.QueryRow(ctx, `SELECT current_setting('server_encoding'), pg_advisory_lock($1)::text`, lock).Scan(&encoding, nil)
	if err != nil {
		return fmt.Errorf("storage: wait for the lock on the schema: %w", err)
	}
	if encoding != "UTF8" {
		return fmt.Errorf("storage: the database has the encoding %s, it must have UTF8", encoding)
	}
	if err := schema(ctx, stdlib.OpenDB(*config)); err != nil {
		return err
	}
	return e.queue.Migrate(ctx)
}

// schema brings the tables up to date, and closes db.
func schema(ctx context.Context, db *sql.DB) (err error) {
	defer func() { err = errors.Join(err, db.Close()) }()
	p, err := goose.NewProvider(goose.DialectPostgres, db, migrations.Files,
		goose.WithDisableGlobalRegistry(true), goose.WithSlog(slog.New(slog.DiscardHandler)))
	if err != nil {
		return fmt.Errorf("storage: read the migrations: %w", err)
	}
	have, known, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("storage: read the schema's version: %w", err)
	}
	if have > known {
		return storage.NewerSchemaError{Have: have, Known: known}
	}
	if have == known {
		return nil
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("storage: migrate: %w", err)
	}
	return nil
}
