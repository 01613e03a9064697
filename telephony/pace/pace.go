// Package pace lets calls be placed as fast as a carrier takes them, and no
// faster: a [Carrier] stands in front of any telephony.Carrier and makes a Dial
// wait for its turn.
//
// A carrier places a number of calls a second on a trunk, which is an account of
// the carrier's. What is more it queues where nobody sees it, first come first
// served, so that one workspace with a long list delays everybody. Here each
// trunk has its own pace, and workspaces that wait for the same trunk take turns:
// round robin between them, in the order of asking inside one.
//
// How many may wait is bounded, for a workspace and in all. Nobody waits longer
// than their context. There is no goroutine: who waits is a caller of Dial, and a
// timer says whose turn it is.
package pace

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// Errors of a Dial whose turn never came. The call was not placed, and may be
// tried again.
var (
	ErrWorkspaceFull = errors.New("pace: too many calls of this workspace wait for the carrier: try again when some are placed")
	ErrFull          = errors.New("pace: too many calls wait for the carrier: try again in a moment")
	ErrClosed        = errors.New("pace: the gateway places no more calls")
)

// Config says whom a [Carrier] stands in front of, and its pace.
type Config struct {
	Carrier telephony.Carrier // Required.

	Rate  float64                       // calls a second on a trunk. Zero means 1, which is what Twilio gives an account.
	Rates func(account string) float64  // of a trunk that has another rate; 0 means Rate. nil: none has. It must not block.
	Own   string                        // the name of the trunk's own account: a call that says it shares the pace of one that says none
	First func(telephony.Outgoing) bool // calls that go before the others of their workspace, such as one for which a caller waits on the line. nil: none

	MaxWaiting             int // calls that wait, in all. Zero means 10000.
	MaxWaitingPerWorkspace int // of one workspace, on whatever trunk, without those that go First. Zero means 1000.

	Observer Observer // nil: nobody looks
}

// Observer is told how calls wait. It is called with a lock held, so it must not
// block nor place calls.
type Observer interface {
	DialsWaiting(n int)         // so many wait now
	DialWaited(d time.Duration) // a call's turn came after d, which is often 0
}

// Carrier is a [telephony.Carrier] whose Dial waits for its turn. The rest goes
// straight through.
type Carrier struct {
	telephony.Carrier
	c Config

	mu      sync.Mutex
	trunks  map[string]*trunk // those whose next turn is not yet; others can be used at once
	waiting int
	of      map[string]int // how many of waiting each workspace has; never 0
	closed  bool
	timers  sync.WaitGroup
}

var _ telephony.Carrier = (*Carrier)(nil)

// New returns a carrier in front of c.Carrier. Close it.
func New(c Config) (*Carrier, error) {
	if c.Carrier == nil {
		return nil, errors.New("pace: no Carrier")
	}
	if !(c.Rate > 0) {
		c.Rate = 1
	}
	if c.MaxWaiting <= 0 {
		c.MaxWaiting = 10000
	}
	if c.MaxWaitingPerWorkspace <= 0 {
		c.MaxWaitingPerWorkspace = 1000
	}
	return &Carrier{Carrier: c.Carrier, c: c, trunks: map[string]*trunk{}, of: map[string]int{}}, nil
}

// Dial implements [telephony.Carrier]. It fails with [ErrWorkspaceFull],
// [ErrFull] or [ErrClosed], or with ctx's cause when ctx ends before the call's
// turn comes; then the carrier was not asked.
func (p *Carrier) Dial(ctx context.Context, o telephony.Outgoing) (carrierID string, err error) {
	if err := p.wait(ctx, o); err != nil {
		return "", err
	}
	return p.Carrier.Dial(ctx, o)
}

