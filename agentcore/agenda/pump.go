package agenda

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
)

// Run places what is ready until ctx ends, and returns when every goroutine that
// it started is gone. Nothing is claimed that can't be placed soon: what waits
// longer waits in the store, where every workspace gets its turn.
func (c *Clerk) Run(ctx context.Context) {
	var attempts sync.WaitGroup
	defer attempts.Wait()
	look := time.NewTicker(poll)
	defer look.Stop()
	var swept, loaded time.Time
	failing := false
	for ctx.Err() == nil {
		var errs []error
		if time.Since(swept) >= sweepGap {
			swept = time.Now()
			errs = append(errs, c.sweep(ctx))
		}
		if time.Since(loaded) >= loadGap {
			loaded = time.Now()
			errs = append(errs, c.failStuckBatches(ctx))
		}
		errs = append(errs, c.claim(ctx, &attempts))
		err := errors.Join(errs...)
		if err != nil && !failing && ctx.Err() == nil {
			c.cfg.Log.Warn("cannot look after what is due, will try again", "error", err)
		}
		failing = err != nil
		select {
		case <-look.C:
		case <-c.poke:
		case <-ctx.Done():
		}
	}
}

// claim takes as many ready errands as may be placed at once, and begins.
func (c *Clerk) claim(ctx context.Context, attempts *sync.WaitGroup) error {
	free, skip := c.room()
	if free <= 0 {
		return nil // each that is done pokes
	}
	asking, cancel := context.WithTimeout(ctx, effort)
	defer cancel()
	all, err := c.cfg.Store.Claim(asking, c.cfg.Node, clock(), free, skip)
	if err != nil {
		return err // if it was done nevertheless, sweep finds them
	}
	for _, e := range all {
		c.took(e.ID)
		attempts.Go(func() {
			c.attempt(ctx, e)
			c.left(e.ID)
			c.Poke()
		})
	}
	return nil
}

// sweep looks after the errands of dead nodes, and of this one's earlier life,
// that were being placed: whether they were, the calls tell.
func (c *Clerk) sweep(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, effort)
	defer cancel()
	here := c.here() // before the store is asked: what is done meanwhile is not left behind
	all, err := c.cfg.Store.Claimed(ctx, c.cfg.Node, clock().Add(-silent))
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range all {
		if !here[e.ID] {
			errs = append(errs, c.resume(ctx, e))
		}
	}
	return errors.Join(errs...)
}

// resume finds out what became of an attempt that somebody began and never told
// of. Whoever it was may live and place it yet: then it has the same call, and
// that is placed once.
func (c *Clerk) resume(ctx context.Context, e Errand) error {
	r, err := c.callOf(ctx, e)
	switch {
	case errors.Is(err, dispatch.ErrNotFound):
		return c.putBack(ctx, e)
	case err != nil:
		return err
	}
	return c.began(ctx, e, r)
}

// failStuckBatches ends the batches whose loader died.
func (c *Clerk) failStuckBatches(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, effort)
	defer cancel()
	now := clock()
	all, err := c.cfg.Store.LoadingBefore(ctx, now.Add(-loadLasts))
	if err != nil {
		return err
	}
	var errs []error
	for _, b := range all {
		errs = append(errs, c.cfg.Store.FailBatch(ctx, b.ID, now))
	}
	return errors.Join(errs...)
}

// room is how many errands more may be placed at once, and whose are left out.
func (c *Clerk) room() (free int, skip []string) {
	most := c.cfg.InFlight()
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.rests, func(_ string, until time.Time) bool { return !until.After(time.Now()) })
	return most - len(c.flying), slices.Sorted(maps.Keys(c.rests))
}

// rest leaves a workspace out for a while. That is measured from now, so that it
// does not matter if the clock is set.
func (c *Clerk) rest(workspace string, wait time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rests[workspace] = time.Now().Add(wait)
}

func (c *Clerk) took(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flying[id] = true
}

func (c *Clerk) left(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.flying, id)
}

func (c *Clerk) here() map[string]bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.flying)
}
