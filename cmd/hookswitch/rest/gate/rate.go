package gate

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxBuckets bounds how many are kept; full ones are forgotten first, which
// changes nothing for who comes back.
const maxBuckets = 20_000

// buckets are token buckets by name.
type buckets struct {
	mu    sync.Mutex
	per   rate.Limit // tokens a second
	size  int
	named map[string]*rate.Limiter
}

func newBuckets(perMinute, size int) *buckets {
	return &buckets{per: rate.Limit(float64(perMinute) / 60), size: size, named: map[string]*rate.Limiter{}}
}

// take takes a token of name, and says how many are left, how long until there
// is one, and how long until the bucket is full.
func (b *buckets) take(name string, now time.Time) (left int, wait, full time.Duration, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := b.named[name]
	if l == nil {
		b.makeRoom(now)
		l = rate.NewLimiter(b.per, b.size)
		b.named[name] = l
	}
	ok = l.AllowN(now, 1)
	tokens := l.TokensAt(now)
	return max(int(tokens), 0), b.until(1 - tokens), b.until(float64(b.size) - tokens), ok
}

// peek says whether name has a token, and if not how long until then.
func (b *buckets) peek(name string, now time.Time) (wait time.Duration, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := b.named[name]
	if l == nil {
		return 0, true
	}
	tokens := l.TokensAt(now)
	return b.until(1 - tokens), tokens >= 1
}

// until is how long it takes to gain tokens.
func (b *buckets) until(tokens float64) time.Duration {
	return time.Duration(max(tokens, 0) / float64(b.per) * float64(time.Second))
}

// makeRoom forgets buckets when there are too many: the full ones, or all.
func (b *buckets) makeRoom(now time.Time) {
	if len(b.named) < maxBuckets {
		return
	}
	for name, l := range b.named {
		if l.TokensAt(now) >= float64(b.size) {
			delete(b.named, name)
		}
	}
	if len(b.named) >= maxBuckets {
		clear(b.named)
	}
}
