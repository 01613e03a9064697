package simulation

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/line"
)

// patience is the longest that a caller stays with somebody else, or waits for
// them.
const patience = 60 * time.Second

// person is whoever a call is handed to, and what they do.
type person struct {
	state  telephony.State // busy, or never answers; empty: they answer
	rings  time.Duration
	thinks time.Duration // about whether they take the call
	says   string        // then; empty: they do
	stays  time.Duration // from when they answered or joined; then they hang up
}

func (w *world) person(transfer telephony.CallID, call int) person {
	w.mu.Lock()
	w.entered[fmt.Sprint(call, " persons")]++
	chance := dice(w.seed, call, fmt.Sprint("person ", w.entered[fmt.Sprint(call, " persons")]))
	w.mu.Unlock()
	p := person{rings: odd(chance, 8*time.Second), thinks: odd(chance, 5*time.Second), stays: odd(chance, patience)}
	switch chance.IntN(10) {
	case 0:
		p.state = telephony.StateBusy
	case 1:
		p.state, p.rings = telephony.StateNone, 20*time.Second
	case 2:
		p.says = dispatch.OutcomeDeclined
	case 3:
		p.says = dispatch.OutcomeVoicemail
	case 4, 5: // hang up early
		p.stays = odd(chance, 4*time.Second)
	}
	return p
}

// odd is a time up to most, in odd nanoseconds.
func odd(chance *rand.Rand, most time.Duration) time.Duration {
	return time.Duration(chance.Int64N(int64(most))) | 1
}

// party is the other leg of a call that is handed on.
type party struct {
	c      *carrier
	number int // of the call
	id     string
	ours   telephony.CallID
	person person
	gone   chan struct{} // closed when it is over

	mu       sync.Mutex
	state    telephony.State
	answered time.Time
	ended    time.Time
	sequence int
	line     *line.Line
}

// newLeg makes the leg of a transfer. No transfer has two.
func (c *carrier) newLeg(transfer telephony.CallID) *party {
	number := c.w.named(transfer)
	p := &party{c: c, number: number, ours: transfer, person: c.w.person(transfer, number), gone: make(chan struct{}), state: telephony.Ringing}
	c.w.mu.Lock()
	p.id = fmt.Sprintf("LG%02d-%d", number, len(c.legs))
	twice := false
	for _, other := range c.legs {
		twice = twice || other.ours == transfer
	}
	c.legs = append(c.legs, p)
	c.w.mu.Unlock()
	c.w.saw("leg")
	if twice {
		c.w.violate(number, "dialled once", "a transfer has a second leg")
	}
	return p
}

func (c *carrier) leg(id string) *party {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	for _, p := range c.legs {
		if p.id == id {
			return p
		}
	}
	return nil
}

func (c *carrier) dialLeg(ctx context.Context, o telephony.Outgoing) (id string, err error) {
	_, err = c.w.through(ctx, c.w.named(o.Call), "carrier.dial", func() error {
		p := c.newLeg(o.Call)
		id = p.id
		c.wg.Go(p.called)
		return nil
	})
	return id, err
}

func (p *party) standing() telephony.Standing {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := telephony.Standing{State: p.state, Ended: p.ended}
	if !p.answered.IsZero() && !p.ended.IsZero() {
		s.Took = p.ended.Sub(p.answered)
	}
	return s
}

// move changes the state, and tells the desk by a callback.
func (p *party) move(s telephony.State) {
	p.mu.Lock()
	if p.state.Terminal() {
		p.mu.Unlock()
		return
	}
	if s == telephony.Completed && p.state == telephony.Ringing {
		s = telephony.StateStop
	}
	p.state = s
	p.sequence++
	progress := telephony.Progress{Carrier: p.id, Call: p.ours, State: s, Sequence: p.sequence}
	l := p.line
	switch {
	case s == telephony.InProgress:
		p.answered = time.Now()
	case s.Terminal():
		p.ended = time.Now()
		close(p.gone)
	}
	p.mu.Unlock()
	if s.Terminal() && l != nil {
		l.Lose(errors.New("the leg is over"))
	}
	p.c.wg.Go(func() {
		ctx := as(context.Background(), "leg "+string(s))
		for range 2 {
			kind, err := p.c.hook(ctx, p.number, "hook.status", func(ctx context.Context) error { return p.c.desk.Report(ctx, progress) })
			if err == nil || kind == Never {
				return
			}
			time.Sleep(time.Second + 77)
		}
	})
}

