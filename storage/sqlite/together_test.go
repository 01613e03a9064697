package sqlite

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/storage"
)

// queue is an engine over a new file with a table, whose writer is held until
// release. Those who want to write meanwhile are in line in the order of behind.
type queue struct {
	*engine
	t       *testing.T
	release func()
	done    sync.WaitGroup
}

func newQueue(t *testing.T) *queue {
	t.Helper()
	e, err := open(filepath.Join(t.TempDir(), "x.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	q := &queue{engine: e, t: t}
	if err := e.Write(t.Context(), func(tx storage.Tx) error {
		_, err := tx.Exec(t.Context(), "CREATE TABLE seen (who TEXT)")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	held, free := make(chan struct{}), make(chan struct{})
	q.release = sync.OnceFunc(func() { close(free) })
	t.Cleanup(q.release)
	q.done.Go(func() {
		if err := e.WriteTogether(t.Context(), func(storage.Tx) error { close(held); <-free; return nil }); err != nil {
			t.Error(err)
		}
	})
	<-held
	return q
}

// behind has do wait in line, and returns where its error comes.
func (q *queue) behind(ctx context.Context, do func(storage.Tx) error) <-chan error {
	q.t.Helper()
	count := func() int {
		q.writing.mu.Lock()
		defer q.writing.mu.Unlock()
		return len(q.writing.line)
	}
	before, told := count(), make(chan error, 1)
	q.done.Go(func() {
		defer func() {
			if v := recover(); v != nil {
				told <- fmt.Errorf("panic: %v", v)
			}
		}()
		told <- q.WriteTogether(ctx, do)
	})
	for deadline := time.Now().Add(10 * time.Second); count() == before; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			q.t.Fatal("nobody waits")
		}
	}
	return told
}

// sees writes that who was there, and notes in which transaction.
func (q *queue) sees(who string, in *[]storage.Tx) func(storage.Tx) error {
	return func(tx storage.Tx) error {
		*in = append(*in, tx)
		_, err := tx.Exec(q.t.Context(), "INSERT INTO seen (who) VALUES ($1)", who)
		return err
	}
}

func (q *queue) seen() (all []string) {
	q.t.Helper()
	err := q.Read(q.t.Context(), func(tx storage.Tx) error {
		return tx.Each(q.t.Context(), "SELECT who FROM seen ORDER BY rowid", nil, func(scan storage.Scan) error {
			var who string
			err := scan(&who)
			all = append(all, who)
			return err
		})
	})
	if err != nil {
		q.t.Error(err)
	}
	return all
}

func TestThoseWhoWaitedWriteTogetherAndInOrder(t *testing.T) {
	q := newQueue(t)
	var in []storage.Tx
	var told []<-chan error
	for _, who := range []string{"a", "b", "c", "d"} {
		told = append(told, q.behind(t.Context(), q.sees(who, &in)))
	}
	q.release()
	for i, err := range told {
		if err := <-err; err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
	if len(in) != 4 || in[0] != in[1] || in[0] != in[2] || in[0] != in[3] {
		t.Errorf("four who waited wrote in the transactions %p", in)
	}
	if got := q.seen(); !slices.Equal(got, []string{"a", "b", "c", "d"}) {
		t.Errorf("written: %q", got)
	}
}

func TestOneWhoFailsFailsAlone(t *testing.T) {
	wrong := errors.New("wrong")
	for name, do := range map[string]func(tx storage.Tx) error{
		"an error": func(storage.Tx) error { return wrong },
		"a bad statement": func(tx storage.Tx) error {
			_, err := tx.Exec(t.Context(), "INSERT INTO nothing VALUES (1)")
			return err
		},
		"a panic": func(storage.Tx) error { panic("wrong") },
	} {
		t.Run(name, func(t *testing.T) {
			q := newQueue(t)
			var in []storage.Tx
			first := q.behind(t.Context(), q.sees("first", &in))
			bad := q.behind(t.Context(), do)
			last := q.behind(t.Context(), q.sees("last", &in))
			q.release()
			if a, b, c := <-first, <-bad, <-last; a != nil || b == nil || c != nil {
				t.Errorf("told %v, %v, %v: only the second is wrong", a, b, c)
			}
			if got := q.seen(); !slices.Equal(got, []string{"first", "last"}) {
				t.Errorf("written: %q", got)
			}
		})
	}
}

func TestWhoWaitsNoMoreWritesNothing(t *testing.T) {
	q := newQueue(t)
	var in []storage.Tx
	ctx, stop := context.WithCancelCause(t.Context())
	gone, stays := q.behind(ctx, q.sees("gone", &in)), q.behind(t.Context(), q.sees("stays", &in))
	impatient := errors.New("impatient")
	stop(impatient)
	if err := <-gone; !errors.Is(err, impatient) {
		t.Errorf("told %v before anybody wrote, want the cause", err)
	}
	q.release()
	if err := <-stays; err != nil {
		t.Error(err)
	}
	if got := q.seen(); !slices.Equal(got, []string{"stays"}) {
		t.Errorf("written: %q", got)
	}
}

// Somebody else has the database: who leads waits for it, and so do those who go
// with it. Each may leave, and the others go on.
func TestWhoeverWaitsForTheDatabaseMayLeave(t *testing.T) {
	for _, leaves := range []int{0, 1} {
		q := newQueue(t)
		held, free := make(chan struct{}), make(chan struct{})
		q.done.Go(func() {
			if err := q.Write(t.Context(), func(storage.Tx) error { close(held); <-free; return nil }); err != nil {
				t.Error(err)
			}
		})
		var in []storage.Tx
		var told []<-chan error
		var stops []context.CancelFunc
		for _, who := range []string{"a", "b", "c"} {
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			told, stops = append(told, q.behind(ctx, q.sees(who, &in))), append(stops, stop)
		}
		q.release() // the other has the database next: it waits for it longest
		<-held
		time.Sleep(20 * time.Millisecond)
		stops[leaves]()
		if err := <-told[leaves]; !errors.Is(err, context.Canceled) {
			t.Errorf("%d left and was told %v", leaves, err)
		}
		close(free)
		var want []string
		for i, who := range []string{"a", "b", "c"} {
			if i == leaves {
				continue
			}
			want = append(want, who)
			if err := <-told[i]; err != nil {
				t.Errorf("%d left and %s was told %v", leaves, who, err)
			}
		}
		if got := q.seen(); !slices.Equal(got, want) {
			t.Errorf("%d left: written %q, want %q", leaves, got, want)
		}
	}
}

// Whatever happens to any of them, each is told once and the rest go on.
func TestManyWritersOfWhomSomeFailAndSomeLeave(t *testing.T) {
	q := newQueue(t)
	q.release()
	var mu sync.Mutex
	var want []string
	var writers sync.WaitGroup
	for i := range 300 {
		writers.Go(func() {
			who := fmt.Sprint(i)
			ctx := t.Context()
			if i%7 == 0 {
				short, stop := context.WithTimeout(ctx, time.Duration(i)*50*time.Microsecond)
				defer stop()
				ctx = short
			}
			err := q.WriteTogether(ctx, func(tx storage.Tx) error {
				if _, err := tx.Exec(ctx, "INSERT INTO seen (who) VALUES ($1)", who); err != nil || i%5 != 0 {
					return err
				}
				return errors.New("wrong")
			})
			switch {
			case err == nil:
				mu.Lock()
				defer mu.Unlock()
				want = append(want, who)
			case i%5 != 0 && i%7 != 0:
				t.Errorf("%d: %v", i, err)
			}
		})
	}
	writers.Wait()
	got := q.seen()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) || len(got) < 200 {
		t.Errorf("%d are written, %d were told so", len(got), len(want))
	}
}
