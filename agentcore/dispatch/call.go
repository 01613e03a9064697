package dispatch

import (
	"context"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// phase is what a live call waits for.
type phase uint8

const (
	dialling phase = iota + 1 // placed by us; to be answered
	pending                   // told to connect with a token that is not spent yet
	admitted                  // its stream was let in; Talk is about to begin
	talking                   // Talk runs
	lost                      // the stream is gone; the call may go on
	away                      // somebody else has the caller, or is being called: see transfer_attend.go
	over                      // known to be over; its row is to be ended
	gone                      // its row is ended
)

// call is a live call: one whose row has not ended, or whose Talk still runs.
type call struct {
	id        telephony.CallID
	account   string
	agent     string // its name
	direction telephony.Direction
	foreign   bool // as in [Record]
	since     time.Time
	born      time.Time

	poke chan struct{} // of 1: something that the watcher looks at changed
	gate chan struct{} // of 1: held while row and memory change together

	mu      sync.Mutex // for a few assignments, never across a wait
	carrier string
	node    string // who has the pen, as far as we know
	epoch   int
	spent   int // newest epoch that a stream was admitted for
	at      phase
	due     time.Time // when the watcher must act; zero: not before a poke
	change  int       // counts the changes of the above
	retold  int       // times that the door told the pending token again
	tries   int       // of something that failed, since the phase began
	asking  time.Time // since when the carrier is asked in vain
	reason  telephony.EndReason
	hang    bool      // the carrier must be told to hang up before the row is ended
	sure    bool      // it is over at whatever epoch it is
	until   time.Time // when it ended, as far as anybody knows; zero: now
	line    *line     // the present stream
	talks   int       // Talk and Listen calls that have not returned
	reapAt  time.Time // when it is too old, or when to look again whether it is
	seen    time.Time // when the carrier was asked about it while it talked
	recalls bool      // the carrier was asked to ask us, since the stream was lost
	fetched bool      // they were alone where our door sent them, and must come back
	loss    loss      // what nobody has made up for yet
	here    int       // newest epoch whose stream this process let in
	crowded time.Time // since when there is no room for its coming back; zero: there is
	told    told
	ear     ear

	prepared preparation
}

func newCall(r Record, at phase, due time.Time) *call {
	since := r.Created
	if !r.Answered.IsZero() {
		since = r.Answered
	}
	return &call{
		id: r.ID, account: r.Account, agent: r.Agent, direction: r.Direction, foreign: r.Foreign, since: since,
		poke: make(chan struct{}, 1), gate: make(chan struct{}, 1),
		born: r.Created, carrier: r.Carrier, node: r.Node, epoch: r.Epoch, spent: r.Admitted, at: at, due: due,
	}
}

// move changes the phase. c.mu is held.
func (c *call) move(at phase, due time.Time) {
	c.at, c.due, c.tries, c.asking = at, due, 0, time.Time{}
	c.change++
	if at == talking || at >= over {
		c.ear.stop()
	}
	c.wake()
}

func (c *call) wake() {
	select {
	case c.poke <- struct{}{}:
	default:
	}
}

// enter waits for the gate. Who entered calls leave.
func (c *call) enter(ctx context.Context) error {
	select {
	case c.gate <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *call) leave() { <-c.gate }

// view is a moment of a call.
type view struct {
	at      phase
	due     time.Time
	change  int
	carrier string
	node    string
	epoch   int
	spent   int
	asking  time.Time
	reason  telephony.EndReason
	hang    bool
	sure    bool
	until   time.Time
	line    *line
	talks   int
	reapAt  time.Time
	seen    time.Time
}

// next is when the watcher must act.
func (v view) next() time.Time {
	if v.at < over && (v.due.IsZero() || v.reapAt.Before(v.due)) {
		return v.reapAt
	}
	return v.due
}

func (c *call) look() view {
	c.mu.Lock()
	defer c.mu.Unlock()
	return view{c.at, c.due, c.change, c.carrier, c.node, c.epoch, c.spent, c.asking, c.reason, c.hang, c.sure, c.until, c.line, c.talks, c.reapAt, c.seen}
}

// agree takes over what the record says, where a commit whose answer was lost,
// or another node, was faster than what we know.
func (c *call) agree(r Record) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.node, c.epoch, c.spent = r.Node, max(c.epoch, r.Epoch), max(c.spent, r.Admitted)
	if c.carrier == "" {
		c.carrier = r.Carrier
	}
}

// await makes the call wait for a stream of epoch, whose pen is node's. It
// reports false when the call is over. The stream of an older epoch is cut: its
// pen writes nothing any more.
func (c *call) await(epoch int, node string, due time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at >= over {
		return false
	}
	c.epoch, c.node, c.retold, c.fetched = epoch, node, 0, false
	if c.line != nil {
		c.line.cut(errTakenOver)
	}
	c.move(pending, due)
	return true
}

// answered notes that a call which was dialled asks what to do.
func (c *call) answered(carrier string, due time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.carrier = carrier
	if c.at == dialling {
		c.move(pending, due)
	}
}

// placed notes the carrier's id of a call that we dialled, which rings until due
// at most.
func (c *call) placed(carrier string, due time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.carrier = carrier
	if c.at == dialling && c.due.IsZero() {
		c.due = due
		c.wake()
	}
}

// retell reports whether the pending token may be told once more: the carrier
// asks again when it could not connect, or did not get our answer.
func (c *call) retell(limit int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.retold++
	return c.at == pending && c.retold <= limit
}

// toldAgain is [call.retell] for a pending call at epoch, with more time for
// the stream to come.
func (c *call) toldAgain(epoch, limit int, due time.Time) bool {
	if c.look().epoch != epoch || !c.retell(limit) {
		return false
	}
	c.touch(due)
	return true
}

// admit notes that epoch's token is spent, and the pen node's; false when the
// call is elsewhere. It returns the loss that this makes up for.
func (c *call) admit(epoch int, node string, due time.Time) (made loss, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at >= over || c.epoch != epoch {
		return loss{}, false
	}
	made = c.loss
	c.spent, c.node, c.here, c.loss, c.crowded = epoch, node, epoch, loss{}, time.Time{}
	c.move(admitted, due)
	return made, true
}

// begin puts l on the call, if it is the stream that was admitted.
func (c *call) begin(l *line) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at != admitted || c.epoch != l.epoch {
		return false
	}
	c.line = l
	c.talks++
	c.seen, c.recalls = time.Now(), false
	c.move(talking, time.Now().Add(c.lookEvery()))
	return true
}

