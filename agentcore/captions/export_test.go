package captions

import (
	"context"
	"time"

	"github.com/hookswitch/hookswitch/media"
)

// Begin makes c ready for Frame, as Run does.
func (c *Captioner) Begin() error {
	c.give = func(error) {}
	return c.begin()
}

// Frame takes in 20 ms of both sides, as Run does.
func (c *Captioner) Frame(ctx context.Context, caller, agent *media.Frame, now time.Time) {
	c.frame(ctx, caller, agent, now)
}

// End lets both sides go.
func (c *Captioner) End(ctx context.Context) error { return c.finish(ctx, false) }
