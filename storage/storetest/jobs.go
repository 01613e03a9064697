package storetest

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/hookswitch/hookswitch/storage"
)

// watched is an engine that remembers the jobs of what was committed.
type watched struct {
	storage.Engine
	mu   sync.Mutex
	jobs []storage.Job
}

// watching is the store of s, and what watches its jobs.
func watching(s storage.Store) (*storage.DB, *watched) {
	w := &watched{Engine: s.(*storage.DB).Engine()}
	return storage.New(w), w
}

// watchedTx is a transaction of a watched engine.
type watchedTx struct {
	storage.Tx
	jobs *[]storage.Job
}

// Write implements [storage.Engine].
func (w *watched) Write(ctx context.Context, do func(storage.Tx) error) error {
	return w.watch(ctx, w.Engine.Write, do)
}

// WriteTogether implements [storage.Engine].
func (w *watched) WriteTogether(ctx context.Context, do func(storage.Tx) error) error {
	return w.watch(ctx, w.Engine.WriteTogether, do)
}

func (w *watched) watch(ctx context.Context, write func(context.Context, func(storage.Tx) error) error, do func(storage.Tx) error) error {
	var jobs []storage.Job
	err := write(ctx, func(tx storage.Tx) error {
		jobs = nil
		return do(watchedTx{tx, &jobs})
	})
	if err == nil {
		w.mu.Lock()
		w.jobs = append(w.jobs, jobs...)
		w.mu.Unlock()
	}
	return err
}

// Enqueue implements [storage.Engine].
func (w *watched) Enqueue(ctx context.Context, tx storage.Tx, j storage.Job) error {
	mine := tx.(watchedTx)
	*mine.jobs = append(*mine.jobs, j)
	return w.Engine.Enqueue(ctx, mine.Tx, j)
}

// want fails t unless the jobs since the last time are these, in any order.
func (w *watched) want(t testing.TB, what string, want ...storage.Job) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	got := w.jobs
	w.jobs = nil
	left := slices.Clone(want)
	for _, j := range got {
		at := slices.IndexFunc(left, func(k storage.Job) bool { return k.Kind == j.Kind && k.ID == j.ID && k.At.Equal(j.At) })
		if at < 0 {
			t.Errorf("%s: job %+v, want %+v", what, j, want)
			return
		}
		left = slices.Delete(left, at, at+1)
	}
	if len(left) > 0 {
		t.Errorf("%s: %d jobs, want %+v", what, len(got), want)
	}
}
