package simulation

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/telephony"
)

var errDead = errors.New("simulation: the process is dead")

// node is a process: a desk, a clerk, and who does the jobs.
type node struct {
	*later
	name  string
	desk  *dispatch.Desk
	clerk *agenda.Clerk
	host  *room.Host // nil: the run's calls have no rooms
	ctx   context.Context
	stop  context.CancelFunc
	wg    sync.WaitGroup
	gone  chan struct{} // closed when it is dead

	life  sync.Mutex
	dead  bool
	wakes time.Time // until then it stands still
	shaky time.Time // until then it may be behind, since something went wrong
	legs  map[*leg]bool
}

// keepUp has a process in a slot: when one is dead, after a while another, every
// other time under its name, as a restart or a new machine would be.
func (l *later) keepUp(slot int) {
	time.Sleep(time.Duration(slot)*7_000_001 | 1)
	name := fmt.Sprint("n", slot)
	for life := 1; ; life++ {
		n, err := l.start(slot, name)
		if err != nil {
			l.violate(0, "starts", "%v", err)
			return
		}
		select {
		case <-n.gone:
			n.bury()
		case <-l.closing:
			n.shut()
			return
		}
		chance := dice(l.seed, slot, fmt.Sprint("down ", life))
		down := odd(chance, 20*time.Second)
		if chance.IntN(3) == 0 {
			down += 70 * time.Second // its calls lose their places among the others
		}
		if chance.IntN(2) == 0 {
			name = fmt.Sprintf("n%d.%d", slot, life)
		}
		late := time.NewTimer(down)
		select {
		case <-late.C:
		case <-l.closing:
			late.Stop()
			return
		}
	}
}

// start starts a process.
func (l *later) start(slot int, name string) (n *node, err error) {
	n = &node{later: l, name: name, gone: make(chan struct{}), legs: map[*leg]bool{}}
	n.ctx, n.stop = context.WithCancel(context.Background())
	talk, watch := n.talk, func(telephony.CallID, agentcore.Entry) {}
	if l.meets != nil {
		if n.host, err = room.New(n.meeting()); err != nil {
			return nil, err
		}
		talk, watch = n.host.Talk, n.host.Told
	}
	n.desk, err = dispatch.New(dispatch.Config{
		Calls: nodeCalls{records{l.db, l.world, n}}, Talk: talk, Carrier: trunk{n}, Secret: []byte("sixteen bytes and more"),
		Route: n.route, Permit: n.permit, Node: name, Resumes: 2, Watch: watch,
		NewID: func() telephony.CallID { return telephony.CallID(l.newID("call")) },
	})
	if err != nil {
		return nil, err
	}
	n.clerk, err = agenda.New(agenda.Config{
		Store: errands{l.store, n}, Placer: placer{n}, Calls: nodeCalls{records{l.db, l.world, n}}, Node: name,
		Retry: n.retry, InFlight: func() int { return 4 }, NewID: l.newID, Counter: counting{l},
	})
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	l.up[slot] = n
	l.mu.Unlock()
	if l.meets != nil {
		n.wg.Go(func() { _ = n.host.Run(as(n.ctx, "host")) })
	} else {
		n.wg.Go(func() { n.clerk.Run(as(n.ctx, "clerk")) })
		n.wg.Go(func() { n.every(500*time.Millisecond+777, n.work) })
	}
	n.wg.Go(func() { n.every(15*time.Second+7777, func() { _ = n.desk.Recover(as(n.ctx, "recover")) }) })
	return n, nil
}

// every does something now and then, as long as the process lives.
func (n *node) every(d time.Duration, do func()) {
	tick := time.NewTicker(d)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-n.ctx.Done():
			return
		}
		if n.acts() {
			do()
		}
	}
}

// acts reports whether the process lives and doesn't stand still.
func (n *node) acts() bool {
	n.life.Lock()
	defer n.life.Unlock()
	return !n.dead && !time.Now().Before(n.wakes)
}

