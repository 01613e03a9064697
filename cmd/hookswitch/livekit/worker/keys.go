package worker

import (
	"context"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/room"
)

// keysEvery is how long a key that was taken back may still have its calls.
const keysEvery = 10 * time.Second

// keyGone is why a job failed whose worker's key was taken back.
const keyGone = "the API key of the agent's worker was taken back"

// trusted reports whether w's key is still good; if it is not, w is sent away.
func (h *Hub) trusted(ctx context.Context, w *worker) (bool, error) {
	if h.c.Valid == nil {
		return true, nil
	}
	good, err := h.c.Valid(ctx, w.who.workspace, w.key)
	if err == nil && !good {
		h.dismiss(w)
	}
	return good, err
}

// lookAtKeys sends away whose key was taken back, whether or not there is a job
// to offer: they may be listening to a call.
func (h *Hub) lookAtKeys(ctx context.Context) error {
	if h.c.Valid == nil || time.Since(h.keysSeen) < keysEvery {
		return nil
	}
	h.keysSeen = time.Now()
	type owner struct{ workspace, key string }
	of := map[owner][]*worker{}
	h.mu.Lock()
	for _, workers := range h.pool {
		for _, w := range workers {
			o := owner{w.who.workspace, w.key}
			of[o] = append(of[o], w)
		}
	}
	h.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, storeWithin)
	defer cancel()
	for o, workers := range of {
		good, err := h.c.Valid(ctx, o.workspace, o.key)
		if err != nil {
			return err
		}
		if good {
			continue
		}
		for _, w := range workers {
			h.dismiss(w)
		}
	}
	return nil
}

// dismiss sends w away, and takes the jobs that it has from it: they fail at the
// next look.
func (h *Hub) dismiss(w *worker) {
	h.mu.Lock()
	for id, j := range h.jobs {
		if j.worker == w && j.end == nil {
			j.end = &end{room.Failed, keyGone}
			w.sock.send(termination(id))
		}
	}
	h.mu.Unlock()
	h.c.Count(Refused)
	w.sock.close(closePolicy, "invalid API key")
}
