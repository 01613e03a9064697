package simulation

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/line"
)

// phone is one call as its carrier knows it.
type phone struct {
	c       *carrier
	number  int
	ours    telephony.CallID // of a call that we placed
	inbound bool
	asks    telephony.CallID // the transfer whose step it waits to be done with
	caller  *caller
	machine *machine // in the caller's place; nil: a person answers
	thinker *thinker
	streams []*stream // guarded by world.mu

	gone     chan struct{} // closed when the call is over
	recalled chan struct{} // of 1: the caller is to ask the door

	mu       sync.Mutex
	state    telephony.State
	ended    time.Time // zero: it goes on
	sequence int
}

func (p *phone) now() telephony.State {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state
}

// standing is what the carrier says when it is asked.
func (p *phone) standing() telephony.Standing {
	p.mu.Lock()
	defer p.mu.Unlock()
	return telephony.Standing{State: p.state, Ended: p.ended}
}

// move changes the state, and tells the desk by a callback.
func (p *phone) move(s telephony.State) {
	p.mu.Lock()
	if p.state.Terminal() {
		p.mu.Unlock()
		return
	}
	p.state = s
	if s.Terminal() {
		p.ended = time.Now()
		close(p.gone)
	}
	p.sequence++
	progress := telephony.Progress{Carrier: carrierID(p.number), Call: p.ours, State: s, Sequence: p.sequence}
	p.mu.Unlock()
	if s != telephony.Queued {
		p.c.wg.Go(func() { p.callback(progress) })
	}
}

// over ends the call at the carrier.
func (p *phone) over(s telephony.State) {
	p.move(s)
	if stream := p.c.w.stream(p.number); stream != nil {
		stream.Lose(errors.New("the call is over"))
	}
}

// hungUp is the far end's receiver going down.
func (p *phone) hungUp() { p.move(telephony.Completed) }

// callback tells the desk how the call goes; what fails is tried once more.
func (p *phone) callback(progress telephony.Progress) {
	ctx := as(context.Background(), "status "+string(progress.State))
	for range 2 {
		kind, err := p.hook(ctx, "hook.status", func(ctx context.Context) error { return p.c.desk.Report(ctx, progress) })
		if err == nil || kind == Never {
			return
		}
		time.Sleep(time.Second)
	}
}

// hook is a request of the carrier. One that comes late or twice, does.
func (p *phone) hook(ctx context.Context, op string, ask func(context.Context) error) (Kind, error) {
	return p.c.hook(ctx, p.number, op, ask)
}

// hook is [phone.hook] for any leg of a call.
func (c *carrier) hook(ctx context.Context, number int, op string, ask func(context.Context) error) (Kind, error) {
	var again error
	kind, err := c.w.through(ctx, number, op, func() error { return nil })
	switch {
	case err != nil && kind != Lost:
		return kind, err
	case kind == Late:
		time.Sleep(31*time.Second + 1_000_003*time.Duration(number))
	case kind == Twice:
		again = ask(as(ctx, actor(ctx)+" again"))
	}
	if asked := ask(ctx); asked != nil || again != nil {
		return kind, errors.Join(asked, again)
	}
	return kind, err
}

// calls is the life of a call that comes in.
func (p *phone) calls() {
	p.move(telephony.Ringing)
	p.converse()
}

// called is the life of a call that we placed: it rings, and somebody answers,
// or doesn't.
func (p *phone) called() {
	chance := dice(p.c.w.seed, p.number, "called")
	p.move(telephony.Ringing)
	time.Sleep(time.Duration(chance.IntN(int(8*time.Second))) | 1)
	switch chance.IntN(10) {
	case 0:
		p.move(telephony.StateBusy)
	case 1:
		p.move(telephony.StateNone)
	}
	if p.now().Terminal() {
		return
	}
	p.move(telephony.InProgress)
	p.reports()
	p.converse()
}

