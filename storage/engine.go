package storage

import (
	"context"
	"time"
)

// Engine is a database that speaks the SQL text of this package: parameters
// $1..$n, RETURNING, ON CONFLICT, times as unix microseconds.
type Engine interface {
	// Write runs do in a transaction that sees no other writer's half, and
	// commits unless do fails. do uses nothing but its tx: the engine may have
	// a single connection. do may run more than once, when engines that let
	// writers race ask for that: it sets what it returns from scratch, each time.
	Write(ctx context.Context, do func(tx Tx) error) error

	// WriteTogether is Write for what is short and seldom fails: an engine may have
	// others in the same transaction. When one of them fails, all are done again,
	// each alone.
	WriteTogether(ctx context.Context, do func(tx Tx) error) error

	// Read runs do with a consistent view of what was committed before.
	Read(ctx context.Context, do func(tx Tx) error) error

	// Enqueue adds a job that becomes visible when tx commits.
	Enqueue(ctx context.Context, tx Tx, j Job) error

	Ping(ctx context.Context) error
	Close() error
}

// Engine is what db runs on: the way in for storage/jobs.
func (db *DB) Engine() Engine { return db.engine }

// Job is work that is done later, at least once, also after a crash. What it
// does must bear being done twice.
type Job struct {
	Kind string    // chooses the worker: see storage/jobs
	ID   string    // of the row that says what to do
	At   time.Time // not before; zero: at once

	// Line is where it stands. Each has workers of its own, so that nobody in one
	// waits behind those of another.
	Line Line
}

// Line is where a [Job] stands. Empty is that of all that is short.
type Line string

const (
	Crowd Line = "crowd" // of what is short, but due by the thousand at one moment
	Slow  Line = "slow"  // of what waits for others: models, carriers, clients
)

// Tx is one transaction, of one goroutine. After a statement that failed it is
// of no more use: a row that may be there already is inserted with ON CONFLICT.
type Tx interface {
	// Exec runs a statement and returns how many rows it changed.
	Exec(ctx context.Context, sql string, args ...any) (int64, error)

	// Each calls row for every row of the answer. scan is valid within row,
	// which runs no statement itself.
	Each(ctx context.Context, sql string, args []any, row func(scan Scan) error) error
}

// Scan copies the columns of a row into dest: pointers to strings, integers,
// bytes or the Null types of database/sql. A column is BIGINT, TEXT or NULL.
type Scan func(dest ...any) error
