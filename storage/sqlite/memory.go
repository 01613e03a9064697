package sqlite

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// blank is a migrated database in memory as bytes, kept from the first that this
// process opened: the next ones begin as a copy, in a fraction of the time that
// the migrations take. Simulations open one for each of their runs.
var blank struct {
	sync.Mutex
	image []byte
}

// image is what modernc's connections can do.
type image interface {
	Serialize() ([]byte, error)
	Deserialize([]byte) error
}

// blankMemory makes e, a database in memory, a migrated one.
func (e *engine) blankMemory(ctx context.Context) error {
	blank.Lock()
	defer blank.Unlock()
	if blank.image != nil {
		return e.raw(ctx, func(c image) error { return c.Deserialize(blank.image) })
	}
	if err := e.migrate(ctx); err != nil {
		return err
	}
	return e.raw(ctx, func(c image) (err error) {
		blank.image, err = c.Serialize()
		return err
	})
}

// raw lends the writer's connection as the driver made it.
func (e *engine) raw(ctx context.Context, do func(image) error) (err error) {
	c, err := e.writer.Conn(ctx)
	if err != nil {
		return fmt.Errorf("storage: open the database: %w", err)
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	return c.Raw(func(driver any) error {
		mine, ok := driver.(image)
		if !ok {
			return errors.New("storage: the SQLite driver copies no databases")
		}
		if err := do(mine); err != nil {
			return fmt.Errorf("storage: copy a database in memory: %w", err)
		}
		return nil
	})
}
