package simulation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
)

// ring is one call as its carrier knows it.
type ring struct {
	x         *network
	id        string
	number    int // of the telephone
	nth       int // of its calls
	inbound   bool
	call      telephony.CallID // ours; empty of one that comes in
	workspace string
	at        time.Time
	gone      chan struct{} // closed when it is over

	mu       sync.Mutex
	state    telephony.State
	sequence int
	answered time.Time
	ended    time.Time
	talked   bool // somebody heard the agent
	leg      *leg
}

// fate is what becomes of a call.
type fate struct {
	rings  time.Duration
	state  telephony.State // busy, nobody, or unreachable; empty: it is answered
	by     string          // who answers, in the carrier's word; empty: it does not say
	stays  time.Duration   // then they hang up
	agent  time.Duration   // then the agent does
	person bool
}

func (r *ring) fate() fate {
	chance := dice(r.x.l.seed, r.number, fmt.Sprint("fate ", r.nth))
	f := fate{rings: odd(chance, 12*time.Second), stays: time.Second + odd(chance, 50*time.Second), agent: time.Second + odd(chance, 80*time.Second), person: true}
	if r.x.l.meets != nil { // there is much that is to happen meanwhile
		f.stays += 40 * time.Second
	}
	switch kind := chance.IntN(12); {
	case r.inbound:
	case kind < 3:
		f.state, f.rings = telephony.StateNone, 25*time.Second+1
	case kind < 5:
		f.state = telephony.StateBusy
	case kind < 6:
		f.state = telephony.StateFail
	case kind < 8:
		f.by, f.person = "machine_start", false
	case kind < 10:
		f.by = "human"
	}
	return f
}

func (r *ring) isOver() bool { return r.standing().State.Terminal() }

func (r *ring) standing() telephony.Standing {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := telephony.Standing{State: r.state, Ended: r.ended}
	if !r.answered.IsZero() && !r.ended.IsZero() {
		s.Took = r.ended.Sub(r.answered)
	}
	return s
}

// move changes the state, and tells the gateway by a callback.
func (r *ring) move(s telephony.State) {
	r.mu.Lock()
	if r.state.Terminal() {
		r.mu.Unlock()
		return
	}
	r.state = s
	r.sequence++
	p := telephony.Progress{Carrier: r.id, Call: r.call, State: s, Sequence: r.sequence}
	g := r.leg
	switch {
	case s == telephony.InProgress:
		r.answered = time.Now()
	case s.Terminal():
		r.ended = time.Now()
		close(r.gone)
		if !r.answered.IsZero() {
			p.Duration = r.ended.Sub(r.answered)
		}
	}
	r.mu.Unlock()
	if s.Terminal() && g != nil {
		g.lose()
	}
	r.tell(p, string(s))
}

// tell is a callback; one that fails comes again.
func (r *ring) tell(p telephony.Progress, what string) {
	r.x.l.wg.Go(func() {
		for try := range 3 {
			kind, err := r.hook(again("status "+what, try), "hook.status", func(ctx context.Context, n *node) error { return n.desk.Report(ctx, p) })
			if err == nil || kind == Never {
				return
			}
			r.pause(2 * time.Second)
		}
	})
}

// again names a request that comes again: the one before may still be at work in a
// process that stood still, and both go on in the same instant.
func again(who string, try int) string {
	if try == 0 {
		return who
	}
	return fmt.Sprint(who, " try ", try)
}

// hook is a request of the carrier to whichever process the balancer gives it.
func (r *ring) hook(who, op string, ask func(context.Context, *node) error) (Kind, error) {
	l := r.x.l
	ctx := as(context.Background(), fmt.Sprint(who, " ", r.nth))
	return (&carrier{w: l.world}).hook(ctx, r.number, op, func(ctx context.Context) error {
		return l.request(ctx, fmt.Sprint(r.id, " ", who), ask)
	})
}

// pause is a wait of a length of its own.
func (r *ring) pause(d time.Duration) {
	time.Sleep(d + time.Duration(r.x.l.enter("pause "+r.id)*200+r.number*2+1))
}

// waits reports whether the call was over before d had passed.
func (r *ring) waits(d time.Duration) bool {
	late := time.NewTimer(d)
	defer late.Stop()
	select {
	case <-late.C:
		return false
	case <-r.gone:
		return true
	}
}

// called is the life of a call that we placed.
func (r *ring) called() {
	f := r.fate()
	r.move(telephony.Ringing)
	if r.waits(f.rings) {
		return
	}
	if f.state != "" {
		r.move(f.state)
		return
	}
	r.answers(f)
}

// calls is the life of a call that comes in.
func (r *ring) calls() { r.answers(r.fate()) }

