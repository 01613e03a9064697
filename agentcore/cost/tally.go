package cost

import (
	"sync"
	"time"
)

// Tally adds up what one call uses, until somebody takes it. Its methods may be
// called from any goroutine. The zero Tally is ready.
type Tally struct {
	mu    sync.Mutex
	used  Usage
	last  int
	tells map[int]func()
}

// Used notes that so much was used. It is a meter.Meter's.
func (t *Tally) Used(stage, name, unit string, n float64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.used = t.used.With(Use{stage, name, unit, Of(n)})
}

// Follow has tell called before each Take: whoever counts for itself brings Used
// up to date then. Once gone has returned tell is not begun any more.
func (t *Tally) Follow(tell func()) (gone func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.tells == nil {
		t.tells = map[int]func(){}
	}
	t.last++
	n := t.last
	t.tells[n] = tell
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.tells, n)
	}
}

// Take returns what was used since the last time.
func (t *Tally) Take() Usage {
	for _, tell := range t.following() {
		tell() // it calls Used
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	u := t.used
	t.used = nil
	return u
}

func (t *Tally) following() (all []func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, tell := range t.tells {
		all = append(all, tell)
	}
	return all
}

// Minutes is how many minutes a carrier bills of a call that was answered from
// one moment to the other: each that was begun. Without both it is none.
func Minutes(answered, ended time.Time) Quantity {
	if answered.IsZero() || ended.Before(answered) {
		return 0
	}
	d := ended.Sub(answered)
	return 1000 * Quantity(max(1, (d+time.Minute-1)/time.Minute))
}
