package worker

import (
	"context"
	"errors"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/grant"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/pb"
)

// Bounds of what is offered at once: each has a goroutine, and a dispatch's
// metadata in memory.
const (
	maxOffers       = 256
	maxOffersOfThem = 32 // of a workspace
)

// offer is a job that is being offered.
type offer struct {
	workspace string
	cancel    context.CancelFunc
	claimed   time.Time // since when it is ours in the store; zero: not yet
}

// begin offers a job, in a goroutine of its own, if somebody here may take it
// and it is not being offered already.
func (h *Hub) begin(ctx context.Context, job room.Job) {
	of := who{job.Workspace, job.Agent}
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, already := h.offers[job.ID]; already || h.jobs[job.ID] != nil || h.draining || !h.wanted(of, job.ID, time.Now()) {
		return
	}
	if len(h.offers) >= maxOffers || h.offering[job.Workspace] >= maxOffersOfThem {
		return // the next look begins it
	}
	ctx, cancel := context.WithCancel(ctx)
	o := &offer{workspace: job.Workspace, cancel: cancel}
	h.offers[job.ID] = o
	h.offering[job.Workspace]++
	h.busy.Go(func() {
		defer cancel()
		if err := h.offer(ctx, o, job.ID, of); err != nil && ctx.Err() == nil {
			h.c.Log.Warn("worker: cannot offer a job", "job", job.ID, "err", err)
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.offers, job.ID)
		if h.offering[o.workspace]--; h.offering[o.workspace] == 0 {
			delete(h.offering, o.workspace)
		}
	})
}

// offer claims a job and asks one worker after the other, until one takes it,
// nobody is left, or ctx is cancelled: it is no longer to be offered.
func (h *Hub) offer(ctx context.Context, o *offer, id string, of who) error {
	job, err := h.c.Store.Job(ctx, id)
	if err != nil {
		return err
	}
	d, err := h.c.Store.Dispatch(ctx, job.Dispatch)
	if err != nil {
		return err
	}
	if h.pick(of, d.Deployment, id) == nil {
		h.notTheirs(of, d.Deployment, id)
		return nil
	}
	now := time.Now()
	job, err = h.c.Store.Claim(ctx, id, h.c.Node, now.Add(-h.c.Dead), now)
	if errors.Is(err, room.ErrMoved) || errors.Is(err, room.ErrTaken) {
		return nil
	} else if err != nil {
		return err
	}
	h.mu.Lock()
	o.claimed = time.Now()
	h.mu.Unlock()
	return h.askAll(ctx, job, d)
}

// notTheirs puts the workers aside that have another deployment than a job.
func (h *Hub) notTheirs(of who, deployment, job string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	for _, w := range h.pool[of] {
		if w.deployment != deployment {
			w.putAside(job, now, now.Add(h.c.Again))
		}
	}
}

// askAll asks workers about a job that this node has claimed.
func (h *Hub) askAll(ctx context.Context, job room.Job, d room.Dispatch) error {
	allSaidNo, before := true, job.Attempts
	for ctx.Err() == nil {
		w := h.pick(who{job.Workspace, job.Agent}, d.Deployment, job.ID)
		if w == nil {
			break
		}
		if good, err := h.trusted(ctx, w); err != nil {
			return errors.Join(err, h.letGo(job, room.ReasonNone))
		} else if !good {
			h.skip(w, job.ID)
			continue
		}
		answer, err := h.ask(ctx, w, &job, d)
		switch {
		case err != nil:
			allSaidNo = false
		case answer.GetTerminate():
			job.Status, job.Ended, job.Updated = room.Success, time.Now(), time.Now()
			return h.settle(job, room.Pending)
		case !answer.GetAvailable():
			h.c.Count(Declined)
			h.skip(w, job.ID)
		case !fits(answer):
			h.c.Count(Malformed)
			h.skip(w, job.ID)
			h.say(w, termination(job.ID))
		default:
			taken, err := h.assign(ctx, w, job, d, answer)
			if taken || err != nil {
				return err
			}
		}
	}
	reason := room.ReasonNone
	if allSaidNo && job.Attempts > before && ctx.Err() == nil {
		reason = room.ReasonNoCapacity
	}
	return h.letGo(job, reason)
}

// skip has w not asked about a job again for a while.
func (h *Hub) skip(w *worker, job string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	w.putAside(job, now, now.Add(h.c.Again))
}

