package sim

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// Directions of a call, as the carrier writes them.
const (
	inbound      = "inbound"
	outboundAPI  = "outbound-api"
	outboundDial = "outbound-dial"
)

// Why a call ended; the first cause wins.
var (
	errFarEnd    = errors.New("sim: the far end hung up")
	errCompleted = errors.New("sim: ended by REST")
	errOver      = errors.New("sim: nothing left to do")
	errLimit     = errors.New("sim: time limit reached")
	errMoved     = errors.New("sim: redirected by REST") // ends a document, not the call
)

// Call is one call. Its methods may be called from any goroutine.
type Call struct {
	asker // of its webhooks

	parent    string
	ordinal   uint64 // of the carrier's calls; what is left to chance depends on it
	number    string // id of the account's own number in it; empty if there is none
	token     string // CallToken
	from, to  string
	direction string
	first     request
	callback  callback
	timeout   time.Duration // of ringing
	limit     time.Duration // of the answered call; zero means none
	detection *detection    // of machines; nil: nobody asked for it
	digits    string        // keys that are pressed once it is answered

	ctx     context.Context // ends with the call
	cancel  context.CancelCauseFunc
	forking sync.WaitGroup // of forks

	posts chan parcel // callbacks, delivered in order
	done  chan struct{}

	messages atomic.Int64 // that the gateway sent over streams

	mu       sync.Mutex
	status   telephony.State
	dialled  bool // it left the queue
	sip      int
	sequence int
	waited   time.Duration // in the queue; until it left that, the estimate
	who      string        // AnsweredBy; empty until it is known
	limiter  *time.Timer   // of limit; nil until answered
	views    []view        // what a GET that lags shows; empty if none lags
	created  time.Time
	updated  time.Time
	answered time.Time // zero until then
	ended    time.Time // zero until then
	phone    handset.Handset
	leg      *leg    // nil until answered
	stream   *stream // the live one; nil if none
	forks    []*fork // streams that only listen
	moved    *request
	move     context.CancelCauseFunc // ends the document in progress
	events   []Event
}

// Messages is how many messages the gateway sent over the call's streams.
func (c *Call) Messages() int { return int(c.messages.Load()) }

// callSpec is what a new call is made of.
type callSpec struct {
	from, to, direction, parent string
	phone                       handset.Handset
	owner                       *account // nil: the parent's, or else the carrier's main one
}

// newCall enters a call into the books. It must be started.
func (c *Carrier) newCall(s callSpec) (*Call, error) {
	now := time.Now()
	call := &Call{
		asker: asker{carrier: c, owner: s.owner, web: c.newWeb(), sid: newSID("CA")},
		token: newSID(""), parent: s.parent,
		from: s.from, to: s.to, direction: s.direction, phone: s.phone,
		posts: make(chan parcel, 64), done: make(chan struct{}),
		status: telephony.Queued, created: now, updated: now,
	}
	call.asker.note = call.note
	if s.direction == inbound {
		call.status, call.dialled = telephony.Ringing, true
	}
	if parent, ok := c.Lookup(s.parent); call.owner == nil && ok {
		call.owner = parent.owner
	}
	if call.owner == nil {
		call.owner = c.main
	}
	call.number = c.numberSID(call.owner, s.from, s.to)
	call.ctx, call.cancel = context.WithCancelCause(c.ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		call.cancel(ErrClosed)
		return nil, ErrClosed
	}
	c.placed++
	call.ordinal = c.placed
	call.trouble = c.newTrouble(call)
	call.see()
	c.work.Add(1)
	c.calls = append(c.calls, call)
	c.bySID[call.sid] = call
	return call, nil
}

// start lives the call in goroutines that are gone when Done is closed.
func (c *Call) start(live func()) {
	delivered := make(chan struct{})
	go func() {
		defer close(delivered)
		c.deliver()
	}()
	go func() {
		defer c.carrier.work.Done()
		defer close(c.done)
		live()
		c.end(errOver)
		c.forking.Wait()
		if l := c.legNow(); l != nil {
			<-l.done
		}
		close(c.posts)
		<-delivered
	}()
}

