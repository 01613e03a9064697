package room

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
)

// stage is the floor of a call whose caller is here.
type stage struct {
	bench   *bench
	journal agentcore.Journal
	past    []agentcore.Entry // for the first who speaks
	first   bool              // nobody has spoken yet
	now     *speaker          // nil: the floor is empty
	broken  error             // the journal can't be read, so nobody else can speak
}

// speaker is somebody's having the floor.
type speaker struct {
	job    string // id of theirs; empty: of the call's own agent whom the room does not know, or nobody's
	own    bool   // the call's own agent
	nobody bool
	seat   *seat
	page   *page
	ctx    context.Context
	stop   context.CancelCauseFunc
	done   chan struct{} // closed when they have left
	sum    agentcore.Summary
	err    error
}

func (s *stage) state() floorState {
	switch {
	case s.now == nil:
		return empty
	case s.now.nobody:
		return silent
	}
	return taken
}

// holder is the id of the job that has the floor. The call's own agent may have
// begun to speak before there was a room.
func (s *stage) holder(p *part) string {
	if s.now == nil || s.now.nobody {
		return ""
	}
	if s.now.own && s.now.job == "" {
		for _, d := range p.dispatches {
			if j, _ := d.current(); d.RequestKey == OwnKey && j.ID != "" {
				s.now.job = j.ID
				p.had[j.ID] = true
			}
		}
	}
	return s.now.job
}

// relieve tells whoever has the floor that another gets it.
func (s *stage) relieve() {
	switch {
	case s.now != nil && mutant("holder-not-stopped"):
		s.now = nil
	case s.now != nil:
		s.now.stop(agentcore.ErrReplaced)
	}
}

// give gives the floor to a job, or to nobody. It reports whether the job has
// moved on, so that another plan is due.
func (s *stage) give(p *part, id string) bool {
	f := Floor{Nobody: id == ""}
	sp := &speaker{nobody: id == ""}
	if id != "" {
		j, ok := p.job(id)
		if !ok {
			return true
		}
		if j.Kind != Worker {
			if err := p.running(j); errors.Is(err, ErrMoved) || errors.Is(err, ErrNotFound) {
				return errors.Is(err, ErrMoved)
			} // with any other error it speaks, and is noted later
			j, _ = p.job(id)
		}
		p.had[id] = true
		sp.job, sp.own = id, p.isOwn(j)
		if !sp.own {
			f.Job = j
		}
	}
	s.speak(p, sp, f)
	return s.now != nil
}

func (p *part) isOwn(j Job) bool {
	for _, d := range p.dispatches {
		if d.ID == j.Dispatch {
			return d.RequestKey == OwnKey
		}
	}
	return false
}

// speak lets sp speak.
func (s *stage) speak(p *part, sp *speaker, f Floor) {
	if s.first {
		f.Past = s.past
	} else if f.Past, s.broken = p.past(); s.broken != nil {
		return
	}
	s.first = false
	sp.ctx, sp.stop = context.WithCancelCause(p.ctx)
	sp.seat, sp.done = s.bench.seat(), make(chan struct{})
	sp.page = &page{Journal: s.journal, bench: s.bench}
	f.Call, f.Leg, f.Journal, f.Tap, f.Yield = p.call, sp.seat, sp.page, &p.tap, p.waiting.Load
	if mutant("nobody-yields") {
		f.Yield = func() bool { return false }
	}
	work, stop := context.WithCancel(p.ctx) // whoever asks the store meanwhile is not to hold up who left
	p.work, s.now = work, sp
	go func() {
		defer close(sp.done)
		defer stop()
		sp.sum, sp.err = p.h.cfg.Speak(sp.ctx, f)
		_ = sp.seat.Hangup(sp.ctx)
	}()
}

// pastTries is how often it is tried to read what was said, in a second.
const pastTries = 3

// past reads all that was said on the call, for who speaks next.
func (p *part) past() (all []agentcore.Entry, err error) {
	for try := range pastTries {
		if try > 0 {
			select {
			case <-time.After(300 * time.Millisecond):
			case <-p.ctx.Done():
				return nil, context.Cause(p.ctx)
			}
		}
		ctx, cancel := context.WithTimeout(p.ctx, storeWait)
		all, err = p.h.cfg.Journal(ctx, p.call.ID)
		cancel()
		if err == nil {
			break
		}
	}
	return all, err
}

// left sees to the floor that was left, and reports whether that was all: the
// call is over, its leg is lost, or somebody else has it.
func (s *stage) left(p *part) bool {
	sp := s.now
	sp.stop(nil)
	p.work = p.ctx
	if mutant("ears-left-behind") {
		p.deafen()
	}
	replaced := errors.Is(context.Cause(sp.ctx), agentcore.ErrReplaced)
	switch {
	case sp.sum.End != "" || sp.sum.Left:
		return true
	case p.ctx.Err() != nil, s.bench.lost.Load() != nil, sp.page.failed.Load():
		return true
	case replaced, sp.sum.Yield && sp.err == nil:
		p.finish(s.holder(p), Success, ReasonNone, "")
	case sp.err == nil, sp.nobody, sp.own && !sp.sum.Yield && !p.waiting.Load():
		return true
	default:
		p.h.cfg.Log.Warn("an agent could not go on talking", "call", p.call.ID, "job", sp.job, "error", sp.err)
		p.finish(s.holder(p), Failed, ReasonNone, "it could not go on talking; the gateway's log says why")
	}
	s.now = nil
	return false
}

// Talk has the call's agents talk on leg, one after the other, until the call
// ends, its leg is lost, or who talks has handed it over. It is a dispatch.Talk.
//
// A call in whose room nobody is but its own agent costs one question to the
// store, and one to Config.Called. A store that fails costs no call: then its own agent speaks, and who else
// was sent there comes when the store is back.
func (h *Host) Talk(ctx context.Context, call telephony.Call, leg telephony.Leg, past []agentcore.Entry, journal agentcore.Journal) (agentcore.Summary, error) {
	p := h.begin(ctx, call)
	defer p.end()
	s := &stage{bench: &bench{leg: leg, call: ctx}, journal: journal, past: past, first: true}
	p.stage = s
	again := p.stepAside()
	for {
		if s.now == nil && s.broken == nil && !p.resolves() {
			s.speak(p, &speaker{own: true}, Floor{})
		}
		if s.broken != nil {
			return agentcore.Summary{}, errors.Join(s.broken, hangUp(ctx, leg))
		}
		select {
		case <-s.now.done:
			sp := s.now
			if s.left(p) {
				return sp.sum, errors.Join(sp.err, hangUp(ctx, leg))
			}
		case <-p.poke:
		case <-at(again):
		}
		p.reap()
		again = p.stepAside()
	}
}

// resolves reports whether somebody has the floor after one more look. Nobody may
// when the store fails in the wrong moment, or a job moves on just now.
func (p *part) resolves() bool {
	if p.room != nil {
		for range 3 {
			if p.stepAside(); p.stage.now != nil || p.stage.broken != nil {
				return true
			}
		}
	}
	return false
}

func hangUp(ctx context.Context, leg telephony.Leg) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return leg.Hangup(ctx)
}

// feed records what ears hear.
func (p *part) feed(ears telephony.Ears) error {
	var caller, other media.Frame
	for {
		if err := ears.Next(&caller, &other); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		p.tap.Record(&caller, &other)
	}
}

// at is when a plan is due again; nil when it is not.
func at(t time.Time) <-chan time.Time {
	if t.IsZero() {
		return nil
	}
	return time.After(time.Until(t))
}
