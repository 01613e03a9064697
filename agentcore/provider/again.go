package provider

import (
	"errors"
	"net"
	"time"
)

// Again decides whether a request is to be tried once more before its first
// piece, and after which pause: only after an answer that asks for it or a
// connection that never was, and only if the pause ends before the first piece
// is due. try counts from 0.
func (w *Watchdog) Again(try int, err error) (pause time.Duration, ok bool) {
	pause = 250 * time.Millisecond << min(try, 5)
	var e *Error
	var status *StatusError
	var dial *net.OpError
	switch {
	case errors.As(err, &e) && errors.As(err, &status):
		if !e.Retry {
			return 0, false
		}
		if e.After > 0 {
			pause = e.After
		}
	case errors.As(err, &dial) && dial.Op == "dial":
	default:
		return 0, false
	}
	return pause, w.Ctx.Err() == nil && time.Now().Add(pause).Before(w.Until)
}

// Sleep waits for d, and reports whether the request is still wanted then.
func (w *Watchdog) Sleep(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return w.Ctx.Err() == nil
	case <-w.Ctx.Done():
		return false
	}
}
