package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/storage/sqlite"
	"github.com/hookswitch/hookswitch/storage/storetest"
	"github.com/hookswitch/hookswitch/telephony"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t testing.TB, address string) *storage.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), address)
	if err != nil {
		t.Fatalf("Open() = %v", err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("Close() = %v", err)
		}
	})
	return db
}

func TestMemory(t *testing.T) {
	storetest.Run(t, func(t testing.TB) storage.Store { return open(t, sqlite.Memory) })
}

func TestFile(t *testing.T) {
	if testing.Short() {
		t.Skip("the suite runs in memory; under the race detector a file takes five minutes more")
	}
	storetest.Run(t, func(t testing.TB) storage.Store {
		return open(t, "sqlite://"+filepath.Join(t.TempDir(), "x.db"))
	})
}

func FuzzEntries(f *testing.F) {
	storetest.Fuzz(f, func(t testing.TB) storage.Store { return open(t, sqlite.Memory) })
}

func TestPing(t *testing.T) {
	db, err := sqlite.Open(t.Context(), sqlite.Memory)
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

func TestFirstStartMakesFolderAndFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "data of mine", "100% new", "hookswitch.db")
	open(t, "sqlite://"+file)
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("the file has mode %v, want it for its owner only", mode)
	}
}

func TestRelativePath(t *testing.T) {
	t.Chdir(t.TempDir())
	open(t, "sqlite://data/hookswitch.db")
	if _, err := os.Stat("data/hookswitch.db"); err != nil {
		t.Error(err)
	}
}

func TestSecondStartFindsWhatWasKept(t *testing.T) {
	address := "sqlite://" + filepath.Join(t.TempDir(), "x.db")
	first, err := sqlite.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	create(t, first)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if r, err := open(t, address).Call(t.Context(), "call_1"); err != nil || r.Carrier != "CA1" {
		t.Errorf("Call() = %+v, %v, want the call of the first start", r, err)
	}
}

// Two processes share a file during a restart.
func TestTwoHandlesShareAFile(t *testing.T) {
	address := "sqlite://" + filepath.Join(t.TempDir(), "x.db")
	a, b := open(t, address), open(t, address)
	create(t, a)
	if _, err := b.Raise(t.Context(), "call_1", 1, "b"); err != nil {
		t.Fatalf("Raise() by the other = %v", err)
	}
	err := a.Append(t.Context(), "call_1", 1, []agentcore.Entry{{N: 1, Version: 1, Wall: time.Now(), Event: agentcore.SpeechBegan{}}})
	if !errors.Is(err, storage.ErrEpoch) {
		t.Errorf("Append() by the fenced one = %v, want ErrEpoch", err)
	}
}

func TestNewerSchemaIsLeftAlone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.db")
	db, err := sqlite.Open(t.Context(), "sqlite://"+file)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for _, statements := range [][2]string{
		{`INSERT INTO river_migration (line, version) VALUES ('main', 99999)`, `DELETE FROM river_migration WHERE version = 99999`},
		{`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)`, `SELECT 1`},
	} {
		exec(t, file, statements[0])
		_, err = sqlite.Open(t.Context(), "sqlite://"+file)
		var newer storage.NewerSchemaError
		if !errors.As(err, &newer) || newer.Have != 99999 || newer.Known < 1 || !strings.Contains(err.Error(), "99999") {
			t.Errorf("Open(after %s) = %v, want a NewerSchemaError", statements[0], err)
		}
		exec(t, file, statements[1])
	}
}

// exec runs a statement beside the store.
func exec(t *testing.T, file, statement string) {
	t.Helper()
	raw, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := raw.Exec(statement); err != nil {
		t.Fatal(err)
	}
	if err := raw.Close(); err != nil {
		t.Fatal(err)
	}
}

