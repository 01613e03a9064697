package room

import (
	"context"
	"errors"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/aside"
	"github.com/hookswitch/hookswitch/media/tap"
	"github.com/hookswitch/hookswitch/telephony"
)

// part is a call's time on this node: a talk on one leg, or the ears of a call
// that is away. One goroutine, Talk's or Overhear's, owns it.
type part struct {
	h    *Host
	call telephony.Call
	ctx  context.Context // of the whole part
	work context.Context // of what is asked of the store: not longer than who speaks
	tap  tap.Tap

	poke    chan struct{} // of 1
	unsure  atomic.Bool   // the store failed: look again soon
	waiting atomic.Bool   // somebody waits for the floor
	changed atomic.Int64  // as Run saw it last

	mu   sync.Mutex
	gone bool                 // nobody listens here any more
	ears map[string]*listener // by job
	done []*listener          // that returned, and were not seen to yet

	// The owner's.
	found      bool // it is known whether the call has a room
	room       *Room
	known      bool           // they were read
	dispatches []Dispatch     // as they were read last, with what was done since
	unkept     map[string]Job // jobs that are over, and could not be kept yet
	had        map[string]bool
	skip       map[string]bool
	stage      *stage // nil: the floor is not ours to give
}

// begin makes the part of a call; an older one that is not quite over hears and
// decides nothing any more.
func (h *Host) begin(ctx context.Context, call telephony.Call) *part {
	p := &part{
		h: h, call: call, ctx: ctx, work: ctx, poke: make(chan struct{}, 1), ears: map[string]*listener{},
		unkept: map[string]Job{}, had: map[string]bool{}, skip: map[string]bool{},
	}
	h.mu.Lock()
	old := h.parts[call.ID]
	h.parts[call.ID], p.gone = p, h.closed
	h.mu.Unlock()
	if old != nil {
		old.deafen()
	}
	return p
}

// end is the end of a part. Its listeners have heard all; they may take a moment
// to say what it was.
func (p *part) end() {
	p.deafen()
	p.h.mu.Lock()
	defer p.h.mu.Unlock()
	if p.h.parts[p.call.ID] == p {
		delete(p.h.parts, p.call.ID)
	}
}

// deafen ends all that listens to p, for good.
func (p *part) deafen() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gone {
		return
	}
	p.gone = true
	p.tap.Close()
	for _, l := range p.ears {
		l.hushed()
	}
}

func (p *part) isGone() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.gone
}

func (p *part) wake() {
	select {
	case p.poke <- struct{}{}:
	default:
	}
}

// op is the context of one request to the store.
func (p *part) op() (context.Context, context.CancelFunc) {
	return context.WithTimeout(p.work, storeWait)
}

// failed notes that the store failed at something, which is then tried again.
func (p *part) failed(what string, err error) {
	p.unsure.Store(true)
	if p.work.Err() == nil {
		p.h.cfg.Log.Warn("cannot "+what, "call", p.call.ID, "error", err)
	}
}

// find finds the call's room, once, and enters who comes to every call. A call
// without either has no room until somebody asks for one.
func (p *part) find() {
	ctx, cancel := context.WithTimeout(p.work, startWait)
	defer cancel()
	workspace, name, err := p.h.cfg.Called(ctx, p.call.ID)
	if err != nil {
		p.failed("find out which room a call has", err)
		return
	}
	automatic := p.h.cfg.Automatic(workspace)
	r, err := p.h.roomOf(ctx, workspace, name, p.call.ID, len(automatic) > 0)
	switch {
	case errors.Is(err, ErrNotFound):
		p.found = true
		return
	case err != nil:
		p.failed("find the room of a call", err)
		return
	}
	p.room = &r // whoever has the floor need not wait until everybody is there
	for _, a := range automatic {
		d := Dispatch{Agent: a.Agent, Metadata: a.Metadata, Join: a.Join, Trigger: ByRoom, RequestKey: "auto/" + a.Agent}
		switch _, err := p.h.add(ctx, r, d); {
		case errors.Is(err, ErrUnfit), errors.Is(err, ErrJoin): // the others come all the same
			p.h.cfg.Log.Warn("an automatic agent does not come to a call", "call", p.call.ID, "agent", a.Agent, "error", err)
		case err != nil && !errors.Is(err, ErrFull):
			p.failed("send an automatic agent to a call", err)
			return
		}
	}
	p.found = true
}

