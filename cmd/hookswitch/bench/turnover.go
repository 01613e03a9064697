package bench

import (
	"context"
	"fmt"
	"time"
)

// A soak's calls end and others begin, one after the other, as on a gateway that
// works: what a call keeps of its turns goes with it, and what stays is a leak.
const (
	soakCall  = 3 * time.Minute  // that a call lasts
	soakStill = 15 * time.Second // at both ends of the window, in which none is changed: each is to be spoken to
)

// turnOver replaces the calls whose time has come so long after the window's begin.
func (l *load) turnOver(ctx context.Context, now time.Duration) error {
	now = min(now, l.r.window-soakStill) - soakStill
	for now >= soakCall*time.Duration(l.past.calls)/time.Duration(l.r.calls) {
		if err := l.replace(ctx, l.past.calls%l.r.calls); err != nil {
			return fmt.Errorf("bench: after %d calls of a soak: %w", l.past.calls, err)
		}
	}
	return nil
}

// replace ends call i and makes another in its place.
func (l *load) replace(ctx context.Context, i int) error {
	f := l.calls[i]
	hush(f)
	f.hangUp()
	<-f.over
	if err := l.carrier.completed(ctx, f.id); err != nil {
		return err
	}
	l.past.add(f)
	l.calls[i] = nil // also if no other can be made
	return l.begin(ctx, i)
}
