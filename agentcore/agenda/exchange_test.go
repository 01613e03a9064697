package agenda_test

import (
	"context"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

// exchange is a desk and the world behind it: it places a call of one id once at
// most, and who is called does as they like. It outlives every process.
type exchange struct {
	store *memory
	lives func(to string, n int) fate // of the nth call that a telephone gets, from 1
	slow  time.Duration               // until the carrier has taken a call on
	pace  time.Duration               // between two calls

	mu     sync.Mutex
	calls  map[telephony.CallID]dispatch.Record
	rang   map[string][]ring // by number
	chats  map[string]int
	next   time.Time // when the carrier takes the next
	at, up int       // calls that go on, and how many did at once
}

// ring is a telephone that rang.
type ring struct {
	call telephony.CallID
	at   time.Time
	over time.Time
}

// fate is what becomes of a call.
type fate struct {
	lasts  time.Duration
	reason telephony.EndReason
	person bool
	by     string // who answered, in the carrier's word
	found  string // and as we found out: an agentcore.Answer as JSON
}

var (
	nobody  = fate{lasts: 30 * time.Second, reason: telephony.NoAnswer}
	busy    = fate{lasts: 2 * time.Second, reason: telephony.Busy}
	broken  = fate{lasts: time.Second, reason: telephony.Failed}
	mailbox = fate{lasts: 20 * time.Second, reason: telephony.AgentHangup, person: true, by: "machine_end_beep"}
	person  = fate{lasts: time.Minute, reason: telephony.CallerHangup, person: true, by: "human"}
)

// always is a world where every call has the same fate.
func always(f fate) func(string, int) fate { return func(string, int) fate { return f } }

// first are the fates of a number's calls; after them a person answers.
func first(fates ...fate) func(string, int) fate {
	return func(_ string, n int) fate {
		if n <= len(fates) {
			return fates[n-1]
		}
		return person
	}
}

func newExchange(m *memory, lives func(string, int) fate) *exchange {
	return &exchange{
		store: m, lives: lives, calls: map[telephony.CallID]dispatch.Record{},
		rang: map[string][]ring{}, chats: map[string]int{},
	}
}

// Place implements [agenda.Placer].
func (x *exchange) Place(ctx context.Context, e agenda.Errand) error {
	if e.Kind == agenda.Chat {
		x.mu.Lock()
		defer x.mu.Unlock()
		x.chats[e.ID]++
		return nil
	}
	if !x.row(e) {
		return nil
	}
	wait := time.NewTimer(x.turn())
	defer wait.Stop()
	<-wait.C // as the desk does, whoever asked may go
	x.dial(e)
	return nil
}

// turn is how long a call waits for the carrier.
func (x *exchange) turn() time.Duration {
	x.mu.Lock()
	defer x.mu.Unlock()
	now := time.Now()
	if x.next.Before(now) {
		x.next = now
	}
	wait := x.next.Sub(now) + x.slow
	x.next = x.next.Add(x.pace)
	return wait
}

// row keeps the row of e's call; false when it is there.
func (x *exchange) row(e agenda.Errand) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if _, ok := x.calls[e.Call]; ok {
		return false
	}
	x.calls[e.Call] = dispatch.Record{
		ID: e.Call, Workspace: e.Workspace, AgentUUID: e.AgentUUID, Agent: e.Agent, Version: 1, FollowUp: true,
		From: telephony.Number(e.From), To: telephony.Number(e.To), Direction: telephony.Outbound, Created: clock(),
	}
	return true
}

// dial makes the telephone ring, and after a while the call is over.
func (x *exchange) dial(e agenda.Errand) {
	x.mu.Lock()
	defer x.mu.Unlock()
	r := x.calls[e.Call]
	if r.Over() {
		return
	}
	f := x.lives(e.To, len(x.rang[e.To])+1)
	r.Dialled, r.Carrier = clock(), "CA"+string(e.Call)
	x.calls[e.Call] = r
	x.rang[e.To] = append(x.rang[e.To], ring{e.Call, clock(), clock().Add(f.lasts)})
	x.at++
	x.up = max(x.up, x.at)
	if f.lasts == 0 {
		x.end(e.Call, f)
		return
	}
	time.AfterFunc(f.lasts, func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		x.end(e.Call, f)
	})
}

// end ends a call, with the job that follows it up. x.mu is held.
func (x *exchange) end(id telephony.CallID, f fate) {
	r := x.calls[id]
	if r.Over() {
		return
	}
	if !r.Dialled.IsZero() {
		x.at--
	}
	r.Ended, r.Reason, r.Answerer, r.Answer = clock(), f.reason, f.by, f.found
	if f.person {
		r.Answered = r.Created
	}
	x.calls[id] = r
	defer x.store.lock()()
	x.store.enqueue(agenda.JobFollowUp, string(id), r.Ended)
}

// abandon ends a call whose row is all that there is, as another node does when
// this one has died.
func (x *exchange) abandon(id telephony.CallID) {
	time.AfterFunc(10*time.Second, func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		x.end(id, fate{reason: telephony.Failed})
	})
}

// take keeps a call that nobody booked, which is over.
func (x *exchange) take(r dispatch.Record) {
	x.mu.Lock()
	defer x.mu.Unlock()
	r.Ended, r.FollowUp = clock(), true
	x.calls[r.ID] = r
	defer x.store.lock()()
	x.store.enqueue(agenda.JobFollowUp, string(r.ID), r.Ended)
}

// Call implements [agenda.Calls].
func (x *exchange) Call(_ context.Context, id telephony.CallID) (dispatch.Record, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	r, ok := x.calls[id]
	if !ok {
		return dispatch.Record{}, dispatch.ErrNotFound
	}
	return r, nil
}

// rings are how often, and when, the telephone of a number rang.
func (x *exchange) rings(to string) []ring {
	x.mu.Lock()
	defer x.mu.Unlock()
	return append([]ring(nil), x.rang[to]...)
}

func clock() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
