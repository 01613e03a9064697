package storage_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/search"
	"github.com/hookswitch/hookswitch/storage"
)

// stuck is a database whose reads take until their time is up.
type stuck struct {
	storage.Engine
	reading chan struct{} // one element for each that reads
}

func (s *stuck) Read(ctx context.Context, _ func(storage.Tx) error) error {
	s.reading <- struct{}{}
	defer func() { <-s.reading }()
	<-ctx.Done()
	return ctx.Err()
}

// A search through all that was ever said must leave SQLite's four readers to
// those who answer calls.
func TestSearchesLeaveRoomForCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := &stuck{reading: make(chan struct{}, 100)}
		db := storage.New(engine)
		words := search.Query{{Key: search.Said, Text: "saturday"}}
		began := time.Now()
		done := make(chan error, 9)
		for range 9 {
			go func() {
				_, _, err := db.SearchCalls(t.Context(), "default", words, time.Now(), "", 0)
				done <- err
			}()
		}
		synctest.Wait()
		if n := len(engine.reading); n != 2 {
			t.Errorf("%d searches read at once, want 2", n)
		}
		list, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		go func() { _, _, _ = db.SearchCalls(list, "default", nil, time.Now(), "", 0) }()
		synctest.Wait()
		if n := len(engine.reading); n != 3 {
			t.Errorf("%d read beside a list that asks for no words, want 3", n)
		}
		for range 9 {
			if err := <-done; !errors.Is(err, storage.ErrSlow) {
				t.Errorf("SearchCalls() = %v, want ErrSlow", err)
			}
		}
		if took := time.Since(began); took > 11*time.Second {
			t.Errorf("nine searches took %v", took)
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if _, _, err := db.SearchCalls(gone, "default", words, time.Now(), "", 0); !errors.Is(err, context.Canceled) || errors.Is(err, storage.ErrSlow) {
			t.Errorf("SearchCalls() of a client that is gone = %v", err)
		}
	})
}
