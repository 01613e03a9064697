package sim

import (
	"context"
	"slices"
	"sync"
	"time"
)

// queue is the line in which an account's calls wait to be placed: so many a
// second, in the order in which they came. The zero queue is empty.
type queue struct {
	mu   sync.Mutex
	line []*place
	next time.Time // when the next one may be placed
}

// place is a call's place in a queue.
type place struct {
	first chan struct{} // closed when nobody is before it
}

// enter takes a place at the end. It reports false when depth others are in line.
func (q *queue) enter(depth int) (*place, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.line) >= depth {
		return nil, false
	}
	p := &place{first: make(chan struct{})}
	q.line = append(q.line, p)
	if len(q.line) == 1 {
		close(p.first)
	}
	return p, true
}

// leave gives p up.
func (q *queue) leave(p *place) {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.Index(q.line, p)
	if i < 0 {
		return
	}
	q.line = slices.Delete(q.line, i, i+1)
	if i == 0 && len(q.line) > 0 {
		close(q.line[0].first)
	}
}

// wait waits for p's turn and uses it up, unless ctx ends first. Either way p
// is left. cps is how many turns there are in a second; 0 and less: no limit.
func (q *queue) wait(ctx context.Context, p *place, cps float64) {
	defer q.leave(p)
	if cps <= 0 {
		return
	}
	select {
	case <-p.first:
	case <-ctx.Done():
		return
	}
	sleep(ctx, time.Until(q.due())) // only the first sets due
	if ctx.Err() != nil {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.next = time.Now().Add(time.Duration(float64(time.Second) / cps))
}

func (q *queue) due() time.Time {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.next
}

// estimate is how long one that enters now will wait.
func (q *queue) estimate(cps float64) time.Duration {
	if cps <= 0 {
		return 0
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return max(0, time.Until(q.next)) + time.Duration(float64(len(q.line))*float64(time.Second)/cps)
}
