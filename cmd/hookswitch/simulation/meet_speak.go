package simulation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
)

var errMute = errors.New("simulation: its model is gone")

// talker is one agent's having the floor, or nobody's.
type talker struct {
	*floor
	f      room.Floor
	node   *node
	leg    *leg
	number int // every frame says it
	began  time.Time
	stays  time.Duration // then it would end the call
	breaks bool          // or then it can't go on
	said   bool          // it was noted that it speaks though it was deleted
}

// takes notes that somebody has the floor now.
func (fl *floor) takes(n *node, g *leg, f room.Floor) *talker {
	fl.mu.Lock()
	fl.meets.voices++
	fl.voices++
	chance := dice(fl.seed, fl.number, fmt.Sprint("voice ", fl.voices))
	v := &talker{floor: fl, f: f, node: n, leg: g, number: fl.meets.voices, began: time.Now(), stays: 5*time.Second + odd(chance, 40*time.Second)}
	v.breaks = f.Job.ID != "" && chance.IntN(5) == 0
	if f.Nobody {
		v.stays = 40*time.Second + odd(chance, time.Second)
	}
	others := slices.Clone(fl.now)
	fl.now = append(fl.now, v)
	fl.talks[v.number] = v
	fl.mu.Unlock()
	for _, other := range others {
		if other.leg == g {
			fl.violate(fl.number, "one voice", "%s: %s gets the floor, %s has it", fl.call, v.name(), other.name())
		}
	}
	return v
}

func (fl *floor) leaves(v *talker) {
	fl.mu.Lock()
	defer fl.mu.Unlock()
	fl.now = slices.DeleteFunc(fl.now, func(other *talker) bool { return other == v })
}

func (v *talker) name() string {
	switch {
	case v.f.Nobody:
		return "nobody"
	case v.f.Job.ID == "":
		return "the own agent"
	}
	return v.f.Job.Agent
}

// hears holds a frame that the caller hears against who may be heard.
func (fl *floor) hears(f *media.Frame) {
	fl.mu.Lock()
	number := int(f[0])
	v, back := fl.talks[number], fl.over[number]
	if fl.last != number {
		fl.over[fl.last], fl.last = true, number
	}
	dispatch := v.f.Job.Dispatch
	if v.f.Job.ID == "" {
		dispatch = fl.own
	}
	gone, deleted := fl.meets.gone[dispatch]
	fl.mu.Unlock()
	if back && !fl.said {
		fl.said = true
		fl.violate(fl.number, "one voice", "%s: %s is heard after another was", fl.call, v.name())
	}
	if deleted && !v.said && time.Since(gone) > leaveIn && v.node.calm(fl.number) {
		v.said = true
		fl.violate(fl.number, "deleted is silent", "%s: %s speaks, %v after it was deleted", fl.call, v.name(), time.Since(gone))
	}
}

// leaveIn is how long who was deleted may be heard.
const leaveIn = 3 * time.Second

// speak is the [room.Config.Speak]: an agent that makes itself heard ten times a
// second, until its time is over, or another's comes.
func (n *node) speak(ctx context.Context, f room.Floor) (agentcore.Summary, error) {
	g := ctx.Value(legKey{}).(*leg)
	fl := n.floorOf(f.Call.ID)
	v := fl.takes(n, g, f)
	defer fl.leaves(v)
	g.floor.Store(fl)
	n.saw("floor: " + v.name())
	sum, err := v.talk(ctx)
	return sum, errors.Join(err, f.Leg.Hangup(ctx))
}

// talk is what an agent's having the floor leaves in the journal, in the order of
// a conversation's.
func (v *talker) talk(ctx context.Context) (sum agentcore.Summary, err error) {
	past, err := agentcore.Resume(v.f.Past)
	if err != nil {
		return sum, err
	}
	last := len(v.f.Past)
	write := func(e agentcore.Event) error {
		last++
		return v.f.Journal.Append(context.WithoutCancel(ctx), agentcore.Entry{N: last, Version: agentcore.JournalVersion, Wall: time.Now(), Sync: true, Event: e})
	}
	takes := !past.Answered.IsZero() && (past.Floor != v.f.Job.ID || past.Nobody != v.f.Nobody)
	if past.Answered.IsZero() || past.Epoch != v.f.Call.Epoch {
		err = write(agentcore.Opened{Epoch: v.f.Call.Epoch})
	}
	if by := map[bool]string{false: "own"}[v.f.Nobody]; err == nil && (takes || past.Answered.IsZero() && (v.f.Nobody || v.f.Job.ID != "")) {
		err = write(agentcore.FloorTaken{Job: v.f.Job.ID, Agent: v.name(), By: by})
	}
	if err != nil {
		return sum, err
	}
	v.leg.opened.Store(true)
	v.people.Do(func() { v.comePeople() })
	switch cause := v.until(ctx); {
	case errors.Is(cause, agentcore.ErrReplaced):
		v.saw("replaced")
		return sum, cause
	case errors.Is(cause, errYields):
		return agentcore.Summary{Yield: true}, nil
	case errors.Is(cause, errMute):
		return sum, cause
	default:
		reason, over := telephony.Over(cause)
		if !over {
			return sum, write(agentcore.Lost{Epoch: v.f.Call.Epoch, Cause: cause.Error()})
		}
		if err := write(agentcore.Ended{Reason: reason}); err != nil {
			return sum, err
		}
		return agentcore.Summary{End: reason, Last: last}, nil
	}
}