// converse asks what to do, and does it, until the call is over.
func (p *phone) converse() {
	step, err := p.ring()
	for range 60 {
		q := telephony.Question{Transfer: p.asks}
		if step.Kind != telephony.StepWait { // who waits asks the same again, save what came of it
			q.Transfer = ""
		}
		switch {
		case err != nil, step.Kind == telephony.StepHangup, step.Kind == telephony.StepNothing:
			p.over(telephony.Completed)
		case step.Kind == telephony.StepRefuse:
			p.over(telephony.StateBusy)
		case step.Kind == telephony.StepApologise:
			p.c.w.saw("carrier's apology")
			p.pause(3 * time.Second)
			p.over(telephony.Completed)
		case step.Kind == telephony.StepWait:
			p.c.w.saw("told to wait")
			p.pause(time.Second)
		case step.Kind == telephony.StepConnect:
			p.connect(step.Token)
		case step.Kind == telephony.StepDial:
			q.Transfer, q.Dialled = step.Dial.Transfer, p.dialsFrom(step.Dial)
		case step.Kind == telephony.StepJoin:
			q.Transfer = step.Room.Transfer
			p.joins(step.Room)
		}
		p.asks = q.Transfer
		if p.now().Terminal() {
			p.farewell(q)
			return
		}
		if p.isRecalled() {
			q, p.asks = telephony.Question{}, ""
		}
		step, err = p.next(q)
	}
	p.over(telephony.Completed)
}

// pause is a wait of a length of its own.
func (p *phone) pause(d time.Duration) {
	time.Sleep(d + time.Duration(p.c.w.enter(carrierID(p.number)+" pause")*200+p.number*2+1))
}

// farewell is the action of a Connect whose call is over: some carriers ask it.
func (p *phone) farewell(q telephony.Question) {
	if hash(p.c.w.seed, p.number, "farewell", 0)%2 == 0 {
		q.Over = true
		_, _ = p.next(q) // nobody is there for the answer
	}
}

// ring asks what to do with a new call; a request that fails is tried again.
func (p *phone) ring() (step telephony.Step, err error) {
	in := telephony.Incoming{Carrier: carrierID(p.number), Call: p.ours, State: telephony.Ringing, From: phoneNumber(p.number), To: "+15550199"}
	if !p.inbound {
		in.State, in.From, in.To = telephony.InProgress, in.To, in.From
	}
	var told []telephony.Step
	ctx := as(context.Background(), "ring")
	for range 3 {
		_, err = p.hook(ctx, "hook.ring", func(ctx context.Context) (err error) {
			step, err = p.c.desk.Ring(ctx, in)
			if err == nil && step.Kind == telephony.StepConnect {
				told = append(told, step)
			}
			return err
		})
		if err == nil {
			break
		}
		p.pause(time.Second)
	}
	for _, s := range told {
		if s != told[0] {
			p.c.w.violate(p.number, "one answer", "a voice webhook that came again was told another token")
		}
	}
	if err == nil && p.inbound && step.Kind == telephony.StepConnect {
		p.move(telephony.InProgress)
	}
	return step, err
}

// next asks the door.
func (p *phone) next(q telephony.Question) (step telephony.Step, err error) {
	ctx := as(context.Background(), "door")
	q.Carrier = carrierID(p.number)
	for range 3 {
		_, err = p.hook(ctx, "hook.next", func(ctx context.Context) (err error) {
			step, err = p.c.desk.Next(ctx, q)
			return err
		})
		if err == nil || errors.Is(err, telephony.ErrUnknownCall) {
			break
		}
		p.pause(time.Second)
	}
	return step, err
}

// connect opens a stream and returns when it is over.
func (p *phone) connect(token string) {
	w, id := p.c.w, carrierID(p.number)
	var call telephony.Call
	admitted := 0
	ctx := as(context.Background(), fmt.Sprintf("stream %d", len(p.streams)+1))
	_, err := p.hook(ctx, "hook.admit", func(ctx context.Context) error {
		c, err := p.c.desk.Admit(ctx, token, telephony.Ref{ID: id})
		switch {
		case err == nil:
			call = c
			admitted++
			return nil
		case errors.Is(err, telephony.ErrToken):
			w.saw("refused token")
		}
		return err
	})
	if admitted > 1 {
		w.violate(p.number, "one stream a token", "a token let %d streams in", admitted)
	}
	if admitted == 0 || err != nil && call.ID == "" {
		p.pause(100 * time.Millisecond)
		return
	}
	s := newStream(w, p, call.Epoch)
	err = p.c.desk.Talk(context.WithValue(ctx, streamKey{}, s), call, s)
	w.trace(s.who(), "talk returns: %v", err)
	_ = s.Line.Hangup(ctx) // never fails
	if how, _ := s.End(); how == line.Theirs {
		return
	}
	p.pause(130 * time.Millisecond) // until the carrier notices, and asks
}
