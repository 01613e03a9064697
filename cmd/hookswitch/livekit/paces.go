package livekit

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxPaces bounds the keys that are remembered: forgetting them gives each its
// full burst again.
const maxPaces = 10_000

// paces says how fast each key pair may go.
type paces struct {
	mu   sync.Mutex
	each int // a second, and at once
	of   map[string]*rate.Limiter
}

func newPaces(each int) *paces { return &paces{each: each, of: map[string]*rate.Limiter{}} }

// take reports whether key may do one more now.
func (p *paces) take(key string, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.of[key]
	if l == nil {
		if len(p.of) >= maxPaces {
			clear(p.of)
		}
		l = rate.NewLimiter(rate.Limit(p.each), p.each)
		p.of[key] = l
	}
	return l.AllowN(now, 1)
}
