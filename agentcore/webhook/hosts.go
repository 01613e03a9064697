package webhook

import "sync"

// perHost is how many deliveries go to one receiver at once, from this process.
const perHost = 4

// hosts counts the deliveries under way by receiver, so that a slow one does not
// take every worker.
type hosts struct {
	mu   sync.Mutex
	busy map[string]int
}

// enter takes a place at host, or reports that there is none.
func (h *hosts) enter(host string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.busy[host] == perHost {
		return false
	}
	if h.busy == nil {
		h.busy = map[string]int{}
	}
	h.busy[host]++
	return true
}

func (h *hosts) leave(host string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.busy[host]--; h.busy[host] == 0 {
		delete(h.busy, host)
	}
}
