package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/storage/jobs"
	"github.com/hookswitch/hookswitch/storage/pgtest"
	"github.com/hookswitch/hookswitch/storage/postgres"
	"github.com/hookswitch/hookswitch/storage/sqlite"
)

func TestMain(m *testing.M) {
	if address := os.Getenv(victim); address != "" {
		beVictim(address)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if err := pgtest.Stop(); err != nil {
			slog.Error("stop the test server", "error", err)
			code = max(code, 1)
		}
		os.Exit(code)
	}))
}

var migrated = pgtest.Template{Fill: func(ctx context.Context, address string) error {
	db, err := postgres.Open(ctx, address)
	if err != nil {
		return err
	}
	return db.Close()
}}

// engines are where each test runs: the address of an empty database, and how it
// is opened.
var engines = map[string]struct {
	address func(t testing.TB) string
	open    func(ctx context.Context, address string) (*storage.DB, error)
}{
	"sqlite": {
		func(t testing.TB) string { return "sqlite://" + filepath.Join(t.TempDir(), "x.db") },
		sqlite.Open,
	},
	"postgres": {migrated.URL, postgres.Open},
}

func onEach(t *testing.T, check func(t *testing.T, db *storage.DB)) {
	for name, e := range engines {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, err := e.open(t.Context(), e.address(t))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := db.Close(); err != nil {
					t.Error(err)
				}
			})
			check(t, db)
		})
	}
}

// enqueue commits a job, or with fail undoes it.
func enqueue(t *testing.T, db *storage.DB, j storage.Job, fail error) {
	t.Helper()
	err := db.Engine().Write(t.Context(), func(tx storage.Tx) error {
		if err := db.Engine().Enqueue(t.Context(), tx, j); err != nil {
			t.Errorf("Enqueue() = %v", err)
		}
		return fail
	})
	if !errors.Is(err, fail) {
		t.Fatalf("Write() = %v, want %v", err, fail)
	}
}

// run does jobs in the background until the test ends, or stop is called; then
// Run must have returned nil, and warned of nothing but what allowed says.
func run(t *testing.T, db *storage.DB, c jobs.Config, allowed ...string) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	c.Log = slog.New(&listener{Handler: slog.DiscardHandler, t: t, allowed: allowed})
	if c.Grace == 0 {
		c.Grace = 3 * time.Second
	}
	done := make(chan error)
	go func() { done <- jobs.Run(ctx, db, c) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run() = %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// listener fails the test for what is logged above info and not allowed.
type listener struct {
	slog.Handler
	t       *testing.T
	allowed []string
}

func (l *listener) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }
func (l *listener) WithAttrs([]slog.Attr) slog.Handler               { return l }
func (l *listener) Handle(_ context.Context, r slog.Record) error {
	if !slices.Contains(l.allowed, r.Message) {
		line := r.Message
		r.Attrs(func(a slog.Attr) bool { line += " " + a.String(); return true })
		l.t.Errorf("logged %s %s", r.Level, line)
	}
	return nil
}

// calls tells the test of each call of a worker.
type calls chan string

func (c calls) next(t *testing.T, within time.Duration) string {
	t.Helper()
	select {
	case id := <-c:
		return id
	case <-time.After(within):
		t.Fatalf("no job was done within %v", within)
		return ""
	}
}

func TestJobIsThereWithItsTransaction(t *testing.T) {
	onEach(t, func(t *testing.T, db *storage.DB) {
		done := make(calls, 10)
		run(t, db, jobs.Config{Workers: map[string]jobs.Do{"tell": func(_ context.Context, id string) (time.Duration, error) {
			done <- id
			return 0, nil
		}}})
		enqueue(t, db, storage.Job{Kind: "tell", ID: "undone"}, errors.New("changed my mind"))
		enqueue(t, db, storage.Job{Kind: "tell", ID: "committed"}, nil)
		began := time.Now()
		if id := done.next(t, 30*time.Second); id != "committed" {
			t.Errorf("%q was done, want the committed one", id)
		}
		t.Logf("taken up after %v", time.Since(began).Round(time.Millisecond))
		enqueue(t, db, storage.Job{Kind: "tell", ID: "second"}, nil)
		if id := done.next(t, 30*time.Second); id != "second" {
			t.Errorf("%q was done, want the second", id)
		}
	})
}

