package provider

import (
	"context"
	"errors"
	"time"
)

const (
	quickly = 500 * time.Millisecond // a dial failed so soon that another costs the caller little
	moment  = 250 * time.Millisecond // between the two
)

// Redial dials, and dials once more after a moment if that failed quickly, with
// what may be gone by then and from no server that wants to be left alone: one
// handshake that fails is no reason to lose a call that has no other provider.
func Redial(ctx context.Context, dial func() error) error {
	began := time.Now()
	err := dial()
	var e *Error
	if !errors.As(err, &e) || e.Class != Unavailable || !e.Retry || e.After > 0 || time.Since(began) > quickly {
		return err
	}
	wait := time.NewTimer(moment)
	defer wait.Stop()
	select {
	case <-wait.C:
		return dial()
	case <-ctx.Done():
		return err
	}
}
