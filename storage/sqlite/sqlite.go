// Package sqlite keeps the store in one file, or in memory, without a server
// and without cgo. It is the default.
//
// One connection writes; a file has a few more that only read. A commit
// survives the death of the process (WAL, synchronous NORMAL); a power cut may
// take the last ones.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/storage/jobs"
	"github.com/hookswitch/hookswitch/storage/migrations"
)

// readers is how many connections may read a file at once.
const readers = 4

// Open opens the database at address, such as sqlite://data/hookswitch.db or
// [Memory], and brings its schema up to date. Folder and file are made if they
// are missing.
//
// An address that cannot be used is a [storage.URLError]; a database of a later
// build is a [storage.NewerSchemaError] and is left as it was.
func Open(ctx context.Context, address string) (*storage.DB, error) {
	file, err := path(address)
	if err != nil {
		return nil, err
	}
	e, err := open(file)
	if err != nil {
		return nil, err
	}
	ready := e.migrate
	if file == memory {
		ready = e.blankMemory
	}
	if err := ready(ctx); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return storage.New(e), nil
}

func open(file string) (*engine, error) {
	if file != memory {
		// The file holds what people said: for its owner only.
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			return nil, fmt.Errorf("storage: make the database's folder: %w", err)
		}
		f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, fmt.Errorf("storage: open the database: %w", err)
		}
		if err := f.Close(); err != nil {
			return nil, fmt.Errorf("storage: open the database: %w", err)
		}
	}
	writer, err := sql.Open("sqlite", dsn(file, "rwc"))
	if err != nil {
		return nil, fmt.Errorf("storage: open the database: %w", err)
	}
	writer.SetMaxOpenConns(1) // a database in memory is its one connection
	queue, err := jobs.NewQueue(riversqlite.New(writer))
	if err != nil {
		return nil, errors.Join(err, writer.Close())
	}
	e := &engine{writer: writer, reader: writer, writes: newPrepared(writer), queue: queue}
	e.writing = &together{alone: e.Write}
	if file == memory {
		return e, nil
	}
	e.reader, err = sql.Open("sqlite", dsn(file, "ro"))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("storage: open the database: %w", err), writer.Close())
	}
	e.reader.SetMaxOpenConns(readers)
	e.reader.SetMaxIdleConns(readers)
	e.reads = newPrepared(e.reader)
	return e, nil
}

func (e *engine) migrate(ctx context.Context) error {
	p, err := goose.NewProvider(goose.DialectSQLite3, e.writer, migrations.Files,
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
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("storage: migrate: %w", err)
	}
	return e.queue.Migrate(ctx)
}
