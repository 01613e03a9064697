package simulation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/tools"
	"github.com/hookswitch/hookswitch/agentcore/tools/transfer"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
)

// wantsOn is what the caller of a call does to be handed on; most want it.
func (w *world) wantsOn(call int) []act {
	if !w.hands || hash(w.seed, call, "wants on", 0)%5 == 0 {
		return nil
	}
	return []act{{text: handMe, long: 700 * time.Millisecond}}
}

// handing is the tool that hands a call on, in a way that is the call's own.
func (w *world) handing(call telephony.Call) []tools.Tool {
	if !w.hands {
		return nil
	}
	kind := []string{dispatch.Blind, dispatch.Conference, dispatch.Warm}[hash(w.seed, w.named(call.ID), "kind", 0)%3]
	parameters, _ := json.Marshal(map[string]any{"transfers": []any{map[string]any{
		"label": "sales", "condition": "they ask for it", "transfer_type": kind, "phone_number": "+15550300", "ring_timeout_secs": 15,
	}}})
	tool, err := transfer.Tool(transfer.Config{
		Desk: w.answers, Call: call.ID, Caller: call.From, Settings: roster.SystemTool{Active: true, Parameters: parameters},
	})
	if err != nil {
		w.violate(w.named(call.ID), "handed on", "%v", err)
		return nil
	}
	return []tools.Tool{tool}
}

func (w *world) withdraw(id string) {
	w.saw("withdrawn transfer")
	w.finishing.Go(func() {
		ctx, cancel := context.WithTimeout(as(context.Background(), "withdraw"), 10*time.Second)
		defer cancel()
		_ = w.answers.Withdraw(ctx, telephony.CallID(id), "the caller spoke on") // if it fails, the desk finds out by itself
	})
}

// consult is the [dispatch.Config.Consult]: it asks a person who needs a moment.
func (w *world) consult(ctx context.Context, _ dispatch.Transfer, leg telephony.Leg) (dispatch.Consultation, error) {
	who := ctx.Value(personKey{}).(person)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var listening sync.WaitGroup
	listening.Go(func() {
		var f media.Frame
		for {
			if _, err := leg.Next(&f); err != nil {
				stop(err)
				return
			}
		}
	})
	defer listening.Wait()
	defer func() { _ = leg.Hangup(context.Background()) }()
	if err := sleep(ctx, who.thinks); err != nil {
		return dispatch.Consultation{}, context.Cause(ctx)
	}
	return dispatch.Consultation{Accepted: who.says == "", Outcome: who.says}, nil
}

// transfers are their rows behind the port.
type transfers struct {
	dispatch.Transfers
	w *world
}

func (t transfers) do(ctx context.Context, call int, op string, effect func(context.Context) error) error {
	return records{w: t.w}.do(ctx, call, op, effect)
}

func (t transfers) CreateTransfer(ctx context.Context, x dispatch.Transfer) (on dispatch.Transfer, created bool, err error) {
	call := t.w.named(x.Call)
	t.w.name(string(x.ID), call)
	err = t.do(ctx, call, "transfer.create", func(ctx context.Context) (err error) {
		on, created, err = t.Transfers.CreateTransfer(ctx, x)
		return err
	})
	return on, created, err
}

func (t transfers) Transfer(ctx context.Context, id telephony.CallID) (x dispatch.Transfer, err error) {
	err = t.do(ctx, t.w.named(id), "transfer.find", func(ctx context.Context) (err error) {
		x, err = t.Transfers.Transfer(ctx, id)
		return err
	})
	return x, err
}

func (t transfers) MoveTransfer(ctx context.Context, id telephony.CallID, from []string, change dispatch.TransferChange) (x dispatch.Transfer, err error) {
	err = t.do(ctx, t.w.named(id), "transfer.move", func(ctx context.Context) (err error) {
		x, err = t.Transfers.MoveTransfer(ctx, id, from, change)
		return err
	})
	return x, err
}

// conference is a room of two.
type conference struct {
	in     int
	full   chan struct{} // closed when two are there
	closed chan struct{}
}

// longestAlone is how long somebody may be in a room with nobody: until it is
// noticed, and the carrier, that may fail or be slow, does what it is asked for.
const longestAlone = 45 * time.Second

// join stays in a room until it is closed, gone or recalled is, or, from when
// there are two, stays has passed: then leave is called.
func (c *carrier) join(number int, in telephony.Room, gone, recalled <-chan struct{}, stays time.Duration, leave func()) {
	c.w.mu.Lock()
	r := c.rooms[in.Name]
	if r == nil {
		r = &conference{full: make(chan struct{}), closed: make(chan struct{})}
		c.rooms[in.Name] = r
	}
	if r.in++; r.in == 2 {
		close(r.full)
	}
	c.w.mu.Unlock()
	began := time.Now()
	defer func() {
		c.w.mu.Lock()
		r.in--
		open := c.rooms[in.Name] == r
		if in.Ends && open || r.in == 0 && open {
			close(r.closed)
			delete(c.rooms, in.Name)
		}
		c.w.mu.Unlock()
	}()
	late := time.NewTimer(longestAlone)
	defer late.Stop()
	full := r.full
	for {
		select {
		case <-full:
			c.w.saw("two in a room")
			full = nil
			late.Reset(stays)
		case <-late.C:
			if full != nil {
				c.w.violate(number, "nobody alone", "somebody is alone in a room since %v", time.Since(began))
			}
			leave()
			return
		case <-gone:
			return
		case <-r.closed:
			return
		case <-recalled:
			return
		}
	}
}