// The next one in memory begins as a copy of the first: empty, and its own.
func TestDatabasesInMemoryShareNothing(t *testing.T) {
	a := open(t, sqlite.Memory)
	create(t, a)
	b := open(t, sqlite.Memory)
	if _, err := b.Call(t.Context(), "call_1"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("Call(of another database) = %v, want ErrNotFound", err)
	}
	create(t, b)
	if _, err := b.Raise(t.Context(), "call_1", 1, "node"); err != nil {
		t.Fatal(err)
	}
	if r, err := a.Call(t.Context(), "call_1"); err != nil || r.Epoch != 1 {
		t.Errorf("Call() = %+v, %v, want the first database's call as it was", r, err)
	}
}

func TestAddresses(t *testing.T) {
	for address, want := range map[string]string{
		"":                               "no scheme",
		"data/x.db":                      "no scheme",
		"postgres://user:hunter2@host/x": "not SQLite",
		"postgresql://host/x":            "not SQLite",
		"mysql://user:hunter2@host/x":    "unknown scheme",
		"sqlite://":                      "needs a path",
		"sqlite://data/":                 "not a folder",
		"sqlite://x.db?_pragma=evil":     "path only",
		"sqlite://x.db#1":                "path only",
	} {
		_, err := sqlite.Open(t.Context(), address)
		var bad storage.URLError
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("Open(%q) = %v, want a URLError that says %q and no password", address, err, want)
		}
	}
}

func TestNotADatabase(t *testing.T) {
	file := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(file, []byte(strings.Repeat("not a database at all\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlite.Open(t.Context(), "sqlite://"+file); err == nil {
		t.Error("Open(a text file) succeeded")
	}
	if _, err := sqlite.Open(t.Context(), "sqlite://"+filepath.Join(file, "x.db")); err == nil {
		t.Error("Open(below a file) succeeded")
	}
}

// The whole-system simulation runs on this: times are virtual, the handle is
// opened and closed in the bubble, writers wait for one another in it.
func TestWorksInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		db := open(t, sqlite.Memory)
		create(t, db)
		for n := 1; n <= 50; n++ {
			time.Sleep(time.Second)
			e := agentcore.Entry{N: n, Version: 1, Wall: time.Now(), Event: agentcore.CallerPressed{Digit: "1"}}
			if err := db.Append(t.Context(), "call_1", 1, []agentcore.Entry{e}); err != nil {
				t.Fatal(err)
			}
		}
		late, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, _, err := db.End(late, "call_1", 1, telephony.Silence, time.Now()); err != nil {
			t.Fatal(err)
		}
		if r, err := db.Call(t.Context(), "call_1"); err != nil || r.Last != 51 || r.Ended.Sub(began) != 50*time.Second {
			t.Errorf("record %+v, %v, want 51 entries and an end after 50 virtual seconds", r, err)
		}
	})
}

func TestCancelledContextChangesNothing(t *testing.T) {
	db := open(t, sqlite.Memory)
	create(t, db)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := db.End(ctx, "call_1", 1, telephony.Failed, time.Now()); err == nil {
		t.Error("End(cancelled) succeeded")
	}
	if r, err := db.Call(t.Context(), "call_1"); err != nil || r.Over() {
		t.Errorf("record %+v, %v, want the call still open, and there", r, err)
	}
}

func create(t testing.TB, db *storage.DB) {
	t.Helper()
	_, _, err := db.Create(t.Context(), storage.Call{ID: "call_1", Carrier: "CA1", Direction: telephony.Inbound, Created: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
}

func BenchmarkAppend(b *testing.B) {
	for name, address := range map[string]string{
		"memory": sqlite.Memory,
		"file":   "sqlite://" + filepath.Join(b.TempDir(), "x.db"),
	} {
		b.Run(name, func(b *testing.B) {
			db := open(b, address)
			r, _, err := db.Create(b.Context(), storage.Call{ID: telephony.CallID("call_" + b.Name() + time.Now().String()), Direction: telephony.Outbound, Created: time.Now()})
			if err != nil {
				b.Fatal(err)
			}
			n := 0
			for b.Loop() {
				n++
				e := agentcore.Entry{N: n, Version: 1, Wall: time.Now(), Event: agentcore.Planned{Text: "We are open from nine to five."}}
				if err := db.Append(b.Context(), r.ID, 1, []agentcore.Entry{e}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
