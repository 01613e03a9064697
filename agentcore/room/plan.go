package room

import "time"

// A plan is what a room's rows and what runs here ask for. It is a function of
// nothing else: no goroutine, no clock, no I/O. The [Host] does what it says, looks
// again, and asks again, until there is nothing to do.

// scene is a call's room at one moment.
type scene struct {
	dispatches []Dispatch
	now        time.Time
	talks      bool            // the caller is here, so the floor is ours to give
	floor      floorState      // who has it here
	holder     string          // id of the job that has it, with taken
	had        map[string]bool // jobs that had it here
	ears       map[string]bool // jobs that listen here
	skip       map[string]bool // dispatches whose job could not be made just now
}

type floorState uint8

const (
	empty  floorState = iota // nobody was given it
	silent                   // nobody has it, and the caller hears silence
	taken                    // scene.holder has it
)

// doing is one of the things that a plan asks for.
type doing uint8

const (
	makeJob  doing = iota + 1 // the dispatch gets a job, which comes in by act.join; empty: as the dispatch says
	retryJob                  // the same, in the place of job, which failed
	finish                    // job is over: it becomes act.status, for act.reason
	relieve                   // whoever has the floor here leaves it
	give                      // job gets the floor; empty: nobody does
	adopt                     // job, which has the floor here, is noted as running here
	hear                      // job listens
	hush                      // job listens no more
)

type act struct {
	do       doing
	dispatch string
	job      string
	join     Join
	status   Status
	reason   string
}

// plan is what to do, in order.
type plan struct {
	acts    []act
	waiting bool      // somebody waits for the floor
	again   time.Time // when to look again though nothing changed; zero: never
}

// Waits of a plan.
const (
	// workerWait is how long a new call waits for the worker that it was meant for,
	// before its own agent speaks.
	workerWait = 4 * time.Second
	maxRetries = 3
	retryAfter = time.Second // and twice as long each time
)

// planned is the plan of s.
func planned(s scene) plan {
	var p plan
	if s.closed() {
		return p
	}
	wanted := map[string]bool{}
	var talkers []Job
	for _, d := range s.dispatches {
		j, open := d.current()
		switch {
		case !d.Deleted.IsZero():
			if open {
				p.do(act{do: finish, job: j.ID, status: Cancelled, reason: ReasonDeleted})
			}
		case len(d.Jobs) == 0:
			p.make(s, act{do: makeJob, dispatch: d.ID})
		case !open:
			p.retry(s, d, j)
		case !j.listens():
			talkers = append(talkers, j)
		case j.Kind != Worker || j.Status == Running:
			wanted[j.ID] = true
		}
	}
	making := len(p.acts) > 0
	for _, d := range s.dispatches {
		switch j, open := d.current(); {
		case open && wanted[j.ID] && !s.ears[j.ID]:
			p.do(act{do: hear, job: j.ID})
		case s.ears[j.ID] && !wanted[j.ID]:
			p.do(act{do: hush, job: j.ID})
		}
	}
	if s.talks && !making {
		p.giveFloor(s, talkers)
	}
	return p
}

func (p *plan) do(a act) { p.acts = append(p.acts, a) }

func (p *plan) make(s scene, a act) {
	if !s.skip[a.dispatch] {
		p.do(a)
	}
}

func (p *plan) look(at time.Time) {
	if p.again.IsZero() || at.Before(p.again) {
		p.again = at
	}
}

// closed reports whether the call is over: its end has settled everything.
func (s scene) closed() bool {
	for _, d := range s.dispatches {
		if j, open := d.current(); !open && j.Reason == ReasonRoomClosed {
			return true
		}
	}
	return false
}

// current returns d's newest job, and whether it is not over.
func (d Dispatch) current() (Job, bool) {
	if len(d.Jobs) == 0 {
		return Job{}, false
	}
	j := d.Jobs[len(d.Jobs)-1]
	return j, !j.Status.Over()
}

// listens reports whether j never talks.
func (j Job) listens() bool { return j.Join == Listen || j.Kind == Service }

// present reports whether j could take the floor now: a worker's is there once it
// runs.
func (j Job) present() bool { return j.Kind != Worker || j.Status == Running }

// retry has a dispatch begin again whose job j failed while it was on the line. An
// agent of ours that talked is not put on the caller's line again: see fallBack.
func (p *plan) retry(s scene, d Dispatch, j Job) {
	if j.Status != Failed || j.Started.IsZero() || d.Restart == "JRP_NEVER" || j.Kind != Worker && !j.listens() {
		return
	}
	failed := 0
	for _, j := range d.Jobs {
		if j.Status == Failed {
			failed++
		}
	}
	if failed > maxRetries {
		return
	}
	if at := j.Ended.Add(retryAfter << (failed - 1)); s.now.Before(at) {
		p.look(at)
		return
	}
	p.make(s, act{do: retryJob, dispatch: d.ID, job: j.ID})
}