// rest notes that the Talk on l has returned, with end if it says so.
func (c *call) rest(l *line, end telephony.EndReason, lostDue time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.talks--
	if c.line != l {
		c.wake()
		return
	}
	c.line = nil
	switch {
	case c.at == over:
		c.due = time.Now()
		c.change++
		c.wake()
	case c.at != talking: // ended by its own journal, or taken over
		c.wake()
	case end != "":
		c.reason = end
		c.move(over, time.Now())
	case c.foreign: // its stream was all of it
		c.reason, c.sure = telephony.LineLost, true
		if l.stopped.Load() {
			c.reason = telephony.CallerHangup
		}
		c.move(over, time.Now())
	default:
		if !l.stopped.Load() { // else the caller hung up, as a rule
			c.loss = loss{lineLost, l.last()}
		}
		c.move(lost, lostDue)
	}
}

// asked notes that the carrier was asked in vain.
func (c *call) asked() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.asking.IsZero() {
		c.asking = time.Now()
	}
}

// postpone sets when the watcher tries again, unless something changed.
func (c *call) postpone(change int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.change != change {
		return
	}
	c.due = time.Now().Add(min(time.Second<<min(c.tries, 10), 30*time.Second))
	c.tries++
	c.wake()
}

// touch gives a call more time: the carrier asked for it, and had to be told to
// wait.
func (c *call) touch(due time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at < over && !c.due.IsZero() && c.due.Before(due) {
		c.due = due
		c.change++
		c.wake()
	}
}
