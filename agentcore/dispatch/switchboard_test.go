package dispatch_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

// person is whoever a call is handed to.
type person struct {
	rings    time.Duration // until they answer
	busy     bool
	absent   bool          // never answers
	says     string        // to being asked: "" accepts, else the outcome
	thinks   time.Duration // about that
	leaves   time.Duration // hangs up this long after having answered; 0: not by themselves
	stays    time.Duration // talks to the caller
	silently bool          // the carrier tells nothing about them
}

// switchboard is a carrier with a caller and a person: it dials legs, holds
// rooms, and does what its desk's steps say. It outlives the processes that it
// asks.
type switchboard struct {
	person person

	wg sync.WaitGroup

	mu      sync.Mutex
	desk    *dispatch.Desk
	parties []*party
	rooms   map[string]*room
	alone   time.Duration // the longest that the caller was with nobody
	since   time.Time     // that they have been
	mute    bool          // tells nobody anything
	keeps   bool          // a room stays open, whoever leaves it
}

// party is a leg at the carrier.
type party struct {
	id       string
	ours     telephony.CallID
	state    telephony.State
	answered time.Time
	ended    time.Time
	said     int // words about it
	over     chan struct{}
	recalled chan struct{}
	stream   *leg
}

// room is a conference.
type room struct {
	in     int
	full   chan struct{} // closed when two are there
	closed chan struct{}
}

func newSwitchboard(p person) *switchboard {
	return &switchboard{person: p, rooms: map[string]*room{}}
}

func (s *switchboard) now() *dispatch.Desk {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.desk
}

func (s *switchboard) add(kind string, ours telephony.CallID) *party {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &party{
		id: fmt.Sprintf("CA%s%d", kind, len(s.parties)), ours: ours, state: telephony.Ringing,
		over: make(chan struct{}), recalled: make(chan struct{}, 1),
	}
	s.parties = append(s.parties, p)
	return p
}

// end ends p, once.
func (s *switchboard) end(p *party, state telephony.State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.state.Terminal() {
		return
	}
	p.state, p.ended = state, time.Now()
	close(p.over)
}

func (s *switchboard) answer(p *party) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !p.state.Terminal() {
		p.state, p.answered = telephony.InProgress, time.Now()
	}
}

func (s *switchboard) look(p *party) (state telephony.State, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !p.answered.IsZero() && !p.ended.IsZero() {
		took = p.ended.Sub(p.answered).Truncate(time.Second)
	}
	return p.state, took
}

// hides reports whether nobody is told how p is.
func (s *switchboard) hides(p *party) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mute || s.person.silently && p.ours != ""
}

// hush makes the carrier tell nobody anything of its own accord.
func (s *switchboard) hush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mute = true
}

// open are the legs that go on, save the caller's.
func (s *switchboard) open() (ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.parties[1:] {
		if !p.state.Terminal() {
			ids = append(ids, p.id)
		}
	}
	return ids
}

// report tells how p is, until somebody listens.
func (s *switchboard) report(p *party) {
	state, took := s.look(p)
	p.said++
	if s.hides(p) {
		return
	}
	for range 30 {
		err := s.now().Report(context.Background(), telephony.Progress{Carrier: p.id, Call: p.ours, State: state, Sequence: p.said, Duration: took})
		if err == nil {
			return
		}
		time.Sleep(time.Second)
	}
}

func (s *switchboard) find(ref telephony.Ref) (*party, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.parties {
		if p.id == ref.ID {
			return p, nil
		}
	}
	return nil, telephony.ErrUnknownCall
}

// Find implements [telephony.Carrier]: nobody asks about the legs of transfers.
func (s *switchboard) Find(context.Context, string, telephony.Number, telephony.Number, time.Time) ([]string, error) {
	return nil, nil
}