var (
	errGone   = errors.New("worker: gone")
	errSilent = errors.New("worker: no answer")
)

// ask offers a job to w and waits for its answer. A w that gives none rests: it
// would cost every other job as long.
func (h *Hub) ask(ctx context.Context, w *worker, job *room.Job, d room.Dispatch) (*pb.AvailabilityResponse, error) {
	answer := make(chan *pb.AvailabilityResponse, 1)
	h.mu.Lock()
	if w.gone {
		h.mu.Unlock()
		return nil, errGone
	}
	if _, again := w.knows[job.ID]; !again {
		job.Asked++
	}
	job.Attempts++
	w.know(job.ID)
	w.asked[job.ID] = answer
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if w.asked[job.ID] == answer {
			delete(w.asked, job.ID)
		}
	}()

	if !h.say(w, available(h.onWire(*job, d, w))) {
		return nil, errGone
	}
	timeout := time.NewTimer(h.c.Answer)
	defer timeout.Stop()
	select {
	case a, open := <-answer:
		if !open {
			return nil, errGone
		}
		return a, nil
	case <-timeout.C:
		h.c.Count(Silent)
		h.rest(w, job.ID)
		return nil, errSilent
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// rest leaves a w alone that did not answer: for good with this job, for a while
// with others.
func (h *Hub) rest(w *worker, job string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	w.rests = now.Add(h.c.Again)
	w.putAside(job, now, now.AddDate(1, 0, 0))
}

func (h *Hub) onWire(job room.Job, d room.Dispatch, w *worker) *pb.Job {
	return onWire(job, d, h.c.RoomName(d.Workspace, d.RoomName), w.id, time.Now().UnixNano())
}

// assign gives w a job that it said yes to. It reports whether the job is out of
// our hands: w's, or nobody's any more.
func (h *Hub) assign(ctx context.Context, w *worker, job room.Job, d room.Dispatch, a *pb.AvailabilityResponse) (bool, error) {
	now := time.Now()
	c := participant(w, job, h.c.RoomName(d.Workspace, d.RoomName), a)
	token, err := grant.Sign(h.c.Key, h.c.Secret, c, now, tokenLife)
	if err != nil {
		job.Status, job.Error, job.Ended, job.Updated = room.Failed, "no token for the agent could be made", now, now
		return true, errors.Join(err, h.settle(job, room.Pending))
	}
	job.Status, job.Reason, job.Worker, job.Node = room.Running, room.ReasonNone, w.id, h.c.Node
	job.Identity, job.Name = c.Identity, c.Name
	job.Assigned, job.Accepted, job.FirstStarted, job.Started, job.Updated = now, now, now, now, now
	if !h.hold(w, job) {
		return false, nil // w went as it said yes
	}
	if _, err := h.c.Store.MoveJob(ctx, job, room.Pending); err != nil {
		h.release(job.ID)
		h.say(w, termination(job.ID))
		if errors.Is(err, room.ErrMoved) {
			h.c.Count(Late)
			return true, nil
		}
		return true, errors.Join(err, h.letGo(job, room.ReasonNone))
	}
	h.held(job.ID)
	h.c.Count(Accepted)
	h.say(w, assignment(h.onWireTaken(job, d, w), h.c.URL, token))
	h.c.Log.Info("worker: has a job", "worker", w.id, "job", job.ID, "call", job.Call)
	return true, nil
}

func (h *Hub) onWireTaken(job room.Job, d room.Dispatch, w *worker) *pb.Job {
	out := h.onWire(job, d, w)
	out.State.ParticipantIdentity = job.Identity
	return out
}

// letGo has any node offer a job again.
func (h *Hub) letGo(job room.Job, reason string) error {
	job.Status, job.Node, job.Worker, job.Reason, job.Updated = room.Pending, "", "", reason, time.Now()
	job.Identity, job.Name = "", ""
	var never time.Time
	job.Assigned, job.Accepted, job.FirstStarted, job.Started = never, never, never, never
	return h.settle(job, room.Pending)
}

// settle moves a job even while the node goes away. One that has moved on is
// settled already.
func (h *Hub) settle(job room.Job, from room.Status) error {
	ctx, cancel := patience()
	defer cancel()
	if _, err := h.c.Store.MoveJob(ctx, job, from); err != nil && !errors.Is(err, room.ErrMoved) {
		return err
	}
	return nil
}