// roomOf returns the room of a live call; [ErrNotFound] when it has none, unless
// it is to be made.
func (h *Host) roomOf(ctx context.Context, workspace, name string, call telephony.CallID, make bool) (Room, error) {
	r, err := Room{}, ErrNotFound
	if name != "" {
		r, err = h.cfg.Store.Bind(ctx, workspace, name, call, time.Now())
		if errors.Is(err, ErrTaken) {
			h.cfg.Log.Warn("another call has the room that was chosen for a call", "call", call)
			name, err, make = "", ErrNotFound, true
		}
	} else {
		r, err = h.cfg.Store.OfCall(ctx, call)
	}
	if !errors.Is(err, ErrNotFound) || !make {
		return r, err
	}
	if name == "" {
		name = string(call)
	}
	if r, err = h.cfg.Store.Open(ctx, workspace, name, time.Now()); err == nil && r.Call != call {
		return Room{}, ErrNotFound // the call is over by now: this room waits for another
	}
	return r, err
}

// read brings p.dispatches up to date; it stays as it is when the store fails.
func (p *part) read() {
	p.unsure.Store(false)
	ctx, cancel := p.op()
	defer cancel()
	if !p.found {
		p.find()
	} else if p.room == nil {
		switch r, err := p.h.cfg.Store.OfCall(ctx, p.call.ID); {
		case err == nil:
			p.room = &r
		case !errors.Is(err, ErrNotFound):
			p.failed("find the room of a call", err)
		}
	}
	if p.room == nil {
		return
	}
	for _, j := range p.unkept {
		p.keep(j, Pending, Running)
	}
	all, err := p.h.cfg.Store.Dispatches(ctx, p.room.ID)
	if err != nil {
		p.failed("read who is in the room of a call", err)
		return
	}
	p.known, p.dispatches = true, all
	for _, j := range p.unkept {
		p.set(j)
	}
}

// mostSteps bounds what is done at one go.
const mostSteps = 20

// step does what the room asks for, until it asks for nothing more, and returns
// when to look again; zero: when somebody says so.
func (p *part) step() time.Time {
	if p.isGone() && p.stage == nil {
		return time.Time{}
	}
	p.read()
	clear(p.skip)
	for range mostSteps {
		if p.room == nil || !p.known { // a room of which nothing is known is not an empty one
			return time.Time{}
		}
		todo := planned(p.scene())
		p.waiting.Store(todo.waiting)
		again := false
		for _, a := range todo.acts {
			again = p.perform(a) || again
		}
		if !again {
			return todo.again
		}
	}
	p.unsure.Store(true)
	return time.Time{}
}

// stepAside is step for who waits for as long as the call lasts.
func (p *part) stepAside() (again time.Time) {
	aside.Do(func() { again = p.step() })
	return again
}

func (p *part) scene() scene {
	s := scene{dispatches: p.dispatches, now: time.Now(), had: p.had, skip: p.skip, ears: map[string]bool{}}
	if p.stage != nil {
		s.talks, s.floor, s.holder = true, p.stage.state(), p.stage.holder(p)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for id := range p.ears {
		s.ears[id] = true
	}
	return s
}

// perform does a, and reports whether to plan again.
func (p *part) perform(a act) (again bool) {
	switch a.do {
	case makeJob, retryJob:
		return p.makeJob(a)
	case finish:
		p.finish(a.job, a.status, a.reason, "")
		return true
	case hear:
		return p.hear(a.job)
	case hush:
		p.hush(a.job)
	case relieve:
		p.stage.relieve()
	case adopt:
		if j, ok := p.job(a.job); ok {
			return errors.Is(p.running(j), ErrMoved)
		}
	case give:
		return p.stage.give(p, a.job)
	}
	return false
}

// tell gives e to whoever listens.
func (p *part) tell(e agentcore.Entry) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range maps.Values(p.ears) {
		l.tell(e)
	}
}
