package postgres_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/storage/pgtest"
	"github.com/hookswitch/hookswitch/storage/postgres"
	"github.com/hookswitch/hookswitch/telephony"
)

// Nodes that start at once on an empty database.
func TestManyOpenersMigrateOnce(t *testing.T) {
	address := pgtest.URL(t)
	const openers = 6
	errs := make([]error, openers)
	dbs := make([]*storage.DB, openers)
	var wg sync.WaitGroup
	for i := range openers {
		wg.Go(func() { dbs[i], errs[i] = postgres.Open(t.Context(), address) })
	}
	wg.Wait()
	for i, err := range errs {
		if err != nil {
			t.Errorf("opener %d: %v", i, err)
			continue
		}
		if _, err := dbs[i].Unended(t.Context(), "", time.Now()); err != nil {
			t.Errorf("opener %d finds no schema: %v", i, err)
		}
		if err := dbs[i].Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestNewerSchemaIsLeftAlone(t *testing.T) {
	for claim, statement := range map[string]string{
		"of ours":  `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)`,
		"of River": `INSERT INTO river_migration (line, version) VALUES ('main', 99999)`,
	} {
		t.Run(claim, func(t *testing.T) {
			address := migrated.URL(t)
			exec(t, address, statement)
			_, err := postgres.Open(t.Context(), address)
			var newer storage.NewerSchemaError
			if !errors.As(err, &newer) || newer.Have != 99999 || newer.Known < 1 {
				t.Errorf("Open(newer schema) = %v, want a NewerSchemaError", err)
			}
		})
	}
}

func TestOtherEncodingIsRefused(t *testing.T) {
	address := pgtest.URL(t)
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	u.Path += "_latin1"
	exec(t, address, `CREATE DATABASE `+u.Path[1:]+` TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'`)
	t.Cleanup(func() { exec(t, address, `DROP DATABASE `+u.Path[1:]) })
	if _, err := postgres.Open(t.Context(), u.String()); err == nil || !strings.Contains(err.Error(), "LATIN1") {
		t.Errorf("Open(LATIN1) = %v, want an error that says so", err)
	}
}

func TestAddresses(t *testing.T) {
	for address, want := range map[string]string{
		"":                                                      "no scheme",
		"user:hunter2@host/x":                                   "no scheme",
		"sqlite://data/x.db":                                    "unknown scheme",
		"mysql://user:hunter2@host/x":                           "unknown scheme",
		"postgres://user:hunter2/3@host/x":                      "cannot be read",
		"postgres://user:12/hunter2@host/x":                     "cannot be read",
		"postgres://user:12#hunter2@host/x":                     "cannot be read",
		"postgres://user:12?hunter2@host/x":                     "not a list of options",
		"postgres://user:hunter2%@host/x":                       "cannot be read",
		"postgres://user:hunter2@host:port/x":                   "cannot be read",
		"postgres://user:hunter2@host/x?pool_max_conns=hunter2": "cannot be used",
		"postgres://user:hunter2@host/x?sslmode=hunter2":        "cannot be used",
	} {
		_, err := postgres.Open(t.Context(), address)
		var bad storage.URLError
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("Open(%q) = %v, want a URLError that says %q and no password", address, err, want)
		}
	}
}

func FuzzAddress(f *testing.F) {
	f.Add("postgres://user:", "@host/x")
	f.Add("postgres://user:a/b?c#d@", ":5432/x?sslmode=disable")
	f.Add("", "")
	const secret = "hunter2"
	f.Fuzz(func(t *testing.T, before, after string) {
		if strings.Contains(before, "://") && !strings.HasPrefix(before, "postgres://user:") {
			return // the secret stands where no password does
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // nothing is dialled
		if _, err := postgres.Open(ctx, before+secret+after); err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("Open(%q) = %v, want an error without the password", before+secret+after, err)
		}
	})
}

func TestNobodyThere(t *testing.T) {
	for address, want := range map[string]string{
		"postgres://user:hunter2@127.0.0.1:1/x?sslmode=disable":          "refused",
		"postgres://user:hunter2@/x?host=/nowhere/at/all":                "no such file",
		"postgres://user:hunter2@hunter2.invalid/x?connect_timeout=5":    "name is not known",
		strings.Replace(migrated.URL(t), "/hookswitch", "/not_there", 1): "does not exist",
	} {
		_, err := postgres.Open(t.Context(), address)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("Open(%q) = %v, want an error that says %q and no password", address, err, want)
		}
	}
}

func TestPing(t *testing.T) {
	db, err := postgres.Open(t.Context(), migrated.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Ping(t.Context()); err != nil {
		t.Errorf("Ping() = %v", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := db.Ping(t.Context()); err == nil {
		t.Error("Ping() of a closed database succeeded")
	}
}

// A server that restarts, or a connection that is cut, costs the statement that
// was under way and nothing more.
func TestCutConnectionsAreReplaced(t *testing.T) {
	address := migrated.URL(t)
	db := open(t, address)
	if err := db.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	exec(t, address, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'hookswitch' AND datname = current_database()`)
	var err error
	for range postgres.Connections + 1 {
		if _, err = db.Unended(t.Context(), "", time.Now()); err == nil {
			break
		}
	}
	if err != nil {
		t.Errorf("Unended() = %v, want new connections after the old ones were cut", err)
	}
}

func TestConnectionsAreBounded(t *testing.T) {
	address := migrated.URL(t)
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("pool_max_conns", "2")
	u.RawQuery = q.Encode()
	for choice, want := range map[string]int{address: postgres.Connections, u.String(): 2} {
		db, err := postgres.Open(t.Context(), choice)
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 3 * postgres.Connections {
			wg.Go(func() {
				err := db.Engine().Read(context.Background(), func(tx storage.Tx) error {
					_, err := tx.Exec(context.Background(), `SELECT pg_sleep(0.05)`)
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		all := make(chan struct{})
		go func() { wg.Wait(); close(all) }()
		most := 0
		for busy := true; busy; {
			select {
			case <-all:
				busy = false
			case <-time.After(10 * time.Millisecond):
			}
			most = max(most, connections(t, address)) // the server counts, in its own time
		}
		if most > want || most < 2 {
			t.Errorf("%d connections at once, want 2 to %d", most, want)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

// connections counts those of the store to a database.
func connections(t *testing.T, address string) (n int) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	err = c.QueryRow(t.Context(), `SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = 'hookswitch' AND datname = current_database()`).Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestReaderCannotWrite(t *testing.T) {
	db := open(t, migrated.URL(t))
	err := db.Engine().Read(t.Context(), func(tx storage.Tx) error {
		_, err := tx.Exec(t.Context(), `DELETE FROM calls`)
		return err
	})
	if err == nil {
		t.Error("Read(a DELETE) succeeded")
	}
}

// exec runs a statement beside the store.
func exec(t testing.TB, address, statement string) {
	t.Helper()
	ctx := context.Background() // also after the test
	c, err := pgx.Connect(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	if _, err := c.Exec(ctx, statement); err != nil {
		t.Fatal(err)
	}
}

func BenchmarkOpen(b *testing.B) {
	address := migrated.URL(b)
	for b.Loop() {
		db, err := postgres.Open(b.Context(), address)
		if err != nil {
			b.Fatal(err)
		}
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCreate(b *testing.B) {
	db := open(b, migrated.URL(b))
	n := 0
	for b.Loop() {
		n++
		id := "call_" + time.Now().String()
		_, _, err := db.Create(b.Context(), storage.Call{ID: telephony.CallID(id), Direction: telephony.Outbound, Created: time.Now()})
		if err != nil {
			b.Fatal(err)
		}
	}
}