// end ends the call for cause, unless it is over already.
func (c *Call) end(cause error) {
	c.mu.Lock()
	if c.status.Terminal() {
		c.mu.Unlock()
		return
	}
	status := telephony.Completed
	if c.answered.IsZero() {
		switch {
		case cause == errFarEnd || cause == errCompleted:
			status = telephony.StateStop
		default:
			status = telephony.StateFail
		}
	}
	c.mu.Unlock()
	c.finish(status, 0, cause)
}

// finish gives the call its terminal status.
func (c *Call) finish(s telephony.State, sip int, cause error) {
	if c.set(s, sip) {
		c.note("end", cause.Error())
	}
	c.cancel(cause)
}

// set moves the call to s and tells those who asked to know. A call that is
// over stays as it is, and set reports false.
func (c *Call) set(s telephony.State, sip int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.status.Terminal() {
		return false
	}
	silent := !c.dialled && s == telephony.StateStop // canceled in the queue: documented
	c.dialled = true
	c.status, c.sip, c.updated = s, sip, time.Now()
	if s.Terminal() {
		c.ended = c.updated
		if c.limiter != nil {
			c.limiter.Stop()
		}
	}
	c.see()
	if !silent {
		c.tell(s)
	}
	return true
}

// answer picks the phone up: from here on the clock of the leg runs.
func (c *Call) answer() {
	c.mu.Lock()
	if c.leg != nil || c.status.Terminal() {
		c.mu.Unlock()
		return
	}
	c.answered = time.Now()
	if c.phone == nil {
		c.phone = handset.Silent
	}
	c.leg = newLeg(c, c.phone, c.answered)
	c.limitBy(c.limit)
	leg := c.leg
	c.mu.Unlock()
	c.set(telephony.InProgress, 0)
	c.note("answered", "")
	go leg.run(c.ctx)
}

// limitBy ends the call d after it was answered. Zero is no limit. The caller
// holds mu.
func (c *Call) limitBy(d time.Duration) {
	c.limit = d
	if c.limiter != nil {
		c.limiter.Stop()
	}
	if d > 0 && !c.answered.IsZero() {
		c.limiter = time.AfterFunc(time.Until(c.answered.Add(d)), func() { c.end(errLimit) })
	}
}

func (c *Call) legNow() *leg {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.leg
}

// SID is the carrier's id of the call.
func (c *Call) SID() string { return c.sid }

// From and To are the numbers of the call; for an outbound one, To is the far
// end's.
func (c *Call) From() string { return c.from }

// To is the number that was called.
func (c *Call) To() string { return c.to }

// Status is how the call is now.
func (c *Call) Status() telephony.State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status
}

// Duration is how long the answered call lasted, or has lasted so far.
func (c *Call) Duration() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.length()
}

func (c *Call) length() time.Duration {
	switch {
	case c.answered.IsZero():
		return 0
	case c.ended.IsZero():
		return time.Since(c.answered)
	}
	return c.ended.Sub(c.answered)
}

// Answered is when the call was answered: the zero of its recording and of its
// handset's clock. It is the zero Time until then.
func (c *Call) Answered() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.answered
}

// Done is closed when the call is over and its callbacks are delivered.
func (c *Call) Done() <-chan struct{} { return c.done }

// Wait waits until the call is over and its callbacks are delivered.
func (c *Call) Wait(ctx context.Context) error {
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Hangup puts the far end's receiver down.
func (c *Call) Hangup() { c.end(errFarEnd) }

// Recording returns what the far end said and heard: frame i of each lasted
// from i*20 ms to (i+1)*20 ms after answer. It is empty when the carrier
// forgets. The caller may keep it.
func (c *Call) Recording() (said, heard []media.Frame) {
	if l := c.legNow(); l != nil {
		return l.recording()
	}
	return nil, nil
}