// Dial implements [telephony.Carrier].
func (s *switchboard) Dial(_ context.Context, o telephony.Outgoing) (string, error) {
	p := s.add("leg", o.Call)
	s.wg.Go(func() {
		switch {
		case s.person.busy:
			time.Sleep(time.Second)
			s.end(p, telephony.StateBusy)
		case s.person.absent, s.person.rings > o.RingTimeout:
			if !s.waits(p, o.RingTimeout) {
				s.end(p, telephony.StateNone)
			}
		case !s.waits(p, s.person.rings):
			s.answer(p)
			if s.person.leaves > 0 {
				s.wg.Go(func() { s.waits(p, s.person.leaves); s.end(p, telephony.Completed) })
			}
			s.report(p)
			s.follow(p, telephony.Incoming{Carrier: p.id, Call: p.ours, State: telephony.InProgress})
		}
		s.report(p)
	})
	return p.id, nil
}

// waits reports whether p was over before t had passed.
func (s *switchboard) waits(p *party, t time.Duration) bool {
	late := time.NewTimer(t)
	defer late.Stop()
	select {
	case <-late.C:
		return false
	case <-p.over:
		return true
	}
}

// Hangup implements [telephony.Carrier].
func (s *switchboard) Hangup(_ context.Context, ref telephony.Ref) error {
	p, err := s.find(ref)
	if err != nil {
		return err
	}
	if state, _ := s.look(p); state == telephony.InProgress {
		s.end(p, telephony.Completed)
	} else {
		s.end(p, telephony.StateStop)
	}
	return nil
}

// State implements [telephony.Carrier].
func (s *switchboard) State(_ context.Context, ref telephony.Ref) (telephony.Standing, error) {
	p, err := s.find(ref)
	if err != nil {
		return telephony.Standing{}, err
	}
	state, took := s.look(p)
	s.mu.Lock()
	defer s.mu.Unlock()
	return telephony.Standing{State: state, Ended: p.ended, Took: took}, nil
}

// Recall implements [telephony.Carrier].
func (s *switchboard) Recall(_ context.Context, ref telephony.Ref) error {
	p, err := s.find(ref)
	if err != nil {
		return err
	}
	if state, _ := s.look(p); state.Terminal() {
		return telephony.ErrUnknownCall
	}
	p.recalled <- struct{}{}
	return nil
}

// calls lets the caller call, who hangs up after patience.
func (s *switchboard) calls(patience time.Duration) {
	p := s.add("caller", "")
	s.answer(p)
	s.isAlone(p, true)
	s.wg.Go(func() { s.waits(p, patience); s.end(p, telephony.Completed) })
	s.wg.Go(func() {
		s.follow(p, telephony.Incoming{Carrier: p.id, From: "+15550100", To: "+15550199", State: telephony.Ringing})
		s.isAlone(p, false)
		s.report(p)
	})
}

// isAlone notes that the caller is with nobody from now on, or with somebody.
func (s *switchboard) isAlone(p *party, is bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p != s.parties[0] {
		return
	}
	if !s.since.IsZero() {
		s.alone = max(s.alone, time.Since(s.since))
	}
	s.since = time.Time{}
	if is {
		s.since = time.Now()
	}
}

// follow does with p what the desk says, until p is over.
func (s *switchboard) follow(p *party, in telephony.Incoming) {
	ctx := context.Background()
	var step telephony.Step
	err := errDown
	for range 10 { // a request that fails is repeated
		if step, err = s.now().Ring(ctx, in); err == nil {
			break
		}
		s.waits(p, time.Second)
	}
	var q telephony.Question
	for range 200 {
		q = telephony.Question{Carrier: p.id, Transfer: q.Transfer}
		if step.Kind != telephony.StepWait { // who waits asks the same again, save what came of it
			q.Transfer = ""
		}
		switch {
		case errors.Is(err, telephony.ErrStillTalking), errors.Is(err, telephony.ErrUnknownCall), step.Kind == telephony.StepWait, step.Kind == 0:
			s.waits(p, time.Second)
		case step.Kind == telephony.StepConnect:
			s.connect(ctx, p, step.Token)
		case step.Kind == telephony.StepDial:
			q.Transfer, q.Dialled = step.Dial.Transfer, s.dialsFrom(p, step.Dial)
		case step.Kind == telephony.StepJoin:
			s.join(p, step.Room)
			q.Transfer = step.Room.Transfer
		default:
			s.end(p, telephony.Completed)
			return
		}
		select {
		case <-p.recalled:
			q.Transfer, q.Dialled = "", telephony.Dialled{}
		default:
		}
		state, _ := s.look(p)
		if q.Over = state.Terminal(); q.Over && (q.Transfer == "" || s.hides(p)) {
			return
		}
		for range 10 { // a request that fails is repeated
			if step, err = s.now().Next(ctx, q); err == nil || errors.Is(err, telephony.ErrStillTalking) {
				break
			}
			time.Sleep(time.Second)
		}
		if q.Over {
			return
		}
	}
	s.end(p, telephony.StateFail)
}