// do is one operation of the process, through the port. What was asked happens
// whole, or not at all; of a dead process nothing does.
func (n *node) do(ctx context.Context, call int, op string, effect func() error) error {
	if n.isDead() {
		return errDead
	}
	ctx = as(ctx, n.name+" "+actor(ctx))
	number, kind, err := n.arrive(ctx, call, op)
	if err != nil {
		return err
	}
	if who := actor(ctx); kind != "" && strings.Contains(who, agenda.JobFollowUp) {
		n.saw("fault in a follow-up")
	}
	if kind != "" {
		n.upset(call)
	}
	switch kind {
	case Slow:
		if err := sleep(ctx, slowness+time.Duration(number)); err != nil {
			return err
		}
	case Fail, Never:
		return errPlanned
	case Dies:
		n.die()
	case Freeze:
		n.freeze(number)
	}
	if err := n.stand(number); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err // who stood still finds that it is too late
	}
	err = effect()
	n.changed()
	switch {
	case kind == Died:
		n.die()
	case kind == Lost && err == nil:
		err = errPlanned
	}
	if dead := n.stand(number); dead != nil {
		return dead
	}
	return err
}

// stand waits as long as the process stands still; of the operations that wait,
// each goes on at a time of its own.
func (n *node) stand(number int) error {
	n.life.Lock()
	still := time.Until(n.wakes)
	n.life.Unlock()
	if still > 0 {
		time.Sleep(still + time.Duration(number)*2 + 1)
	}
	if n.isDead() {
		return errDead
	}
	return nil
}

func (n *node) isDead() bool {
	n.life.Lock()
	defer n.life.Unlock()
	return n.dead
}

// freeze has the process stand still: for long enough that others take it for
// dead, and some take its calls' places.
func (n *node) freeze(number int) {
	n.saw("a process stood still")
	n.life.Lock()
	defer n.life.Unlock()
	n.wakes = time.Now().Add(12*time.Second + time.Duration(hash(n.seed, number, "freeze", 0)%uint64(90*time.Second)) | 1)
}

// die ends the process. Its connections break.
func (n *node) die() {
	n.life.Lock()
	defer n.life.Unlock()
	if n.dead {
		return
	}
	n.dead = true
	n.saw("a process died")
	n.trace("00 "+n.name, "is dead")
	n.stop()
	close(n.gone)
	for g := range n.legs {
		time.AfterFunc(time.Duration(1+g.number)*1_000_003, g.lose)
	}
}

// bury waits until nothing of a dead process is left.
func (n *node) bury() {
	n.wg.Wait()
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	_ = n.desk.Close(gone) // it is dead: nobody is told anything
}

// shut ends a process at the end of the run.
func (n *node) shut() {
	n.stop()
	n.wg.Wait()
	ctx, cancel := context.WithTimeout(as(context.Background(), "close"), time.Minute)
	defer cancel()
	if err := n.desk.Close(ctx); err != nil && !n.isDead() {
		n.violate(0, "desk empty", "%s: %v", n.name, err)
	}
}

// pick is the process that a balancer gives a request to: one that takes
// connections, be it that it stands still. Nil: there is none.
func (l *later) pick(key string, nth int) *node {
	l.mu.Lock()
	defer l.mu.Unlock()
	first := int(hash(l.seed, 0, key, nth) % nodes)
	for i := range nodes {
		if n := l.up[(first+i)%nodes]; n != nil && !n.isDead() {
			return n
		}
	}
	return nil
}

var errNobody = errors.New("simulation: 502")

// request asks a process for something, and gives up as carriers and clients do.
// What was asked may go on.
func (l *later) request(ctx context.Context, key string, do func(ctx context.Context, n *node) error) error {
	n := l.pick(key, l.enter("request "+key))
	if n == nil {
		return errNobody
	}
	done := make(chan error, 1)
	l.wg.Go(func() { done <- do(ctx, n) })
	late := time.NewTimer(15*time.Second + time.Duration(hash(l.seed, 0, key, l.enter("late "+key))%1e6) | 1)
	defer late.Stop()
	select {
	case err := <-done:
		return err
	case <-late.C:
	case <-n.gone:
	}
	return errNobody
}
