package sqlite_test

import (
	"context"
	"errors"
	"testing"

	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/storage/jobs"
	"github.com/hookswitch/hookswitch/storage/sqlite"
	"github.com/hookswitch/hookswitch/storage/storetest"
)

// twice is an engine that does whatever is written once in vain before it does it:
// as one whose transaction failed for another's sake.
type twice struct {
	storage.Engine
	jobs.Runner
}

var errInVain = errors.New("in vain")

func (e twice) Write(ctx context.Context, do func(storage.Tx) error) error {
	err := e.Engine.Write(ctx, func(t storage.Tx) error {
		if err := do(t); err != nil {
			return err
		}
		return errInVain
	})
	if !errors.Is(err, errInVain) {
		return err
	}
	return e.Engine.Write(ctx, do)
}

func (e twice) WriteTogether(ctx context.Context, do func(storage.Tx) error) error {
	return e.Write(ctx, do)
}

func TestWhateverIsWrittenMayHaveBeenTriedBefore(t *testing.T) {
	if testing.Short() {
		t.Skip("the suite once more")
	}
	storetest.Run(t, func(t testing.TB) storage.Store {
		e := open(t, sqlite.Memory).Engine()
		return storage.New(twice{e, e.(jobs.Runner)})
	})
}