// connect opens a stream, until it or p is at its end.
func (s *switchboard) connect(ctx context.Context, p *party, token string) {
	desk := s.now()
	call, err := desk.Admit(ctx, token, telephony.Ref{ID: p.id})
	if err != nil {
		s.waits(p, 100*time.Millisecond)
		return
	}
	l := newLeg()
	s.mu.Lock()
	p.stream = l
	gone := s.desk != desk
	s.mu.Unlock()
	if gone {
		l.lose()
	}
	s.isAlone(p, false)
	done := make(chan struct{})
	s.wg.Go(func() {
		select {
		case <-p.over:
			l.lose()
		case <-l.lost:
		case <-done:
		}
	})
	_ = desk.Talk(ctx, call, l)
	close(done)
	s.isAlone(p, true)
}

// dialsFrom connects p to the person, and returns what came of it.
func (s *switchboard) dialsFrom(p *party, d telephony.Dial) telephony.Dialled {
	child := s.add("leg", d.Transfer)
	s.isAlone(p, false)
	defer s.isAlone(p, true)
	timeout := d.RingTimeout
	switch {
	case s.person.busy:
		s.waits(p, time.Second)
		s.end(child, telephony.StateBusy)
	case s.person.absent, s.person.rings > timeout:
		if s.waits(p, timeout) {
			s.end(child, telephony.StateStop)
		}
		s.end(child, telephony.StateNone)
	case s.waits(p, s.person.rings):
		s.end(child, telephony.StateStop)
	default:
		s.answer(child)
		s.wg.Go(func() { s.report(child) })
		late := time.NewTimer(s.person.stays)
		defer late.Stop()
		select {
		case <-late.C:
		case <-p.over:
		case <-child.over:
		case <-p.recalled:
			p.recalled <- struct{}{}
		}
		s.end(child, telephony.Completed)
	}
	s.wg.Go(func() { time.Sleep(50 * time.Millisecond); s.report(child) })
	state, took := s.look(child)
	return telephony.Dialled{State: state, Duration: took}
}

// join keeps p in a room until it is closed, or p leaves.
func (s *switchboard) join(p *party, in telephony.Room) {
	s.mu.Lock()
	r := s.rooms[in.Name]
	if r == nil {
		r = &room{full: make(chan struct{}), closed: make(chan struct{})}
		s.rooms[in.Name] = r
	}
	if r.in++; r.in == 2 {
		close(r.full)
	}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if r.in--; in.Ends && !s.keeps && s.rooms[in.Name] == r {
			close(r.closed)
			delete(s.rooms, in.Name)
		}
	}()
	full := r.full
	var bored <-chan time.Time
	for {
		select {
		case <-full:
			full = nil
			s.isAlone(p, false)
			if p.ours != "" { // the person
				late := time.NewTimer(s.person.stays)
				defer late.Stop()
				bored = late.C
			}
		case <-bored:
			s.end(p, telephony.Completed)
			return
		case <-p.over:
			return
		case <-r.closed:
			s.isAlone(p, true)
			return
		case <-p.recalled:
			p.recalled <- struct{}{}
			s.isAlone(p, true)
			return
		}
	}
}

// cut breaks every stream: the process at their end is gone.
func (s *switchboard) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.parties {
		if p.stream != nil {
			p.stream.lose()
		}
	}
}