func (r *ring) answers(f fate) {
	if !r.inbound {
		r.move(telephony.InProgress)
	}
	if f.by != "" {
		r.tell(telephony.Progress{Carrier: r.id, Call: r.call, AnsweredBy: f.by}, "answerer")
	}
	in := telephony.Incoming{Carrier: r.id, Call: r.call, State: telephony.InProgress, From: ourNumber, To: phoneNumber(r.number)}
	if r.inbound {
		in.State, in.From, in.To = telephony.Ringing, in.To, in.From
	}
	step, err := r.ask("hook.ring", func(ctx context.Context, n *node) (telephony.Step, error) { return n.desk.Ring(ctx, in) })
	if r.inbound && err == nil && step.Kind == telephony.StepConnect {
		r.move(telephony.InProgress)
	}
	bored := time.AfterFunc(f.stays, func() { r.move(telephony.Completed) })
	defer bored.Stop()
	for range 30 {
		switch {
		case r.isOver():
			return
		case err != nil:
			r.move(telephony.Completed)
			return
		case step.Kind == telephony.StepConnect:
			r.connect(step.Token, f)
		case step.Kind == telephony.StepWait:
			r.waits(time.Second + time.Duration(r.number))
		default:
			r.move(telephony.Completed)
			return
		}
		step, err = r.ask("hook.next", func(ctx context.Context, n *node) (telephony.Step, error) {
			return n.desk.Next(ctx, telephony.Question{Carrier: r.id, Over: r.isOver()})
		})
	}
	r.move(telephony.Completed)
}

// ask asks what the call does; a request that fails is tried again.
func (r *ring) ask(op string, ask func(context.Context, *node) (telephony.Step, error)) (step telephony.Step, err error) {
	for try := range 4 {
		_, err = r.hook(again("door", try), op, func(ctx context.Context, n *node) error {
			s, err := ask(ctx, n)
			if err == nil {
				r.mu.Lock()
				step = s
				r.mu.Unlock()
			}
			return err
		})
		if err == nil || errors.Is(err, telephony.ErrUnknownCall) {
			break
		}
		r.pause(time.Second)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return step, err
}

// connect opens a stream and returns when it is over.
func (r *ring) connect(token string, f fate) {
	l := r.x.l
	var gone atomic.Bool // nobody waits any more for whoever admits it late
	_, err := r.hook("stream", "hook.admit", func(ctx context.Context, n *node) error {
		call, err := n.desk.Admit(ctx, token, telephony.Ref{ID: r.id})
		if err != nil {
			return err
		}
		g := &leg{number: r.number, lost: make(chan struct{}), hung: make(chan struct{}), agent: f.agent}
		if gone.Load() || !r.takes(g) || !n.takes(g) {
			g.lose()
		}
		l.wg.Go(func() {
			_ = n.desk.Talk(context.WithValue(ctx, legKey{}, g), call, g)
			_ = g.Hangup(ctx)
		})
		return nil
	})
	gone.Store(true)
	r.mu.Lock()
	g := r.leg
	if err != nil && g != nil {
		g.lose()
		r.leg = nil
	}
	r.mu.Unlock()
	if err != nil || g == nil {
		r.waits(100*time.Millisecond + time.Duration(r.number))
		return
	}
	select {
	case <-g.lost:
	case <-g.hung:
	}
	r.mu.Lock()
	if g.opened.Load() && f.person {
		r.talked = true
	}
	r.leg = nil
	r.mu.Unlock()
	r.waits(130*time.Millisecond + time.Duration(r.number)) // until the carrier notices, and asks
}

// takes notes the stream that the call is on; false when the call is over.
func (r *ring) takes(g *leg) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.leg = g
	return !r.state.Terminal()
}

// takes notes a stream that ends here; false when the process is dead.
func (n *node) takes(g *leg) bool {
	n.life.Lock()
	defer n.life.Unlock()
	n.legs[g] = true
	return !n.dead
}

type legKey struct{}

// talk is the [dispatch.Config.Talk]: it writes that it opened, listens, hangs up
// after a while, and writes why it stops before it lets the stream go.
func (n *node) talk(ctx context.Context, call telephony.Call, on telephony.Leg, past []agentcore.Entry, j agentcore.Journal) (agentcore.Summary, error) {
	g := ctx.Value(legKey{}).(*leg)
	last := len(past)
	write := func(e agentcore.Event) error {
		last++
		return j.Append(context.WithoutCancel(ctx), agentcore.Entry{N: last, Version: agentcore.JournalVersion, Wall: time.Now(), Sync: true, Event: e})
	}
	if err := write(agentcore.Opened{Epoch: call.Epoch}); err != nil {
		return agentcore.Summary{}, errors.Join(err, on.Hangup(ctx))
	}
	g.opened.Store(true)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var listening sync.WaitGroup
	listening.Go(func() {
		var f media.Frame
		for {
			if _, err := on.Next(&f); err != nil {
				stop(err)
				return
			}
		}
	})
	_ = sleep(ctx, g.agent)
	stop(telephony.OverError{Reason: telephony.AgentHangup}) // unless there is a cause before
	reason, over := telephony.Over(context.Cause(ctx))
	var err error
	if over {
		err = write(agentcore.Ended{Reason: reason})
	} else {
		err = write(agentcore.Lost{Epoch: call.Epoch, Cause: context.Cause(ctx).Error()})
	}
	err = errors.Join(err, on.Hangup(ctx))
	listening.Wait()
	if err != nil {
		return agentcore.Summary{}, err
	}
	return agentcore.Summary{End: reason, Last: last}, nil
}

// Next implements [telephony.Leg]: there is a frame now and then, so that the
// stream is seen to live.
func (g *leg) Next(*media.Frame) (telephony.Event, error) {
	frame := time.NewTimer(99 * time.Millisecond)
	defer frame.Stop()
	select {
	case <-frame.C:
		return telephony.Event{Kind: telephony.Audio}, nil
	case <-g.lost:
		return telephony.Event{}, telephony.ErrLost
	case <-g.hung:
		return telephony.Event{}, io.EOF
	}
}
