package dispatch_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
)

// leg is a line of memory and the clock: a frame every 20 ms.
type leg struct {
	mute       atomic.Bool
	stopped    atomic.Bool // the carrier ends it in good order
	lost, hung chan struct{}
	once, bye  sync.Once
}

func newLeg() *leg { return &leg{lost: make(chan struct{}), hung: make(chan struct{})} }

func (l *leg) Next(*media.Frame) (telephony.Event, error) {
	for {
		frame := time.NewTimer(media.FrameDuration)
		defer frame.Stop()
		select {
		case <-frame.C:
			if !l.mute.Load() {
				return telephony.Event{Kind: telephony.Audio}, nil
			}
		case <-l.lost:
			if l.stopped.Load() {
				return telephony.Event{}, errors.Join(telephony.ErrLost, telephony.ErrStopped)
			}
			return telephony.Event{}, telephony.ErrLost
		case <-l.hung:
			return telephony.Event{}, io.EOF
		}
	}
}
func (l *leg) Write(*media.Frame) error     { return nil }
func (l *leg) Mark(uint32) error            { return nil }
func (l *leg) Clear() error                 { return nil }
func (l *leg) Hangup(context.Context) error { l.bye.Do(func() { close(l.hung) }); return nil }
func (l *leg) lose()                        { l.once.Do(func() { close(l.lost) }) }
func (l *leg) stop()                        { l.stopped.Store(true); l.lose() }

// trunk is a carrier that keeps its word.
type trunk struct {
	mu     sync.Mutex
	states map[string]telephony.State // of calls that are not in progress
	ended  map[string]time.Time       // of calls that are over, when it is told
	took   atomic.Int64               // of a call that is over, when it is told
	down   bool                       // answers nobody
	refuse error                      // of Dial
	slow   time.Duration              // takes Dial longer
	turn   time.Duration              // passes before Dial asks whether it may
	full   error                      // what Dial says before it asks whether it may
	loses  error                      // what Dial says of a call that it placed
	finds  int                        // times that it was asked for calls
	dialed []telephony.Outgoing
	hung   []string
	asked  int
	lag    atomic.Int64                                 // of State, in nanoseconds
	early  func(o telephony.Outgoing, carrierID string) // called before Dial returns

	recalled []string // in order
}

var errDown = errors.New("down")

func (t *trunk) Dial(ctx context.Context, o telephony.Outgoing) (string, error) {
	time.Sleep(t.turn)
	if t.full != nil {
		return "", t.full
	}
	if err := o.MayDial(ctx); err != nil {
		return "", err
	}
	time.Sleep(t.slow)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.refuse != nil {
		return "", t.refuse
	}
	t.dialed = append(t.dialed, o)
	id := "CAout" + string(rune('0'+len(t.dialed)))
	if t.early != nil {
		t.early(o, id)
	}
	return id, t.loses
}

// Find implements [telephony.Carrier]: it has what was asked for, whether its
// answer came home or not.
func (t *trunk) Find(_ context.Context, _ string, from, to telephony.Number, _ time.Time) (ids []string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.finds++
	if t.down {
		return nil, errDown
	}
	for i, o := range t.dialed {
		if o.From == from && o.To == to {
			ids = append([]string{"CAout" + string(rune('1'+i))}, ids...)
		}
	}
	return ids, nil
}

// idOf is the carrier's id of a call that we placed; empty when it wasn't.
func (t *trunk) idOf(call telephony.CallID) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, o := range t.dialed {
		if o.Call == call {
			return "CAout" + string(rune('1'+i))
		}
	}
	return ""
}

func (t *trunk) Hangup(_ context.Context, ref telephony.Ref) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.down {
		return errDown
	}
	t.hung = append(t.hung, ref.ID)
	return nil
}

func (t *trunk) State(_ context.Context, ref telephony.Ref) (telephony.Standing, error) {
	time.Sleep(time.Duration(t.lag.Load()))
	t.mu.Lock()
	defer t.mu.Unlock()
	t.asked++
	if t.down {
		return telephony.Standing{}, errDown
	}
	if s, ok := t.states[ref.ID]; ok {
		return telephony.Standing{State: s, Ended: t.ended[ref.ID], Took: time.Duration(t.took.Load())}, nil
	}
	return telephony.Standing{State: telephony.InProgress}, nil
}

