package worker

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/pb"
)

// worker is one that has registered. What is below mu belongs to the hub's mu.
type worker struct {
	id         string // "AW_..."
	who        who
	key        string // with which its token was signed
	instance   string // the same process, across its sockets; empty: it does not say
	deployment string
	permission *pb.ParticipantPermission
	eligible   bool // it takes jobs of the kind that we have
	sock       *socket

	// Owned by the goroutine that reads the socket.
	strikes int
	seq     uint64

	// Owned by whoever holds the hub's mu.
	gone  bool
	full  bool
	load  float64
	rests time.Time                                  // until then it is offered nothing: it did not answer
	aside map[string]time.Time                       // by job: until then it is not asked about it again
	asked map[string]chan<- *pb.AvailabilityResponse // by job: who waits for its answer
	knows map[string]struct{}                        // jobs that it was ever asked about or had
}

// allowed is what a worker may do that does not say what it wants to.
func allowed() *pb.ParticipantPermission {
	return &pb.ParticipantPermission{CanSubscribe: true, CanPublish: true, CanPublishData: true, CanUpdateMetadata: true}
}

func newWorker(s *socket, workspace, key string, r *pb.RegisterWorkerRequest) *worker {
	w := &worker{
		id:         newID("AW_"),
		who:        who{workspace: workspace, agent: r.GetAgentName()},
		key:        key,
		instance:   r.GetInstanceId(),
		deployment: r.GetDeployment(),
		permission: r.GetAllowedPermissions(),
		eligible:   r.GetType() == pb.JobType_JT_ROOM && r.GetNamespace() == "",
		sock:       s,
		aside:      map[string]time.Time{},
		asked:      map[string]chan<- *pb.AvailabilityResponse{},
		knows:      map[string]struct{}{},
	}
	if w.permission == nil {
		w.permission = allowed()
	}
	return w
}

// remembers is how many jobs a worker remembers, and how many it is put aside
// for. Behind that, an old answer is taken for one that was never asked for.
const remembers = 10_000

// know notes that w has to do with a job. The hub's mu is held.
func (w *worker) know(job string) {
	if len(w.knows) >= remembers {
		clear(w.knows)
	}
	w.knows[job] = struct{}{}
}

// putAside has w not asked about a job again until then. The hub's mu is held.
func (w *worker) putAside(job string, now, until time.Time) {
	if len(w.aside) >= remembers {
		for id, end := range w.aside {
			if !end.After(now) {
				delete(w.aside, id)
			}
		}
	}
	if len(w.aside) >= remembers {
		clear(w.aside)
	}
	w.aside[job] = until
}

// room is how much w can take of a job now: 0 is nothing, 1 all of it.
func (w *worker) room(job string, now time.Time) float64 {
	if w.gone || w.full || now.Before(w.rests) || now.Before(w.aside[job]) {
		return 0
	}
	return 1 - w.load
}

// join has w offered jobs from now on.
func (h *Hub) join(w *worker) {
	h.mu.Lock()
	if w.eligible {
		h.pool[w.who] = append(h.pool[w.who], w)
	}
	h.mu.Unlock()
	h.c.Count(Registered)
	h.c.Log.Info("worker: registered", "worker", w.id, "workspace", w.who.workspace, "agent", w.who.agent, "takes_calls", w.eligible)
	h.resume(w)
	h.Poke()
}

// drop has w offered nothing any more. Its jobs wait for it.
func (h *Hub) drop(w *worker) {
	h.mu.Lock()
	w.gone = true
	left := slices.DeleteFunc(h.pool[w.who], func(other *worker) bool { return other == w })
	if h.pool[w.who] = left; len(left) == 0 {
		delete(h.pool, w.who)
	}
	for id, answer := range w.asked {
		close(answer)
		delete(w.asked, id)
	}
	orphans := 0
	for _, j := range h.jobs {
		if j.worker == w {
			j.worker, j.since = nil, time.Now()
			orphans++
		}
	}
	h.mu.Unlock()
	if orphans > 0 {
		h.c.Count(Gone)
	}
	h.c.Log.Info("worker: gone", "worker", w.id, "workspace", w.who.workspace, "agent", w.who.agent, "jobs", orphans)
	h.Poke()
}

// pick chooses who is asked next about a job: by chance, the less load the
// likelier. Nil: nobody can take it now.
func (h *Hub) pick(of who, deployment, job string) *worker {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	fits := func(w *worker) float64 {
		if w.deployment != deployment {
			return 0
		}
		return w.room(job, now)
	}
	var all float64
	for _, w := range h.pool[of] {
		all += fits(w)
	}
	if all == 0 {
		return nil
	}
	at := rand.Float64() * all
	var last *worker
	for _, w := range h.pool[of] {
		if share := fits(w); share > 0 {
			if last, at = w, at-share; at < 0 {
				return w
			}
		}
	}
	return last // rounding left a crumb
}

// wanted reports whether somebody here may be asked about a job, whatever its
// deployment is. The hub's mu is held.
func (h *Hub) wanted(of who, job string, now time.Time) bool {
	return slices.ContainsFunc(h.pool[of], func(w *worker) bool { return w.room(job, now) > 0 })
}
