package worker

import (
	"context"
	"errors"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/room"
)

// held is a job that a worker of this node has, or had before its socket was
// closed. It belongs to the hub's mu.
type held struct {
	who      who
	instance string    // of the worker
	worker   *worker   // nil: gone
	since    time.Time // since when it is gone
	stored   time.Time // since when the store says Running; zero: not yet
	end      *end      // what the worker said of its end, and the store does not know yet
}

type end struct {
	status room.Status
	why    string
}

// hold notes that w has a job, and reports whether w is still there.
func (h *Hub) hold(w *worker, job room.Job) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if w.gone {
		return false
	}
	h.jobs[job.ID] = &held{who: w.who, instance: w.instance, worker: w}
	return true
}

// held notes that the store knows who has a job.
func (h *Hub) held(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if j := h.jobs[id]; j != nil {
		j.stored = time.Now()
	}
}

func (h *Hub) release(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.jobs, id)
}

// owns reports whether a job is w's. A job whose worker is gone becomes w's: w
// has the same name, and knows the job's id, so it is the one that had it, on a
// new socket.
func (h *Hub) owns(w *worker, id string) bool {
	h.mu.Lock()
	j := h.jobs[id]
	if j == nil || j.worker != nil || j.who != w.who {
		owns := j != nil && j.worker == w
		h.mu.Unlock()
		return owns
	}
	j.adopt(id, w)
	h.mu.Unlock()
	h.tell(w, id)
	return true
}

// resume gives w the jobs of the same process's last socket.
func (h *Hub) resume(w *worker) {
	if w.instance == "" {
		return
	}
	var ids []string
	h.mu.Lock()
	for id, j := range h.jobs {
		if j.worker == nil && j.who == w.who && j.instance == w.instance {
			j.adopt(id, w)
			ids = append(ids, id)
		}
	}
	h.mu.Unlock()
	for _, id := range ids {
		h.tell(w, id)
	}
}

// adopt makes j w's. The hub's mu is held.
func (j *held) adopt(id string, w *worker) {
	j.worker, j.instance = w, w.instance
	w.know(id)
}

// tell has the store know who has a job now.
func (h *Hub) tell(w *worker, id string) {
	h.c.Count(Resumed)
	ctx, cancel := patience()
	defer cancel()
	job, err := h.c.Store.Job(ctx, id)
	if err == nil {
		job.Worker, job.Node, job.Updated = w.id, h.c.Node, time.Now()
		_, err = h.c.Store.MoveJob(ctx, job, room.Running)
	}
	if err != nil && !errors.Is(err, room.ErrMoved) && !errors.Is(err, room.ErrNotFound) {
		h.c.Log.Warn("worker: cannot note who has a job", "job", id, "err", err)
	}
}

// finish notes how a worker ended a job. When the store cannot be told now, the
// next look tells it. Whether another job takes the place of one that failed is
// for the room's host to say.
func (h *Hub) finish(ctx context.Context, id string, status room.Status, why string) error {
	h.mu.Lock()
	if j := h.jobs[id]; j != nil {
		j.end = &end{status, why}
	}
	h.mu.Unlock()
	job, err := h.c.Store.Job(ctx, id)
	switch {
	case errors.Is(err, room.ErrNotFound), err == nil && job.Status != room.Running:
		h.release(id)
		return nil
	case err != nil:
		return err
	}
	job.Status, job.Error, job.Ended, job.Updated = status, why, time.Now(), time.Now()
	if _, err := h.c.Store.MoveJob(ctx, job, room.Running); err != nil && !errors.Is(err, room.ErrMoved) {
		return err
	}
	h.release(id)
	return nil
}
