package storetest

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"testing"

	"github.com/hookswitch/hookswitch/storage"
)

func init() {
	suite("engine",
		check{"what goes in comes out, whatever Go type it has", values},
		check{"what fails is undone", undone},
		check{"what is cancelled is undone", cancelled},
		check{"a statement within Each is refused", nested},
		check{"an error of Each's row ends it", eachEnds},
		check{"another engine's transaction takes no job", foreign},
	)
}

// engine is what s runs on, with a table "box" (k TEXT, v BIGINT, w TEXT).
func engine(t *testing.T, s storage.Store) storage.Engine {
	t.Helper()
	e := s.(*storage.DB).Engine()
	err := e.Write(t.Context(), func(tx storage.Tx) error {
		_, err := tx.Exec(t.Context(), `CREATE TABLE box (k TEXT NOT NULL PRIMARY KEY, v BIGINT, w TEXT)`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// put sets a row of box.
func put(ctx context.Context, tx storage.Tx, k string, v int64) error {
	_, err := tx.Exec(ctx, `INSERT INTO box (k, v) VALUES ($1, $2) ON CONFLICT (k) DO UPDATE SET v = $2`, k, v)
	return err
}

// get returns a row of box, and whether it is there.
func get(ctx context.Context, tx storage.Tx, k string) (v int64, ok bool, err error) {
	err = tx.Each(ctx, `SELECT v FROM box WHERE k = $1`, []any{k}, func(scan storage.Scan) error {
		ok = true
		return scan(&v)
	})
	return v, ok, err
}

func values(t *testing.T, s storage.Store) {
	e := engine(t, s)
	type number int
	type word string
	err := e.Write(t.Context(), func(tx storage.Tx) error {
		n, err := tx.Exec(t.Context(), `INSERT INTO box (k, v, w) VALUES ($1, $2, $3), ($4, $5, $6), ($7, $8, $9)`,
			"a", int64(math.MaxInt64), "漢 ' \" \\ \n", word("b"), number(-5), nil, "c", nil, []byte(`{"x":1}`))
		if n != 3 {
			t.Errorf("%d rows changed, want 3", n)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	err = e.Read(t.Context(), func(tx storage.Tx) error {
		row := 0
		return tx.Each(t.Context(), `SELECT k, v, w, k, v FROM box ORDER BY k`, nil, func(scan storage.Scan) error {
			var k word
			var v sql.NullInt64
			var w sql.NullString
			var again string
			var p *int64
			if err := scan(&k, &v, &w, &again, &p); err != nil {
				return err
			}
			want := []struct {
				k word
				v sql.NullInt64
				w sql.NullString
			}{
				{"a", sql.NullInt64{Int64: math.MaxInt64, Valid: true}, sql.NullString{String: "漢 ' \" \\ \n", Valid: true}},
				{"b", sql.NullInt64{Int64: -5, Valid: true}, sql.NullString{}},
				{"c", sql.NullInt64{}, sql.NullString{String: `{"x":1}`, Valid: true}},
			}[row]
			if k != want.k || v != want.v || w != want.w || again != string(k) || (p != nil) != v.Valid || p != nil && *p != v.Int64 {
				t.Errorf("row %d: %q %v %v, want %+v", row, k, v, w, want)
			}
			row++
			return nil
		})
	})
	if err != nil {
		t.Error(err)
	}
	var i int
	var n number
	var b []byte
	err = e.Read(t.Context(), func(tx storage.Tx) error {
		return tx.Each(t.Context(), `SELECT v, v, k FROM box WHERE k = $1`, []any{"b"}, func(scan storage.Scan) error {
			return scan(&i, &n, &b)
		})
	})
	if err != nil || i != -5 || n != -5 || string(b) != "b" {
		t.Errorf("scanned %d, %d, %q, %v, want -5, -5, b", i, n, b, err)
	}
}

func undone(t *testing.T, s storage.Store) {
	e := engine(t, s)
	changed := errors.New("changed my mind")
	err := e.Write(t.Context(), func(tx storage.Tx) error {
		return errors.Join(put(t.Context(), tx, "a", 1), changed)
	})
	if !errors.Is(err, changed) {
		t.Errorf("Write() = %v, want the error", err)
	}
	if err := e.Write(t.Context(), func(tx storage.Tx) error {
		if err := put(t.Context(), tx, "b", 1); err != nil {
			return err
		}
		_, err := tx.Exec(t.Context(), `INSERT INTO nowhere (x) VALUES (1)`)
		return err
	}); err == nil {
		t.Error("Write(to a table that isn't there) succeeded")
	}
	empty(t, e)
}

func cancelled(t *testing.T, s storage.Store) {
	e := engine(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	err := e.Write(ctx, func(tx storage.Tx) error {
		defer cancel()
		return put(ctx, tx, "a", 1)
	})
	if err == nil {
		t.Error("Write(cancelled) succeeded")
	}
	empty(t, e)
}

// empty fails t unless box is.
func empty(t *testing.T, e storage.Engine) {
	t.Helper()
	err := e.Read(t.Context(), func(tx storage.Tx) error {
		return tx.Each(t.Context(), `SELECT k FROM box`, nil, func(scan storage.Scan) error {
			var k string
			err := scan(&k)
			t.Errorf("row %q is there, want none", k)
			return err
		})
	})
	if err != nil {
		t.Error(err)
	}
}

func nested(t *testing.T, s storage.Store) {
	e := engine(t, s)
	err := e.Write(t.Context(), func(tx storage.Tx) error {
		if err := put(t.Context(), tx, "a", 1); err != nil {
			return err
		}
		err := tx.Each(t.Context(), `SELECT k FROM box`, nil, func(storage.Scan) error {
			if _, err := tx.Exec(t.Context(), `DELETE FROM box`); err == nil {
				t.Error("Exec() within Each succeeded")
			}
			if _, _, err := get(t.Context(), tx, "a"); err == nil {
				t.Error("Each() within Each succeeded")
			}
			return nil
		})
		if err != nil {
			return err
		}
		return put(t.Context(), tx, "b", 2) // after it all is well
	})
	if err != nil {
		t.Error(err)
	}
}

func eachEnds(t *testing.T, s storage.Store) {
	e := engine(t, s)
	enough := errors.New("enough")
	err := e.Write(t.Context(), func(tx storage.Tx) error {
		for _, k := range []string{"a", "b", "c"} {
			if err := put(t.Context(), tx, k, 1); err != nil {
				return err
			}
		}
		rows := 0
		err := tx.Each(t.Context(), `SELECT k FROM box`, nil, func(storage.Scan) error {
			rows++
			return enough
		})
		if !errors.Is(err, enough) || rows != 1 {
			t.Errorf("Each() = %v after %d rows, want the row's error after the first", err, rows)
		}
		return put(t.Context(), tx, "d", 1)
	})
	if err != nil {
		t.Error(err)
	}
}

func foreign(t *testing.T, s storage.Store) {
	e := engine(t, s)
	err := e.Write(t.Context(), func(tx storage.Tx) error {
		return e.Enqueue(t.Context(), struct{ storage.Tx }{tx}, storage.Job{Kind: "x", ID: "y"})
	})
	if err == nil {
		t.Error("Enqueue(in a transaction that isn't its own) succeeded")
	}
}