// staying is how long the caller stays with whoever has them.
func (p *phone) staying() time.Duration {
	return odd(dice(p.c.w.seed, p.number, "patience"), patience)
}

func (p *phone) joins(in telephony.Room) {
	back := make(chan struct{})
	done := make(chan struct{})
	var waiting sync.WaitGroup
	waiting.Go(func() {
		select {
		case <-p.recalled:
			p.recalled <- struct{}{} // for isRecalled
			close(back)
		case <-done:
		}
	})
	p.c.join(p.number, in, p.gone, back, p.staying(), func() { p.over(telephony.Completed) })
	close(done)
	waiting.Wait()
}

// isRecalled reports whether the caller was told to ask the door anew.
func (p *phone) isRecalled() bool {
	select {
	case <-p.recalled:
		return true
	default:
		return false
	}
}

// dialsFrom is a leg that the carrier dials for the caller, and what came of it.
func (p *phone) dialsFrom(d telephony.Dial) telephony.Dialled {
	leg := p.c.newLeg(d.Transfer)
	bored := time.AfterFunc(p.staying(), func() { p.over(telephony.Completed) })
	defer bored.Stop()
	leg.move(telephony.Ringing)
	switch {
	case leg.waits(min(leg.person.rings, d.RingTimeout), p.gone):
		leg.move(telephony.StateStop)
	case leg.person.rings > d.RingTimeout:
		leg.move(telephony.StateNone)
	case leg.person.state != "":
		leg.move(leg.person.state)
	default:
		leg.move(telephony.InProgress)
		p.c.w.saw("two on a line")
		leg.waits(leg.person.stays, p.gone)
		leg.move(telephony.Completed)
	}
	s := leg.standing()
	return telephony.Dialled{State: s.State, Duration: s.Took.Truncate(time.Second)}
}

// checkHanding: each transfer is over, its leg, too, and nobody was told twice.
func (w *world) checkHanding(ctx context.Context, db *storage.DB, trunk *carrier) {
	open, err := db.OpenTransfers(ctx)
	for _, t := range open {
		w.violate(w.named(t.Call), "transfer over", "it is %s in the end", t.Status)
	}
	for _, leg := range trunk.legs {
		if !leg.isOver() {
			w.violate(leg.number, "transfer over", "its leg is %s in the end", leg.standing().State)
		}
	}
	for id, number := range w.ids {
		if strings.HasPrefix(string(id), "xfer_") {
			continue
		}
		all, failed := db.TransfersOf(ctx, id)
		entries, broken := db.Journal(ctx, id, 0)
		if err := errors.Join(err, failed, broken); err != nil && !errors.Is(err, dispatch.ErrNotFound) {
			w.violate(number, "transfer over", "%v", err)
		}
		w.checkTold(number, all, entries)
	}
}

// toldWithin is how long it may take until an agent is told that a transfer is
// over, when the store is slow, or fails.
const toldWithin = 10 * time.Second

// checkTold: the journal tells once what became of a transfer, and tells no other
// story than its row.
func (w *world) checkTold(number int, all []dispatch.Transfer, entries []agentcore.Entry) {
	told := map[string]agentcore.TransferOver{}
	began := map[string]bool{}
	var spoke time.Time // the agent, the last time
	for _, e := range entries {
		switch ev := e.Event.(type) {
		case agentcore.TransferBegan:
			began[ev.Transfer] = true
		case agentcore.Planned:
			spoke = e.Wall
		case agentcore.TransferOver:
			if _, twice := told[ev.Transfer]; twice {
				w.violate(number, "told once", "entry %d tells again what became of a transfer", e.N)
			}
			told[ev.Transfer] = ev
		}
	}
	for _, t := range all {
		w.saw(fmt.Sprintf("transfer %s: %s", t.Kind, t.Outcome))
		ev, is := told[string(t.ID)]
		if is && ev.Outcome != t.Outcome {
			w.violate(number, "told the truth", "the journal says %q, the transfer %q", ev.Outcome, t.Outcome)
		}
		if !is && began[string(t.ID)] && spoke.After(t.Ended.Add(toldWithin)) {
			w.violate(number, "told once", "the agent spoke at %v and is not told that a transfer was over at %v: %s", spoke, t.Ended, t.Outcome)
		}
	}
}
