package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/storage"
)

func init() {
	suite("engine, several at once",
		check{"writers add up", addUp},
		check{"writers that want two rows in two orders both get them", crossed},
		check{"a reader sees one moment", oneMoment},
	)
}

func addUp(t *testing.T, s storage.Store) {
	e := engine(t, s)
	const writers, times = 8, 10
	if err := e.Write(t.Context(), func(tx storage.Tx) error { return put(t.Context(), tx, "sum", 0) }); err != nil {
		t.Fatal(err)
	}
	for _, err := range race(writers, func(int) error {
		for range times {
			err := e.Write(t.Context(), func(tx storage.Tx) error {
				_, err := tx.Exec(t.Context(), `UPDATE box SET v = v + 1 WHERE k = $1`, "sum")
				return err
			})
			if err != nil {
				return err
			}
		}
		return nil
	}) {
		if err != nil {
			t.Error(err)
		}
	}
	err := e.Read(t.Context(), func(tx storage.Tx) error {
		v, _, err := get(t.Context(), tx, "sum")
		if v != writers*times {
			t.Errorf("sum is %d, want %d", v, writers*times)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// A server that lets both begin must undo one, which is then tried again.
func crossed(t *testing.T, s storage.Store) {
	e := engine(t, s)
	if err := e.Write(t.Context(), func(tx storage.Tx) error {
		return errors.Join(put(t.Context(), tx, "x", 0), put(t.Context(), tx, "y", 0))
	}); err != nil {
		t.Fatal(err)
	}
	began := make(chan bool, 100)
	orders := [][]string{{"x", "y"}, {"y", "x"}}
	errs := race(len(orders), func(i int) error {
		return e.Write(t.Context(), func(tx storage.Tx) error {
			for _, k := range orders[i] {
				if _, err := tx.Exec(t.Context(), `UPDATE box SET v = v + 1 WHERE k = $1`, k); err != nil {
					return err
				}
				began <- true
				// The other has its first row too, if it can have it.
				for wait := 0; len(began) < 2 && wait < 50; wait++ {
					time.Sleep(time.Millisecond)
				}
			}
			return nil
		})
	})
	if err := errors.Join(errs...); err != nil {
		t.Errorf("Write() = %v", err)
	}
	err := e.Read(t.Context(), func(tx storage.Tx) error {
		for _, k := range orders[0] {
			if v, _, err := get(t.Context(), tx, k); err != nil || v != 2 {
				t.Errorf("%s is %d, %v, want 2", k, v, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func oneMoment(t *testing.T, s storage.Store) {
	e := engine(t, s)
	if err := e.Write(t.Context(), func(tx storage.Tx) error { return put(t.Context(), tx, "a", 1) }); err != nil {
		t.Fatal(err)
	}
	wrote := make(chan error, 1)
	err := e.Read(t.Context(), func(tx storage.Tx) error {
		before, _, err := get(t.Context(), tx, "a")
		if err != nil {
			return err
		}
		go func() {
			wrote <- e.Write(context.Background(), func(tx storage.Tx) error { return put(context.Background(), tx, "a", 2) })
		}()
		select { // in memory the writer waits for the reader
		case err := <-wrote:
			wrote <- err
		case <-time.After(20 * time.Millisecond):
		}
		after, _, err := get(t.Context(), tx, "a")
		if before != after {
			t.Errorf("a was %d and then %d within one read", before, after)
		}
		return err
	})
	if err := errors.Join(err, <-wrote); err != nil {
		t.Error(err)
	}
}
