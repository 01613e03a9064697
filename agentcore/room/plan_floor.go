package room

// giveFloor sees that exactly one has the floor: who claims it, else who has it,
// else who had it before this process did, else who has waited longest, else
// nobody.
func (p *plan) giveFloor(s scene, talkers []Job) {
	next, ok := p.next(s, talkers)
	for _, j := range talkers {
		if j.ID != next.ID && j.ID != s.holder && (j.Kind == Own && j.Status == Pending || j.Kind == Worker && j.Status == Running) {
			p.waiting = p.waiting || !s.had[j.ID]
		}
	}
	switch {
	case ok && s.floor == taken && next.ID == s.holder:
		if next.Status == Pending {
			p.do(act{do: adopt, job: next.ID})
		}
	case s.floor == empty && ok:
		p.do(act{do: give, job: next.ID})
	case s.floor == empty:
		p.fallBack(s)
	case s.floor == silent && !ok, s.floor == taken && !ok && (s.holder == "" || s.ending()):
		return
	default:
		p.do(act{do: relieve})
		return // what they leave behind is settled once they have
	}
	p.settle(s, talkers, next)
}

// next returns who is to have the floor; false: nobody.
func (p *plan) next(s scene, talkers []Job) (Job, bool) {
	// Of what one process has seen from its beginning, it knows who came last.
	// Others tell by the clock.
	fresh := s.floor != taken && len(s.had) == 0
	var claim, held, ran, waits Job
	for _, j := range talkers {
		switch {
		case j.ID == s.holder:
			held = j
		case j.Join == Replace && j.Kind == Own && j.Status == Pending, j.Join == Replace && j.Kind == Worker && j.Status == Running && !fresh && !s.had[j.ID]:
			claim = j // the last one counts
		case j.Status == Running && !s.had[j.ID] && (j.Kind == Own || j.Join == Replace):
			if (ran.ID == "" || !j.Started.Before(ran.Started)) && !mutant("resumed-by-another") {
				ran = j
			}
		case j.present() && waits.ID == "" && !s.had[j.ID]:
			waits = j
		}
	}
	for _, j := range []Job{claim, held, ran} {
		if j.ID != "" {
			return j, true
		}
	}
	if s.floor == taken && s.holder == "" {
		return Job{}, false // the call's own agent, of whom the room does not know
	}
	if waits.ID != "" && fresh && p.worthWaiting(s, talkers) {
		return Job{}, false
	}
	return waits, waits.ID != ""
}

// worthWaiting reports whether the call is meant for a worker that is likely to be
// here in a moment. A caller who is greeted by one agent and cut off by another
// had better hear nothing for that long.
func (p *plan) worthWaiting(s scene, talkers []Job) bool {
	for _, j := range talkers {
		if j.Kind == Worker && j.Status == Pending && j.Join == Replace && s.now.Before(j.Created.Add(workerWait)) {
			p.look(j.Created.Add(workerWait))
			return true
		}
	}
	return false
}

// ending reports whether the job that has the floor ended well: the bridge to it
// ends by itself, and the call with it.
func (s scene) ending() bool {
	for _, d := range s.dispatches {
		for _, j := range d.Jobs {
			if j.ID == s.holder {
				return j.Kind == Worker && j.Status == Success
			}
		}
	}
	return false
}

// fallBack is for a floor that nobody wants. When it was left because an agent
// failed, the call's own comes back: a caller is not left in silence for that.
func (p *plan) fallBack(s scene) {
	var last Job
	var own *Dispatch
	for i, d := range s.dispatches {
		if d.RequestKey == OwnKey && d.Deleted.IsZero() {
			own = &s.dispatches[i]
		}
		for _, j := range d.Jobs {
			if j.Status.Over() && !j.listens() && !j.Ended.Before(last.Ended) {
				last = j
			}
		}
	}
	if own != nil && last.Status == Failed && !s.skip[own.ID] {
		if j, open := own.current(); !open && j.Status != Failed {
			p.do(act{do: makeJob, dispatch: own.ID, join: Wait})
			return
		}
	}
	p.do(act{do: give})
}

// settle ends the jobs of those who were on the floor, or claimed it, and are not
// to have it.
func (p *plan) settle(s scene, talkers []Job, next Job) {
	for _, j := range talkers {
		switch {
		case j.ID == next.ID || j.ID == s.holder:
		case j.Kind == Own && j.Status == Pending && j.Join == Replace && next.ID != "":
			p.do(act{do: finish, job: j.ID, status: Cancelled, reason: ReasonNone}) // another came before it began
		case j.Status == Running && (j.Kind == Own || j.Join == Replace || s.had[j.ID]):
			p.do(act{do: finish, job: j.ID, status: Success, reason: ReasonNone})
		}
	}
}