// What a worker says when, and how long after the last time it is asked again.
func TestAgainErrorAndPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, err := sqlite.Open(t.Context(), sqlite.Memory)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		done := make(calls, 10)
		tries := 0 // of one job: no two at once
		stop := run(t, db, jobs.Config{Workers: map[string]jobs.Do{"try": func(_ context.Context, id string) (time.Duration, error) {
			tries++
			done <- id
			switch tries {
			case 1, 2:
				return 5 * time.Minute, nil
			case 3:
				return 0, errors.New("no luck")
			case 4:
				panic("bad luck")
			}
			return 0, nil
		}}}, "a job failed", "a job panicked")
		enqueue(t, db, storage.Job{Kind: "try", ID: "x"}, nil)
		done.next(t, time.Second)
		for _, wait := range []time.Duration{5 * time.Minute, 5 * time.Minute, time.Second, 16 * time.Second} {
			began := time.Now()
			done.next(t, time.Hour)
			// River varies its pauses by a tenth, and looks every 5 s for long ones.
			if took := time.Since(began); took < wait*9/10 || took > wait*11/10+6*time.Second {
				t.Errorf("asked again after %v, want about %v", took, wait)
			}
		}
		stop()
	})
}

func TestAgainAndError(t *testing.T) {
	onEach(t, func(t *testing.T, db *storage.DB) {
		done := make(calls, 10)
		tries := 0
		run(t, db, jobs.Config{Workers: map[string]jobs.Do{"try": func(_ context.Context, id string) (time.Duration, error) {
			tries++
			done <- id
			switch tries {
			case 1:
				return 200 * time.Millisecond, nil
			case 2:
				return 0, errors.New("no luck")
			}
			return 0, nil
		}}}, "a job failed")
		enqueue(t, db, storage.Job{Kind: "try", ID: "x"}, nil)
		for range 3 {
			done.next(t, 30*time.Second)
		}
	})
}

func TestJobWaitsForItsTime(t *testing.T) {
	onEach(t, func(t *testing.T, db *storage.DB) {
		done := make(calls, 10)
		began := time.Now()
		enqueue(t, db, storage.Job{Kind: "tell", ID: "x", At: began.Add(2 * time.Second)}, nil)
		run(t, db, jobs.Config{Workers: map[string]jobs.Do{"tell": func(_ context.Context, id string) (time.Duration, error) {
			done <- id
			return 0, nil
		}}})
		done.next(t, 30*time.Second)
		if took := time.Since(began); took < 2*time.Second {
			t.Errorf("done after %v, want 2s at least", took)
		}
	})
}

// What is due does not wait for the next look of the process that leads.
func TestJobOfNowIsDoneAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, err := sqlite.Open(t.Context(), sqlite.Memory)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		done := make(calls, 1)
		defer run(t, db, jobs.Config{Workers: map[string]jobs.Do{"tell": func(_ context.Context, id string) (time.Duration, error) {
			done <- id
			return 0, nil
		}}})()
		for _, late := range []time.Duration{0, time.Second} {
			time.Sleep(7 * time.Second)
			enqueue(t, db, storage.Job{Kind: "tell", ID: "x", At: time.Now().Add(-late)}, nil)
			done.next(t, time.Second)
		}
	})
}

func TestNobodyWaitsBehindACrowd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, err := sqlite.Open(t.Context(), sqlite.Memory)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		due, done := make(calls, 100), make(calls, 1)
		for i := range 50 {
			enqueue(t, db, storage.Job{Kind: "due", ID: fmt.Sprint(i), Line: storage.Crowd}, nil)
		}
		enqueue(t, db, storage.Job{Kind: "tell", ID: "x"}, nil)
		defer run(t, db, jobs.Config{Concurrency: 2, Workers: map[string]jobs.Do{
			"due": func(_ context.Context, id string) (time.Duration, error) {
				time.Sleep(10 * time.Second)
				due <- id
				return 0, nil
			},
			"tell": func(_ context.Context, id string) (time.Duration, error) {
				done <- id
				return 0, nil
			},
		}})()
		done.next(t, 2*time.Second)
		for range 50 {
			due.next(t, 20*time.Second)
		}
	})
}