// wait returns when it is o's turn.
func (p *Carrier) wait(ctx context.Context, o telephony.Outgoing) error {
	if ctx.Err() != nil {
		return gaveUp(ctx)
	}
	w, err := p.enter(o)
	if err != nil {
		return err
	}
	select {
	case err := <-w.turn:
		return err
	case <-ctx.Done():
		if p.leave(w) {
			return gaveUp(ctx)
		}
		return <-w.turn // its turn came in the same moment
	}
}

func gaveUp(ctx context.Context) error {
	return fmt.Errorf("pace: waiting for a turn: %w", context.Cause(ctx))
}

// enter puts o in line, and takes it out at once if it is its turn.
func (p *Carrier) enter(o telephony.Outgoing) (*waiter, error) {
	account := o.Account
	if account == p.c.Own {
		account = ""
	}
	w := &waiter{account: account, workspace: o.Workspace, since: time.Now(), turn: make(chan error, 1)}
	w.first = p.c.First != nil && p.c.First(o)

	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.trunks[account]
	switch {
	case p.closed:
		return nil, ErrClosed
	case t == nil: // nobody else used it lately
		t = &trunk{}
		p.trunks[account] = t
		p.grant(t, w)
		return w, nil
	case !w.first && p.of[w.workspace] >= p.c.MaxWaitingPerWorkspace:
		return nil, ErrWorkspaceFull
	case p.waiting >= p.c.MaxWaiting:
		return nil, ErrFull
	}
	t.add(w)
	p.count(w.workspace, 1)
	return w, nil
}

// leave takes w out of its line, and reports whether it was in it.
func (p *Carrier) leave(w *waiter) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.trunks[w.account]
	if t == nil || !t.remove(w) {
		return false
	}
	p.count(w.workspace, -1)
	return true
}

// grant gives w its turn, and sees to the next one on its trunk. p.mu is held.
func (p *Carrier) grant(t *trunk, w *waiter) {
	w.turn <- nil
	if p.c.Observer != nil {
		p.c.Observer.DialWaited(time.Since(w.since))
	}
	p.timers.Add(1)
	t.timer = time.AfterFunc(p.interval(w.account), func() { p.next(w.account, t) })
}

// next is called when the trunk of account may be used again. A trunk that
// nobody waits for is forgotten.
func (p *Carrier) next(account string, t *trunk) {
	defer p.timers.Done()
	p.mu.Lock()
	defer p.mu.Unlock()
	w := t.take() // nobody, once p is closed
	if w == nil {
		delete(p.trunks, account)
		return
	}
	p.count(w.workspace, -1)
	p.grant(t, w)
}

// count keeps the numbers of those who wait. p.mu is held.
func (p *Carrier) count(workspace string, by int) {
	p.waiting += by
	if p.of[workspace] += by; p.of[workspace] == 0 {
		delete(p.of, workspace)
	}
	if p.c.Observer != nil {
		p.c.Observer.DialsWaiting(p.waiting)
	}
}

// interval is the time from one call of a trunk's to the next.
func (p *Carrier) interval(account string) time.Duration {
	rate := p.c.Rate
	if p.c.Rates != nil {
		if r := p.c.Rates(account); r > 0 {
			rate = r
		}
	}
	const slowest = 24 * time.Hour // below this rate nothing is meant
	if every := float64(time.Second) / rate; every < float64(slowest) {
		return time.Duration(every)
	}
	return slowest
}

// Waiting says how many calls wait for their turn.
func (p *Carrier) Waiting() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.waiting
}

// Close makes those who wait fail with [ErrClosed], and everybody who comes
// later. A Dial whose turn came goes on. When Close returns, no timer is left.
func (p *Carrier) Close() error {
	p.mu.Lock()
	p.closed = true
	for account, t := range p.trunks {
		for w := t.take(); w != nil; w = t.take() {
			p.count(w.workspace, -1)
			w.turn <- ErrClosed
		}
		if t.timer.Stop() {
			p.timers.Done()
		}
		delete(p.trunks, account)
	}
	p.mu.Unlock()
	p.timers.Wait()
	return nil
}
