package webhook

import (
	"context"
	"sync"
	"time"
)

const (
	// perHost is how many deliveries go to one receiver at once, from this process.
	perHost = 4
	// waitPerHost is how many more wait here for one of these places, while the
	// receiver is quick. The rest comes back later: to wait takes a worker.
	waitPerHost = 12
	// hostWait is the longest that one waits. A receiver is quick when a delivery
	// was done with it so shortly before.
	hostWait = 250 * time.Millisecond
)

// hosts counts the deliveries under way by receiver, so that a slow one does not
// take every worker.
type hosts struct {
	mu sync.Mutex
	of map[string]*host
}

// host is a receiver to which something is under way.
type host struct {
	places        chan struct{} // a token for each delivery under way
	busy, waiting int
	left          time.Time // when the last one was done
}

// enter takes a place at a receiver, or reports that there is none, and that
// there won't be in a moment.
func (h *hosts) enter(ctx context.Context, name string) bool {
	at, free := h.line(name)
	if free || at == nil {
		return free
	}
	ctx, cancel := context.WithTimeout(ctx, hostWait)
	defer cancel()
	select {
	case at.places <- struct{}{}:
		free = true
	case <-ctx.Done():
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	at.waiting--
	if free {
		at.busy++
	}
	h.forget(name, at)
	return free
}

// line takes a place that is free, or stands in line at the receiver that it
// returns; nil: there is no use in it.
func (h *hosts) line(name string) (at *host, free bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	at = h.of[name]
	if at == nil {
		if h.of == nil {
			h.of = map[string]*host{}
		}
		at = &host{places: make(chan struct{}, perHost)}
		h.of[name] = at
	}
	select {
	case at.places <- struct{}{}:
		at.busy++
		return nil, true
	default:
	}
	if at.waiting == waitPerHost || time.Since(at.left) > hostWait {
		return nil, false
	}
	at.waiting++
	return at, false
}

func (h *hosts) leave(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	at := h.of[name]
	<-at.places
	at.busy--
	at.left = time.Now()
	h.forget(name, at)
}

// forget lets go of a receiver that nobody has anything to do with. h.mu is held.
func (h *hosts) forget(name string, at *host) {
	if at.busy == 0 && at.waiting == 0 {
		delete(h.of, name)
	}
}
