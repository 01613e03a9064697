package agenda

import "time"

// After is when a callback is due.
func After(r Retry, callback int, ended time.Time, zone *time.Location) (time.Time, bool) {
	return r.after(callback, ended, zone)
}
