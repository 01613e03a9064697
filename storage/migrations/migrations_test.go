package migrations_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/storage/migrations"
	"github.com/hookswitch/hookswitch/storage/pgtest"
	"github.com/hookswitch/hookswitch/storage/postgres"
	"github.com/hookswitch/hookswitch/storage/sqlite"
	"github.com/hookswitch/hookswitch/telephony"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// engine is where the migrations must run.
type engine struct {
	dialect goose.Dialect
	address func(t *testing.T) string
	driver  func(address string) (driver, dsn string)
	open    func(ctx context.Context, address string) (*storage.DB, error)
	schema  string // lists all that a migration makes
}

var engines = map[string]engine{
	"sqlite": {
		goose.DialectSQLite3,
		func(t *testing.T) string { return "sqlite://" + filepath.Join(t.TempDir(), "x.db") },
		func(address string) (string, string) {
			q := url.Values{"_pragma": {"foreign_keys(1)"}} // as storage/sqlite does
			return "sqlite", "file:" + address[len("sqlite://"):] + "?" + q.Encode()
		},
		sqlite.Open,
		`SELECT m.type || ' ' || m.tbl_name || ' ' || m.name || ' ' || COALESCE(c.name || ' ' || c.type || ' ' || c."notnull" || ' ' || COALESCE(c.dflt_value, '') || ' ' || c.pk, m.sql, '')
			FROM sqlite_master m LEFT JOIN pragma_table_info(m.name) c
			WHERE m.name NOT LIKE 'sqlite_sequence' AND m.tbl_name NOT LIKE 'goose%'`,
	},
	"postgres": {
		goose.DialectPostgres,
		func(t *testing.T) string { return pgtest.URL(t) },
		func(address string) (string, string) { return "pgx", address },
		postgres.Open,
		`SELECT 'column ' || table_name || ' ' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || COALESCE(column_default, '')
			FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE 'goose%'
		UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename NOT LIKE 'goose%'`,
	},
}

// onEach runs check on an empty database of each engine.
func onEach(t *testing.T, check func(t *testing.T, e engine, address string, db *sql.DB, p *goose.Provider)) {
	for name, e := range engines {
		t.Run(name, func(t *testing.T) {
			address := e.address(t)
			db, err := sql.Open(e.driver(address))
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			db.SetMaxOpenConns(1)
			p, err := goose.NewProvider(e.dialect, db, migrations.Files,
				goose.WithDisableGlobalRegistry(true), goose.WithSlog(slog.New(slog.DiscardHandler)))
			if err != nil {
				t.Fatal(err)
			}
			check(t, e, address, db, p)
		})
	}
}

func TestUpDownUp(t *testing.T) {
	onEach(t, func(t *testing.T, e engine, _ string, db *sql.DB, p *goose.Provider) {
		sources := p.ListSources()
		before := map[int64][]string{0: list(t, db, e.schema)} // the schema by version
		for _, s := range sources {
			if _, err := p.UpByOne(t.Context()); err != nil {
				t.Fatal(err)
			}
			before[s.Version] = list(t, db, e.schema)
			if len(before[s.Version]) <= len(before[s.Version-1]) {
				t.Errorf("version %d makes nothing", s.Version)
			}
		}
		fill(t, db)
		for _, s := range slices.Backward(sources) {
			if _, err := p.Down(t.Context()); err != nil {
				t.Fatalf("down from version %d: %v", s.Version, err)
			}
			if got, want := list(t, db, e.schema), before[s.Version-1]; !slices.Equal(got, want) {
				t.Errorf("down from version %d leaves %q, want %q", s.Version, got, want)
			}
		}
		if _, err := p.Up(t.Context()); err != nil {
			t.Fatal(err)
		}
		last := sources[len(sources)-1].Version
		if got := list(t, db, e.schema); !slices.Equal(got, before[last]) {
			t.Errorf("the second way up makes %q, want %q", got, before[last])
		}
	})
}

// list returns the rows of a query, sorted.
func list(t *testing.T, db *sql.DB, query string) []string {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return all
}

