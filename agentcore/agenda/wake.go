package agenda

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Poke makes the clerk look for what is ready, now.
func (c *Clerk) Poke() {
	select {
	case c.poke <- struct{}{}:
	default: // it is about to
	}
}

// Due is the worker of [JobErrand]: it makes an errand ready once it is due.
func (c *Clerk) Due(ctx context.Context, id string) (again time.Duration, err error) {
	return c.wake(ctx, c.cfg.Store.Wake, id)
}

// BatchDue is the worker of [JobBatch].
func (c *Clerk) BatchDue(ctx context.Context, id string) (again time.Duration, err error) {
	return c.wake(ctx, c.cfg.Store.WakeBatch, id)
}

func (c *Clerk) wake(ctx context.Context, wake func(context.Context, string, time.Time) (time.Duration, error), id string) (time.Duration, error) {
	wait, err := wake(ctx, id, clock())
	switch {
	case errors.Is(err, ErrNotFound):
		return 0, nil
	case err != nil:
		return 0, fmt.Errorf("agenda: wake: %w", err)
	case wait > 0: // the clock was set back; it may be set forward again
		return min(wait, longWait), nil
	}
	c.Poke()
	return 0, nil
}
