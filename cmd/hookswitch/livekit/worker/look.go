package worker

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/room"
)

// page is how many jobs are read at once.
const page = 1000

// look sees to the jobs that workers have, and offers what is to be offered:
// until ctx is cancelled, and not only until look returns.
func (h *Hub) look(ctx context.Context) error {
	return errors.Join(h.lookAtKeys(ctx), h.lookAfter(ctx), h.lookForOffers(ctx))
}

// lookForOffers goes round the jobs that wait for a worker, a page at a look,
// and begins with the oldest of the page.
func (h *Hub) lookForOffers(ctx context.Context) error {
	if h.Workers() == 0 {
		return nil
	}
	ask, cancel := context.WithTimeout(ctx, storeWithin)
	defer cancel()
	jobs, err := h.c.Store.Offers(ask, time.Now().Add(-h.c.Dead), h.after, page)
	if err != nil {
		return err
	}
	h.after = ""
	if len(jobs) == page {
		h.after = jobs[page-1].ID
	}
	slices.SortStableFunc(jobs, func(a, b room.Job) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID))
	})
	for _, job := range jobs {
		h.begin(ctx, job)
	}
	return nil
}

// lookAfter compares what the store says of our workers' jobs with what we know
// of them.
func (h *Hub) lookAfter(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, storeWithin)
	defer cancel()
	began := time.Now()
	taken, err := h.taken(ctx, began)
	if err != nil {
		return err
	}
	todo := h.compare(taken, began)
	for _, t := range todo.over {
		h.say(t.worker, termination(t.job))
	}
	var errs []error
	for _, id := range todo.stale {
		errs = append(errs, h.freeStale(ctx, id))
	}
	for id, e := range todo.ended {
		errs = append(errs, h.finish(ctx, id, e.status, e.why))
	}
	return errors.Join(errs...)
}

// taken reads all jobs of this node, and of dead ones.
func (h *Hub) taken(ctx context.Context, now time.Time) (map[string]room.Job, error) {
	taken := map[string]room.Job{}
	for after := ""; ; {
		jobs, err := h.c.Store.Taken(ctx, h.c.Node, now.Add(-h.c.Dead), after, page)
		if err != nil {
			return nil, err
		}
		for _, job := range jobs {
			taken[job.ID] = job
		}
		if len(jobs) < page {
			return taken, nil
		}
		after = jobs[page-1].ID
	}
}

// todo is what follows from a comparison.
type todo struct {
	over  []overJob      // workers that are to leave their jobs
	stale []string       // jobs that this node claimed and does not offer
	ended map[string]end // jobs that ended, and the store does not know
}

type overJob struct {
	worker *worker
	job    string
}

// goneWhy is why a job failed whose worker did not come back.
const goneWhy = "the agent's worker is gone"

// compare says what is to be done about what the store knew at began. What we
// learned after that is left for the next time.
func (h *Hub) compare(taken map[string]room.Job, began time.Time) todo {
	h.mu.Lock()
	defer h.mu.Unlock()
	do := todo{ended: map[string]end{}}
	before := func(t time.Time) bool { return !t.IsZero() && t.Before(began) }
	for id, j := range h.jobs {
		_, still := taken[id]
		switch {
		case !before(j.stored):
		case !still:
			delete(h.jobs, id)
			if j.worker != nil && j.end == nil {
				do.over = append(do.over, overJob{j.worker, id})
			}
		case j.end != nil:
			do.ended[id] = *j.end
		case j.worker == nil && began.Sub(j.since) >= h.c.Grace:
			do.ended[id] = end{room.Failed, goneWhy}
		}
	}
	for id, o := range h.offers {
		if _, still := taken[id]; !still && before(o.claimed) {
			o.cancel()
		}
	}
	stale := map[string]bool{}
	for id, job := range taken {
		if h.jobs[id] != nil || h.offers[id] != nil {
			continue
		}
		switch {
		case job.Status == room.Running: // its node is dead, or it was ours in another life
			h.jobs[id] = &held{who: who{job.Workspace, job.Agent}, since: began, stored: began}
		case job.Node == h.c.Node && h.stale[id]:
			do.stale = append(do.stale, id)
		case job.Node == h.c.Node:
			stale[id] = true // by the next look, if nobody offers it then
		}
	}
	h.stale = stale
	return do
}

// freeStale lets go of a job that this node claimed in another life.
func (h *Hub) freeStale(ctx context.Context, id string) error {
	job, err := h.c.Store.Job(ctx, id)
	if err != nil || job.Status != room.Pending || job.Node != h.c.Node {
		return err
	}
	return h.letGo(job, job.Reason)
}