// fill puts a row into tables that others refer to: a way down must take them
// in the right order.
func fill(t *testing.T, db *sql.DB) {
	t.Helper()
	for _, statement := range []string{
		`INSERT INTO calls (id, epoch, from_number, to_number, direction, agent, state, created_us) VALUES ('call_1', 1, '', '', '', '', '', 1)`,
		`INSERT INTO call_events (call_id, n, kind, body) VALUES ('call_1', 1, 'x', '{}')`,
		`INSERT INTO transcript_lines (call_id, n, turn, speaker, said) VALUES ('call_1', 1, 1, 'caller', 'hello')`,
		`INSERT INTO recordings (call_id, epoch, object, start_ms, length_ms, bytes) VALUES ('call_1', 1, 'x', 0, 0, 0)`,
		`INSERT INTO api_keys (id, workspace, name, prefix, hash, scopes, created_us) VALUES ('k', 'default', '', '', '', '[]', 1)`,
		`INSERT INTO provider_keys (id, workspace, provider, sealed, who, updated_us) VALUES (1, 'default', 'x', '', '', 1)`,
		`INSERT INTO agents (id, uuid, workspace, name, version, definition, created_us, updated_us) VALUES (1, 'u', 'default', '', 1, '{}', 1, 1)`,
		`INSERT INTO agent_versions (agent_id, n, who, created_us, definition) VALUES (1, 1, '', 1, '{}')`,
	} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// A database that the first release wrote, with calls in it.
func TestVersion1KeepsItsCalls(t *testing.T) {
	onEach(t, func(t *testing.T, e engine, address string, db *sql.DB, p *goose.Provider) {
		if _, err := p.UpTo(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		created, ended := time.UnixMicro(1_790_000_000_123_456), time.UnixMicro(1_790_000_100_000_000)
		for i, end := range []any{ended.UnixMicro(), nil} {
			id := fmt.Sprintf("call_%d", i)
			_, err := db.Exec(`INSERT INTO calls (id, epoch, admitted, carrier_id, from_number, to_number, direction, agent, state,
					carrier_seq, sip_code, last_n, created_us, answered_us, ended_us, end_reason)
				VALUES ($1, 2, 1, $2, '+15550100', '+15550199', 'inbound', 'demo', 'in-progress', 3, 200, 1, $3, $3, $4, $5)`,
				id, "CA"+id, created.UnixMicro(), end, map[bool]string{true: "caller_hangup"}[end != nil])
			if err != nil {
				t.Fatal(err)
			}
			body, err := json.Marshal(agentcore.Entry{N: 1, Version: 1, Wall: created, Event: agentcore.CallerPressed{Turn: 1, Digit: "5"}})
			if err != nil {
				t.Fatal(err)
			}
			_, err = db.Exec(`INSERT INTO call_events (call_id, n, kind, body) VALUES ($1, 1, 'caller_pressed', $2)`, id, string(body))
			if err != nil {
				t.Fatal(err)
			}
		}

		s, err := e.open(t.Context(), address)
		if err != nil {
			t.Fatalf("Open(a database of version 1) = %v", err)
		}
		defer s.Close()
		for i, over := range []bool{true, false} {
			r, err := s.Call(t.Context(), telephony.CallID(fmt.Sprintf("call_%d", i)))
			if err != nil || r.Epoch != 2 || r.From != "+15550100" || r.Agent != "demo" || !r.Created.Equal(created) || r.Over() != over {
				t.Errorf("Call() = %+v, %v, want what was written", r, err)
			}
			journal, err := s.Journal(t.Context(), r.ID, 0)
			if err != nil || len(journal) != 1 || journal[0].Event != (agentcore.CallerPressed{Turn: 1, Digit: "5"}) {
				t.Errorf("Journal() = %v, %v, want the entry", journal, err)
			}
		}
		var workspace, variables string
		if err := db.QueryRow(`SELECT workspace, variables FROM calls WHERE id = 'call_0'`).Scan(&workspace, &variables); err != nil {
			t.Fatal(err)
		}
		if workspace != "default" || variables != "{}" {
			t.Errorf("the call is of %q with variables %s, want default and {}", workspace, variables)
		}
		open, err := s.Unended(t.Context(), "", time.Now())
		if err != nil || len(open) != 1 || open[0].ID != "call_1" {
			t.Errorf("Unended() = %v, %v, want call_1", open, err)
		}
	})
}
