package sqlite

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/hookswitch/hookswitch/storage"
)

// answer runs a question that is answered with one number, in a transaction of
// its own.
func answer(e *engine, query string, args ...any) (n int, err error) {
	err = e.Read(context.Background(), func(tx storage.Tx) error {
		return tx.Each(context.Background(), query, args, func(scan storage.Scan) error { return scan(&n) })
	})
	return n, err
}

func compiled(p *prepared) (texts, stmts int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, one := range p.texts {
		if one.stmt != nil {
			stmts++
		}
	}
	return len(p.texts), stmts
}

func TestWhatComesAgainIsCompiledOnce(t *testing.T) {
	for name, file := range map[string]string{"file": filepath.Join(t.TempDir(), "x.db"), "memory": memory} {
		t.Run(name, func(t *testing.T) {
			e, err := open(file)
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := e.Close(); err != nil {
					t.Error(err)
				}
			}()
			p := e.writes
			if e.reads != nil {
				p = e.reads
			}
			// One more than oftenEnough is the first that runs compiled.
			for i := range 3 * oftenEnough {
				if n, err := answer(e, `SELECT $1 + 1`, i); err != nil || n != i+1 {
					t.Fatalf("run %d: %d, %v", i, n, err)
				}
			}
			if texts, stmts := compiled(p); texts != 1 || stmts != 1 {
				t.Errorf("%d of %d texts are compiled, want the one", stmts, texts)
			}
			// It sees what was changed since, rows as well as columns.
			for i := range 2 * oftenEnough {
				err := e.Write(t.Context(), func(tx storage.Tx) error {
					if _, err := tx.Exec(t.Context(), fmt.Sprintf(`CREATE TABLE t%d (x)`, i%3)); err != nil {
						return err
					}
					_, err := tx.Exec(t.Context(), fmt.Sprintf(`DROP TABLE IF EXISTS t%d`, (i+1)%3))
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
				if n, err := answer(e, `SELECT COUNT(*) FROM sqlite_schema`); err != nil || n != min(i+1, 2) {
					t.Errorf("after %d changes there are %d tables, %v", i+1, n, err)
				}
			}
			// What is wrong is told each time, and nothing else.
			for range 2 * oftenEnough {
				if _, err := answer(e, `SELECT nothing`); err == nil {
					t.Error("a statement that makes no sense ran")
				}
			}
		})
	}
}

func TestTextsThatAreRememberedAreBounded(t *testing.T) {
	e, err := open(memory)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for i := range maxTexts + 50 {
		if n, err := answer(e, fmt.Sprintf(`SELECT %d`, i)); err != nil || n != i {
			t.Fatalf("%d, %v", n, err)
		}
	}
	if texts, stmts := compiled(e.writes); texts != maxTexts || stmts != 0 {
		t.Errorf("%d texts are remembered, %d of them compiled", texts, stmts)
	}
}