var errYields = errors.New("simulation: another waits")

// until speaks and listens until there is a reason to stop, and returns it.
func (v *talker) until(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	var both sync.WaitGroup
	defer both.Wait()
	defer stop(nil)
	defer func() { _ = v.f.Leg.Hangup(ctx) }()
	both.Go(func() {
		var caller, agent media.Frame
		for {
			ev, err := v.f.Leg.Next(&caller)
			if err != nil {
				stop(err)
				return
			}
			if ev.Kind == telephony.Audio {
				n := v.leg.passed.Add(1)
				caller[0], caller[1] = int16(n&0x7fff), int16(n>>15)
				v.f.Tap.Record(&caller, &agent)
			}
		}
	})
	late := time.NewTimer(v.stays)
	defer late.Stop()
	each := time.NewTicker(100*time.Millisecond + 1)
	defer each.Stop()
	sound := media.Frame{int16(v.number)}
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-each.C:
			if v.f.Nobody {
				continue
			}
			if err := v.f.Leg.Write(&sound); err != nil && !errors.Is(err, io.ErrClosedPipe) {
				return err
			}
		case <-late.C:
			return v.ends()
		}
	}
}

// ends is how an agent stops of its own accord.
func (v *talker) ends() error {
	switch {
	case v.breaks:
		v.saw("an agent broke")
		return errMute
	case v.f.Yield():
		v.saw("yielded")
		return errYields
	}
	v.checkNobodyWaits()
	if v.f.Nobody {
		return telephony.OverError{Reason: telephony.MaxDuration}
	}
	return telephony.OverError{Reason: telephony.AgentHangup}
}

// hearing is a listener's being there.
type hearing struct {
	*floor
	node  *node
	leg   *leg
	job   string
	first int64 // frame that it heard
	last  int64
	off   bool // it was taken off, or left
}

// listen is the [room.Config.Listen]. Some listeners leave by themselves, or break.
func (n *node) listen(ctx context.Context, l room.Listening) error {
	g := ctx.Value(legKey{}).(*leg)
	fl := n.floorOf(l.Call.ID)
	h := &hearing{floor: fl, node: n, leg: g, job: l.Job.ID}
	fl.mu.Lock()
	fl.ears++
	nth := fl.ears
	fl.meets.ears = append(fl.meets.ears, h)
	here := n.name + " " + l.Job.ID
	twice := fl.hearer[here]
	fl.hearer[here] = true
	fl.mu.Unlock()
	if twice {
		fl.violate(fl.number, "hears once", "%s listens twice at once", l.Job.Agent)
	}
	defer func() {
		fl.mu.Lock()
		defer fl.mu.Unlock()
		delete(fl.hearer, here)
	}()
	fl.saw("listener")
	chance := dice(fl.seed, fl.number, fmt.Sprint("ear ", nth))
	var entries sync.WaitGroup
	defer entries.Wait()
	own, stop := context.WithCancel(ctx)
	defer stop()
	entries.Go(func() {
		for more := true; more; {
			select {
			case _, more = <-l.Entries:
			case <-own.Done():
				return
			}
		}
	})
	breaks := chance.IntN(4) == 0
	if breaks {
		late := time.AfterFunc(5*time.Second+odd(chance, 30*time.Second), stop)
		defer late.Stop()
	}
	h.hear(own, l)
	h.off = own.Err() != nil || ctx.Err() != nil
	if breaks && own.Err() != nil && ctx.Err() == nil {
		fl.saw("a listener broke")
		l.Ear.Close()
		return errMute
	}
	return nil
}

// hear checks that every frame follows the one before.
func (h *hearing) hear(ctx context.Context, l room.Listening) {
	var caller, agent media.Frame
	for l.Ear.Next(ctx, &caller, &agent) == nil {
		n := int64(caller[0]) | int64(caller[1])<<15
		if h.first == 0 {
			h.first = n
		} else if n != h.last+1 {
			h.violate(h.number, "listeners hear all", "%s: frame %d follows frame %d", h.call, n, h.last)
		}
		h.last = n
	}
}
