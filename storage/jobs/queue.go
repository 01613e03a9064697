// Package jobs does work later, at least once, also after a crash. The jobs lie
// in the same database as everything else, so that one is there exactly when the
// transaction that asked for it is (River does the keeping and the waking).
//
// What a job does must bear being done twice: a process that is frozen and comes
// back, or that dies between its work and the note of it, leaves the work to be
// done again.
package jobs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/hookswitch/hookswitch/storage"
)

// maxAttempts of a job that fails: with [backoff], about three days. What counts
// tries of its own (deliveries) does so in its own rows, and does not fail.
const maxAttempts = 500

// args is the one type of job that River knows: the rest is in the row that ID
// names.
type args struct {
	Work string `json:"kind"`
	ID   string `json:"id"`
}

// Kind implements [river.JobArgs].
func (args) Kind() string { return "hookswitch" }

// Queue is what an engine has of this package. Tx is its driver's transaction.
type Queue[Tx any] struct {
	driver riverdriver.Driver[Tx]
	insert *river.Client[Tx] // inserts only: it has no goroutines
}

// NewQueue returns the queue of the database that driver has.
func NewQueue[Tx any](driver riverdriver.Driver[Tx]) (*Queue[Tx], error) {
	insert, err := river.NewClient(driver, &river.Config{
		Logger: slog.New(slog.DiscardHandler),
		Test:   river.TestConfig{Time: clockOf(driver)},
	})
	if err != nil {
		return nil, fmt.Errorf("storage: jobs: %w", err)
	}
	return &Queue[Tx]{driver: driver, insert: insert}, nil
}

// Migrate brings the queue's tables up to date. The caller keeps others from
// doing so at the same time. Tables of a later build are a
// [storage.NewerSchemaError] and are left as they were.
func (q *Queue[Tx]) Migrate(ctx context.Context) error {
	// A look at what is there comes first: to read all migrations takes a
	// millisecond, and there is nothing to do but once per release.
	known, err := newest(q.driver.GetMigrationFS(riverdriver.MigrationLineMain))
	if err != nil {
		return fmt.Errorf("storage: list the migrations of the jobs: %w", err)
	}
	have, err := version(ctx, q.driver.GetExecutor())
	switch {
	case err != nil:
		return fmt.Errorf("storage: read the version of the jobs' schema: %w", err)
	case have > known:
		return storage.NewerSchemaError{Have: have, Known: known}
	case have == known:
		return nil
	}
	m, err := rivermigrate.New(q.driver, &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("storage: read the migrations of the jobs: %w", err)
	}
	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("storage: migrate the jobs: %w", err)
	}
	return nil
}

// newest is the highest number that a migration's file begins with.
func newest(files fs.FS) (int64, error) {
	names, err := fs.Glob(files, "migration/"+riverdriver.MigrationLineMain+"/*.up.sql")
	if err != nil || len(names) == 0 {
		return 0, errors.Join(err, fs.ErrNotExist)
	}
	number, _, _ := strings.Cut(path.Base(slices.Max(names)), "_")
	return strconv.ParseInt(number, 10, 64)
}

// version is that of the queue's tables, 0 when there are none.
func version(ctx context.Context, e riverdriver.Executor) (int64, error) {
	there, err := e.TableExists(ctx, &riverdriver.TableExistsParams{Table: "river_migration"})
	if err != nil || !there {
		return 0, err
	}
	var v int64
	err = e.QueryRow(ctx, `SELECT COALESCE(MAX(version), 0) FROM river_migration`).Scan(&v)
	return v, err
}

// Enqueue adds a job within tx: nobody sees it before tx is committed.
func (q *Queue[Tx]) Enqueue(ctx context.Context, tx Tx, j storage.Job) error {
	o := &river.InsertOpts{MaxAttempts: maxAttempts}
	// River leaves a job that has a time, be it past, to the process that leads:
	// it looks every 5 s, and is replaced 20 s after it died.
	if j.At.After(time.Now()) {
		o.ScheduledAt = j.At
	}
	if j.Line != "" {
		o.Queue = string(j.Line)
	}
	_, err := q.insert.InsertTx(ctx, tx, args{Work: j.Kind, ID: j.ID}, o)
	if err != nil {
		return fmt.Errorf("enqueue %s: %w", j.Kind, err)
	}
	return nil
}