func (t *trunk) set(id string, s telephony.State) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.states == nil {
		t.states = map[string]telephony.State{}
	}
	t.states[id] = s
}

func (t *trunk) endedAt(id string, at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended == nil {
		t.ended = map[string]time.Time{}
	}
	t.ended[id] = at
}

func (t *trunk) cut(down bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.down = down
}

func (t *trunk) hangups() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.hung)
}

func (t *trunk) questions() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.asked
}

// records are real ones that can be slow, and fail before or after the fact.
type records struct {
	dispatch.Calls
	lag  time.Duration
	down atomic.Bool  // nothing happens
	slow atomic.Int64 // nanoseconds that Append takes longer
	lie  atomic.Bool  // Append happens, but says that it failed

	chance func() (before, after bool) // nil: no accidents
	made   func()                      // called when a row was made; nil: nobody cares
	making func()                      // called before a dispatch's row is made
}

func (r *records) do(effect func() error) error {
	time.Sleep(r.lag)
	var before, after bool
	if r.chance != nil {
		before, after = r.chance()
	}
	if before || r.down.Load() {
		return errDown
	}
	if err := effect(); err != nil {
		return err
	}
	if after {
		return errDown
	}
	return nil
}

func (r *records) Create(ctx context.Context, c dispatch.Record) (on dispatch.Record, created bool, err error) {
	err = r.do(func() (err error) { on, created, err = r.Calls.Create(ctx, c); return err })
	if created && r.made != nil {
		r.made()
	}
	return on, created, err
}
func (r *records) CreateDispatch(ctx context.Context, d dispatch.Dispatch, c *dispatch.Record) (on dispatch.Dispatch, created bool, err error) {
	if r.making != nil {
		r.making()
	}
	err = r.do(func() (err error) { on, created, err = r.Calls.CreateDispatch(ctx, d, c); return err })
	return on, created, err
}
func (r *records) Call(ctx context.Context, id telephony.CallID) (c dispatch.Record, err error) {
	err = r.do(func() (err error) { c, err = r.Calls.Call(ctx, id); return err })
	return c, err
}
func (r *records) CallByCarrier(ctx context.Context, id string) (c dispatch.Record, err error) {
	err = r.do(func() (err error) { c, err = r.Calls.CallByCarrier(ctx, id); return err })
	return c, err
}
func (r *records) SetCarrier(ctx context.Context, id telephony.CallID, carrierID string) error {
	return r.do(func() error { return r.Calls.SetCarrier(ctx, id, carrierID) })
}
func (r *records) SetDialled(ctx context.Context, id telephony.CallID, now time.Time) error {
	return r.do(func() error { return r.Calls.SetDialled(ctx, id, now) })
}
func (r *records) Raise(ctx context.Context, id telephony.CallID, epoch int, node string) (now int, err error) {
	err = r.do(func() (err error) { now, err = r.Calls.Raise(ctx, id, epoch, node); return err })
	return now, err
}
func (r *records) Admit(ctx context.Context, id telephony.CallID, epoch int, node string, now time.Time) error {
	return r.do(func() error { return r.Calls.Admit(ctx, id, epoch, node, now) })
}
func (r *records) Append(ctx context.Context, id telephony.CallID, epoch int, e []agentcore.Entry) error {
	time.Sleep(time.Duration(r.slow.Load()))
	return r.do(func() error {
		err := r.Calls.Append(ctx, id, epoch, e)
		if err == nil && r.lie.Load() {
			return errDown
		}
		return err
	})
}
func (r *records) End(ctx context.Context, id telephony.CallID, epoch int, reason telephony.EndReason, now time.Time) (e agentcore.Entry, first bool, err error) {
	err = r.do(func() (err error) { e, first, err = r.Calls.End(ctx, id, epoch, reason, now); return err })
	return e, first, err
}

// Recall implements [telephony.Carrier].
func (t *trunk) Recall(_ context.Context, ref telephony.Ref) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.recalled = append(t.recalled, ref.ID)
	return nil
}
