package room

import (
	"errors"
	"time"
)

// set has p.dispatches say j.
func (p *part) set(j Job) {
	for i := range p.dispatches {
		for n := range p.dispatches[i].Jobs {
			if p.dispatches[i].Jobs[n].ID == j.ID {
				p.dispatches[i].Jobs[n] = j
			}
		}
	}
}

// job returns a job as it was read last.
func (p *part) job(id string) (Job, bool) {
	for _, d := range p.dispatches {
		for _, j := range d.Jobs {
			if j.ID == id {
				return j, true
			}
		}
	}
	return Job{}, false
}

// keep keeps j, whatever becomes of it in p.dispatches. One that is over and
// could not be kept is tried again.
func (p *part) keep(j Job, from ...Status) error {
	ctx, cancel := p.op()
	defer cancel()
	j.Updated = time.Now()
	on, err := p.h.cfg.Store.MoveJob(ctx, j, from...)
	switch {
	case err == nil:
		delete(p.unkept, j.ID)
		p.set(j)
		if j.Kind == Worker {
			p.h.cfg.Offer()
		}
	case errors.Is(err, ErrMoved):
		delete(p.unkept, j.ID)
		p.set(on)
	case errors.Is(err, ErrNotFound):
		delete(p.unkept, j.ID)
	default:
		p.failed("keep what an agent does", err)
		if j.Status.Over() {
			p.unkept[j.ID] = j
			p.set(j)
		}
	}
	return err
}

// finish ends a job, if it is not over.
func (p *part) finish(id string, status Status, reason, why string) {
	j, ok := p.job(id)
	if !ok || j.Status.Over() {
		return
	}
	from := j.Status
	j.Status, j.Reason, j.Error, j.Ended = status, reason, why, time.Now()
	if err := p.keep(j, from); errors.Is(err, ErrMoved) {
		if on, _ := p.job(id); !on.Status.Over() {
			from, on.Status, on.Reason, on.Error, on.Ended = on.Status, status, reason, why, time.Now()
			_ = p.keep(on, from) // is noted
		}
	}
}

// running notes that j is on the line here. Who takes a job up that another
// process, or a leg that was lost, had before, counts another attempt.
func (p *part) running(j Job) error {
	from, now := j.Status, time.Now()
	if from == Pending || j.Node != p.h.cfg.Node || p.call.Epoch > 1 {
		j.Attempts++
		j.Started = now
	}
	if j.FirstStarted.IsZero() {
		j.FirstStarted = now
	}
	if j.Accepted.IsZero() {
		j.Assigned, j.Accepted = now, now
	}
	j.Status, j.Node = Running, p.h.cfg.Node
	return p.keep(j, from)
}

// makeJob makes the dispatch another job. One that can't be made now is left
// alone until the next look.
func (p *part) makeJob(a act) bool {
	p.skip[a.dispatch] = true
	for i, d := range p.dispatches {
		if d.ID != a.dispatch {
			continue
		}
		ctx, cancel := p.op()
		defer cancel()
		j, err := p.h.job(ctx, d, a.join)
		if errors.Is(err, ErrUnfit) {
			p.h.cfg.Log.Warn("an agent that was sent to a call can't talk", "call", p.call.ID, "dispatch", d.ID, "error", err)
			j, err = unfit(d), nil
		}
		if err == nil {
			err = p.h.cfg.Store.AddJob(ctx, j)
		}
		switch {
		case errors.Is(err, ErrMoved), errors.Is(err, ErrNotFound):
			p.wake() // another was quicker, or it stands no more
			return true
		case err != nil:
			p.failed("make an agent's job", err)
			return true
		}
		if old, ok := p.job(a.job); ok && a.do == retryJob {
			old.Reason = ReasonRetrying
			_ = p.keep(old, Failed) // is noted
		}
		p.dispatches[i].Jobs = append(p.dispatches[i].Jobs, j)
		delete(p.skip, a.dispatch)
		if j.Kind == Worker {
			p.h.cfg.Offer()
		}
		return true
	}
	return false
}
