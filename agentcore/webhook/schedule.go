package webhook

import (
	"errors"
	"net/http"
	"time"
)

// MaxAttempts is how often a delivery is tried by itself.
const MaxAttempts = 8

// waits are what follows each attempt that failed, the last one excepted: about
// five hours in all. Each is drawn from 80 to 120 % of it, so that what failed
// together is not tried together.
var waits = [MaxAttempts - 1]time.Duration{
	5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 3 * time.Hour,
}

// longestRetryAfter is how far a receiver may put us off.
const longestRetryAfter = time.Hour

// verdict says what becomes of a delivery after its n-th attempt came to err,
// and when the next one is due; jitter is from 0 to below 1.
//
// Whatever a receiver answers may be mended within hours, so that nearly every
// failure is tried again: not a 410, by which receivers say "never again", and
// not what could not be sent at all.
func verdict(n int, err error, jitter float64) (status string, wait time.Duration) {
	if err == nil {
		return Delivered, 0
	}
	var e *Error
	if errors.As(err, &e) {
		switch {
		case e.Status == http.StatusGone, e.Kind == BadRequest, e.Kind == Forbidden:
			return Dead, 0
		}
	}
	if n >= MaxAttempts {
		return Dead, 0
	}
	wait = time.Duration(float64(waits[max(n, 1)-1]) * (0.8 + 0.4*jitter))
	if e != nil {
		wait = max(wait, min(e.RetryAfter, longestRetryAfter))
	}
	return Pending, wait
}
