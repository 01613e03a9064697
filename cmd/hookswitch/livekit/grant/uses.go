package grant

import (
	"sync"
	"time"
)

// maxUses bounds the keys that are remembered: forgetting them costs a write.
const maxUses = 10_000

// uses remembers when the use of a key was written down last.
type uses struct {
	mu    sync.Mutex
	noted map[string]time.Time
}

func newUses() *uses { return &uses{noted: map[string]time.Time{}} }

// first reports whether a use of key is to be written down: the first of each
// minute is.
func (u *uses) first(key string, now time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	last, ok := u.noted[key]
	if ok && now.Sub(last) < time.Minute {
		return false
	}
	if !ok && len(u.noted) >= maxUses {
		clear(u.noted)
	}
	u.noted[key] = now
	return true
}