func (p *party) end(s telephony.State) { p.move(s) }

func (p *party) isOver() bool { return p.standing().State.Terminal() }

// waits reports whether p was over before d had passed, or but was closed.
func (p *party) waits(d time.Duration, but <-chan struct{}) bool {
	late := time.NewTimer(d)
	defer late.Stop()
	select {
	case <-late.C:
		return false
	case <-p.gone:
	case <-but:
	}
	return true
}

// called is the life of a leg that we placed.
func (p *party) called() {
	p.move(telephony.Ringing)
	switch {
	case p.waits(p.person.rings, nil):
		return
	case p.person.state != "":
		p.move(p.person.state)
		return
	}
	p.move(telephony.InProgress)
	step, err := p.ask("hook.ring", func(ctx context.Context) (telephony.Step, error) {
		return p.c.desk.Ring(ctx, telephony.Incoming{Carrier: p.id, Call: p.ours, State: telephony.InProgress})
	})
	for range 30 {
		var q telephony.Question
		switch {
		case p.isOver():
			return
		case errors.Is(err, telephony.ErrStillTalking), err == nil && step.Kind == telephony.StepWait:
			p.waits(time.Second+99, nil)
		case err == nil && step.Kind == telephony.StepConnect:
			p.connect(step.Token)
		case err == nil && step.Kind == telephony.StepJoin:
			q.Transfer = step.Room.Transfer
			p.c.w.saw("leg in a room")
			p.c.join(p.number, step.Room, p.gone, nil, p.person.stays, func() { p.end(telephony.Completed) })
		default:
			p.end(telephony.Completed)
			return
		}
		q.Carrier = p.id
		q.Over = p.isOver()
		step, err = p.ask("hook.next", func(ctx context.Context) (telephony.Step, error) { return p.c.desk.Next(ctx, q) })
	}
	p.end(telephony.Completed)
}

// ask is a request of the carrier's about the leg.
func (p *party) ask(op string, ask func(context.Context) (telephony.Step, error)) (step telephony.Step, err error) {
	for range 3 {
		_, err = p.c.hook(as(context.Background(), "leg"), p.number, op, func(ctx context.Context) (err error) {
			step, err = ask(ctx)
			return err
		})
		if err == nil || errors.Is(err, telephony.ErrUnknownCall) || errors.Is(err, telephony.ErrStillTalking) {
			break
		}
		time.Sleep(time.Second + 55)
	}
	return step, err
}

// connect opens a stream to whoever asks them.
func (p *party) connect(token string) {
	var call telephony.Call
	_, err := p.c.hook(as(context.Background(), "leg"), p.number, "hook.admit", func(ctx context.Context) error {
		c, err := p.c.desk.Admit(ctx, token, telephony.Ref{ID: p.id})
		if err == nil {
			call = c
		}
		return err
	})
	if err != nil && call.ID == "" {
		p.waits(100*time.Millisecond+33, nil)
		return
	}
	l := line.New(line.Config{Forget: true, Uplink: 7 * time.Millisecond, Downlink: 9 * time.Millisecond})
	p.mu.Lock()
	p.line = l
	over := p.state.Terminal()
	p.mu.Unlock()
	if over {
		l.Lose(errors.New("the leg is over"))
	}
	ctx := context.WithValue(context.Background(), personKey{}, p.person)
	_ = p.c.desk.Talk(ctx, call, l)
	_ = l.Hangup(ctx)
	p.waits(130*time.Millisecond+11, nil) // until the carrier notices, and asks
}

type personKey struct{}
