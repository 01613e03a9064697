package agentcore

import (
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/cost"
)

// Used: so much of what is billed was used since the last such entry. It is
// written at the end of each reply, and when a leg is let go.
type Used struct {
	Uses cost.Usage `json:"uses"`
}

// Kind implements [Event].
func (Used) Kind() string { return "used" }

// noteUsed writes down what was used since the last time. It waits for no commit.
func (h *holder) noteUsed() {
	if h.used == nil {
		return
	}
	if u := h.used(); len(u) > 0 {
		h.pen.note(Used{u})
	}
}

// lastBill bounds the wait for makers of a reply that was broken off: what the
// model told of its tokens by then is noted when it stops.
const lastBill = 100 * time.Millisecond

// countOut waits for makers, not for long, if somebody counts what they use. The
// channel is closed when they are gone.
func (h *holder) countOut(makers *sync.WaitGroup) (gone <-chan struct{}) {
	stopped := make(chan struct{})
	go func() {
		makers.Wait()
		close(stopped)
	}()
	if h.used == nil {
		return stopped
	}
	late := time.NewTimer(lastBill)
	defer late.Stop()
	select {
	case <-stopped:
	case <-late.C:
	}
	return stopped
}
