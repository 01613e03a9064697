package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"runtime/debug"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"

	"github.com/hookswitch/hookswitch/storage"
)

// Do does the job of a row. A duration above zero asks to be called again after
// it: that is no failure, and may be asked any number of times. An error, or a
// panic, is a failure: the job is tried again, after longer and longer pauses of
// ten minutes at most, for about three days.
//
// ctx ends after [Timeout], and when the process is about to end; a job that it
// cuts short is done again, at once, by whoever is there. One that goes on
// regardless keeps [Run] from returning.
type Do func(ctx context.Context, id string) (again time.Duration, err error)

// Timeout is how long a job may take. What takes longer asks to be called again.
const Timeout = 90 * time.Second

// Config says who does which jobs.
type Config struct {
	Workers     map[string]Do // by kind. Required
	Concurrency int           // jobs at once in this process, in each line; 0 means 32
	Grace       time.Duration // for running jobs when ctx ends, before theirs does; 0 means 5 s
	Poll        time.Duration // how often the database is asked for jobs; 0 means 1 s, and 0.5 s of SQLite
	Log         *slog.Logger  // nil discards

	beat, dead time.Duration // of the lease; 0 means what it says there
}

// Runner is an engine that has a queue.
type Runner interface {
	RunJobs(ctx context.Context, c Config) error
}

// Run does the jobs of db until ctx ends, and returns when every goroutine that
// it started is gone. Any number of processes may run the same database.
func Run(ctx context.Context, db *storage.DB, c Config) error {
	r, ok := db.Engine().(Runner)
	if !ok {
		return errors.New("jobs: the database has no queue")
	}
	return r.RunJobs(ctx, c)
}

// Run is [Run] for the engine that has q. write is the engine's, and lends the
// driver's own transaction beside ours.
func (q *Queue[Tx]) Run(ctx context.Context, write func(ctx context.Context, do func(t storage.Tx, own Tx) error) error, c Config) error {
	if len(c.Workers) == 0 {
		return errors.New("jobs: no Workers")
	}
	if c.Concurrency == 0 {
		c.Concurrency = 32
	}
	if c.Grace == 0 {
		c.Grace = 5 * time.Second
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	workers := river.NewWorkers()
	if err := river.AddWorkerSafely(workers, &worker{does: c.Workers, log: c.Log}); err != nil {
		return fmt.Errorf("jobs: %w", err)
	}
	l := newLease(q.driver, write, c)
	config := &river.Config{
		ID:                          l.id,
		Workers:                     workers,
		Queues:                      queues(c.Concurrency),
		JobTimeout:                  Timeout,
		SoftStopTimeout:             c.Grace,
		RetryPolicy:                 backoff{},
		CompletedJobRetentionPeriod: time.Hour,
		Logger:                      slog.New(quiet{c.Log.Handler()}),
		Test:                        river.TestConfig{Time: clockOf(q.driver)},

		// For what hangs in a process that is alive. Of dead ones the lease
		// knows sooner.
		RescueStuckJobsAfter: 2 * Timeout,

		// Postgres tells of new jobs, and is asked now and then all the same.
		// SQLite can only be asked; its own way of telling asks 20 times a second.
		FetchPollInterval: cmp.Or(c.Poll, time.Second),
	}
	if q.driver.DatabaseName() == riverdriver.DatabaseNameSQLite {
		config.PollOnly, config.FetchPollInterval = true, cmp.Or(c.Poll, 500*time.Millisecond)
	}
	client, err := river.NewClient(q.driver, config)
	if err != nil {
		return fmt.Errorf("jobs: %w", err)
	}
	// River's listener takes a context that ends by its deadline for a failure of
	// the network, and tries for ever, without a pause (notifier.go of v0.47.0).
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, cancel)()
	return l.hold(ctx, func() error {
		if err := client.Start(running); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("jobs: %w", err)
		}
		<-client.Stopped()
		return nil
	})
}

// queues are River's for the lines of [storage.Job].
func queues(each int) map[string]river.QueueConfig {
	all := map[string]river.QueueConfig{}
	for _, name := range []string{river.QueueDefault, string(storage.Crowd), string(storage.Slow)} {
		all[name] = river.QueueConfig{MaxWorkers: each}
	}
	return all
}

// worker does every job, by its kind.
type worker struct {
	river.WorkerDefaults[args]
	does map[string]Do
	log  *slog.Logger
}

func (w *worker) Work(ctx context.Context, job *river.Job[args]) (err error) {
	log := w.log.With("job", job.Args.Work, "id", job.Args.ID, "attempt", job.Attempt)
	defer func() {
		if p := recover(); p != nil {
			log.Error("a job panicked", "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("jobs: %s panicked", job.Args.Work)
		}
	}()
	do, ok := w.does[job.Args.Work]
	if !ok {
		// Perhaps a newer build's, and one of those is there to do it.
		log.Warn("nobody here does this kind of job")
		return river.JobSnooze(time.Minute)
	}
	again, err := do(ctx, job.Args.ID)
	switch {
	case err != nil && ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded):
		return river.JobSnooze(0) // we are ending: it is for the next process
	case err != nil:
		log.Warn("a job failed", "error", err)
		return err
	case again > 0:
		return river.JobSnooze(again)
	}
	return nil
}

// backoff is River's own, 1 s, 16 s, 81 s and so on, but never above ten
// minutes: what fails here is ours, and is back when the cause is gone.
type backoff struct{}

func (backoff) NextRetry(job *rivertype.JobRow) time.Time {
	const longest = 10 * time.Minute
	own := (&river.DefaultClientRetryPolicy{}).NextRetry(job)
	if n := float64(len(job.Errors) + 1); math.Pow(n, 4) > longest.Seconds() {
		return time.Now().Add(longest)
	}
	return own
}

// clock makes SQLite use the process's time, which is the machine's, and in a
// bubble of testing/synctest the bubble's.
type clock struct{}

func (clock) Now() time.Time { return time.Now() }
func (clock) NowOrNil() *time.Time {
	now := time.Now()
	return &now
}

// clockOf is nil for a database that several machines share: its own time
// counts there.
func clockOf[Tx any](d riverdriver.Driver[Tx]) rivertype.TimeGenerator {
	if d.DatabaseName() == riverdriver.DatabaseNameSQLite {
		return clock{}
	}
	return nil
}

// quiet lets through what River warns of.
type quiet struct{ slog.Handler }

func (q quiet) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && q.Handler.Enabled(ctx, l)
}
func (q quiet) WithAttrs(a []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(a)} }
func (q quiet) WithGroup(n string) slog.Handler      { return quiet{q.Handler.WithGroup(n)} }