func TestUnknownKindWaitsForWhoKnowsIt(t *testing.T) {
	onEach(t, func(t *testing.T, db *storage.DB) {
		done := make(calls, 10)
		run(t, db, jobs.Config{Workers: map[string]jobs.Do{"known": func(_ context.Context, id string) (time.Duration, error) {
			done <- id
			return 0, nil
		}}}, "nobody here does this kind of job")
		enqueue(t, db, storage.Job{Kind: "of a newer build", ID: "x"}, nil)
		enqueue(t, db, storage.Job{Kind: "known", ID: "y"}, nil)
		if id := done.next(t, 30*time.Second); id != "y" {
			t.Errorf("%q was done, want y", id)
		}
	})
}

// A stop cuts a job short after the grace; the next process does it at once.
func TestStoppedJobIsDoneByTheNext(t *testing.T) {
	onEach(t, func(t *testing.T, db *storage.DB) {
		started := make(calls, 10)
		stop := run(t, db, jobs.Config{Grace: 100 * time.Millisecond, Workers: map[string]jobs.Do{"long": func(ctx context.Context, id string) (time.Duration, error) {
			started <- id
			<-ctx.Done()
			return 0, ctx.Err()
		}}}, "Client: Soft stop timeout; cancelling remaining job contexts")
		enqueue(t, db, storage.Job{Kind: "long", ID: "x"}, nil)
		started.next(t, 30*time.Second)
		stop()
		done := make(calls, 10)
		run(t, db, jobs.Config{Workers: map[string]jobs.Do{"long": func(_ context.Context, id string) (time.Duration, error) {
			done <- id
			return 0, nil
		}}})
		done.next(t, 30*time.Second)
	})
}

// Whatever it is that ends the context.
func TestRunEndsWithItsContext(t *testing.T) {
	onEach(t, func(t *testing.T, db *storage.DB) {
		for name, within := range map[string]func() (context.Context, context.CancelFunc){
			"deadline": func() (context.Context, context.CancelFunc) {
				return context.WithTimeout(t.Context(), 500*time.Millisecond)
			},
			"cause": func() (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancelCause(t.Context())
				stop := time.AfterFunc(500*time.Millisecond, func() { cancel(errors.New("enough")) })
				return ctx, func() { stop.Stop(); cancel(nil) }
			},
			"at once": func() (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancel(t.Context())
				cancel()
				return ctx, cancel
			},
		} {
			ctx, cancel := within()
			ended := make(chan error, 1)
			go func() {
				ended <- jobs.Run(ctx, db, jobs.Config{Workers: map[string]jobs.Do{"x": nil}})
			}()
			select {
			case err := <-ended:
				if err != nil {
					t.Errorf("Run(%s) = %v, want nil", name, err)
				}
			case <-time.After(20 * time.Second):
				t.Errorf("Run(%s) did not return", name)
			}
			cancel()
		}
	})
}

// A server that cuts every connection, as one does that is started again.
func TestJobsAreDoneAfterConnectionsWereCut(t *testing.T) {
	address := migrated.URL(t)
	db, err := postgres.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	done := make(calls, 10)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- jobs.Run(ctx, db, jobs.Config{Workers: map[string]jobs.Do{"tell": func(_ context.Context, id string) (time.Duration, error) {
			done <- id
			return 0, nil
		}}})
	}()
	enqueue(t, db, storage.Job{Kind: "tell", ID: "before"}, nil)
	done.next(t, 20*time.Second)

	c, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid()`); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(t.Context()); err != nil {
		t.Error(err)
	}
	for db.Ping(t.Context()) != nil {
		// The pool gives out what was cut until it has found it all out.
	}
	for {
		err := db.Engine().Write(t.Context(), func(tx storage.Tx) error {
			return db.Engine().Enqueue(t.Context(), tx, storage.Job{Kind: "tell", ID: "after"})
		})
		if err == nil {
			break
		}
	}
	if id := done.next(t, 20*time.Second); id != "after" {
		t.Errorf("%q was done, want the one after the cut", id)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run() = %v", err)
	}
}

func TestRunWithoutWorkersIsRefused(t *testing.T) {
	onEach(t, func(t *testing.T, db *storage.DB) {
		if err := jobs.Run(t.Context(), db, jobs.Config{}); err == nil {
			t.Error("Run(no workers) succeeded")
		}
	})
}
