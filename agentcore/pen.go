package agentcore

import (
	"context"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/aside"
)

// penBatch is the longest that entries which need no commit may wait for
// company. It is no whole number of frames: what is noted on one frame is not
// committed in the very instant of another.
const penBatch = 500*time.Millisecond - 700*time.Microsecond

// penGather is how long an entry that must be committed waits for what happens
// in the same moment, so that one commit takes all of it, whichever goroutine
// was first.
const penGather = 200 * time.Microsecond

// pen writes a conversation's journal: it numbers the entries, folds them into
// the state, and has one goroutine commit them in order, in batches.
type pen struct {
	journal Journal
	began   time.Time // when the call was answered, with a monotonic reading

	mu      sync.Mutex
	state   State
	waiting []Entry
	shut    bool
	done    int           // number of the last entry that is committed
	moved   chan struct{} // closed, and replaced, when done moves or err is set
	err     error
	soon    chan struct{} // something waits
	now     chan struct{} // something waits and must not
}

func newPen(j Journal, past State, began time.Time) *pen {
	return &pen{
		journal: j, began: began, state: past, done: past.Last,
		moved: make(chan struct{}), soon: make(chan struct{}, 1), now: make(chan struct{}, 1),
	}
}

// note writes ev, to be committed within penBatch.
func (p *pen) note(ev Event) { p.add(ev, false) }

// commit writes ev, to be committed at once, and returns its number for wait.
func (p *pen) commit(ev Event) int { return p.add(ev, true) }

func (p *pen) add(ev Event, sync bool) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.write(ev, sync)
}

// decide is commit for events that depend on the state: nothing comes between,
// and one commit takes all of them. It returns the last one's number. events
// returns none if there is nothing to write; then decide returns 0, which wait
// knows as committed. events must not keep the pointer.
func (p *pen) decide(events func(*State) []Event) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := 0
	for _, ev := range events(&p.state) {
		last = p.write(ev, true)
	}
	return last
}

// write is add; p.mu is held.
func (p *pen) write(ev Event, sync bool) int {
	if p.err != nil || p.shut || p.state.End != "" {
		return p.state.Last + 1 // wait will tell; nothing follows the end
	}
	now := time.Now()
	e := Entry{N: p.state.Last + 1, Version: JournalVersion, At: now.Sub(p.began), Wall: now, Sync: sync, Event: ev}
	if err := p.state.apply(e); err != nil {
		p.fail(err) // only a bug can write what can't be read again
		return e.N
	}
	p.waiting = append(p.waiting, e)
	poke(p.soon)
	if sync {
		poke(p.now)
	}
	return e.N
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func unpoke(c chan struct{}) {
	select {
	case <-c:
	default:
	}
}

// wait returns when entry n is committed, or can't be, or ctx ends.
func (p *pen) wait(ctx context.Context, n int) error {
	for {
		p.mu.Lock()
		done, err, moved := p.done, p.err, p.moved
		p.mu.Unlock()
		if done >= n {
			return nil
		}
		if err != nil {
			return err
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// run commits until ctx ends. What is left then is the epilogue's.
func (p *pen) run(ctx context.Context) error {
	var err error
	commit := func() { err = p.flush(context.WithoutCancel(ctx)) }
	for err == nil && p.due(ctx) {
		aside.Do(commit)
	}
	return err
}

// due waits until there is something to commit. It reports false when ctx has
// ended, whatever else happened in the same moment.
func (p *pen) due(ctx context.Context) bool {
	select {
	case <-p.soon:
	case <-ctx.Done():
		return false
	}
	wait := time.NewTimer(penBatch)
	defer wait.Stop()
	select {
	case <-wait.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	case <-p.now:
	}
	wait.Reset(penGather)
	select {
	case <-wait.C:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// flushWait bounds one commit.
const flushWait = 5 * time.Second

// flush commits everything that waits.
func (p *pen) flush(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, flushWait)
	defer stop()
	p.mu.Lock()
	entries := p.waiting
	p.waiting = nil
	unpoke(p.soon) // nothing waits any more
	unpoke(p.now)
	err := p.err
	p.mu.Unlock()
	if err != nil || len(entries) == 0 {
		return err
	}
	err = p.journal.Append(ctx, entries...)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		p.fail(err)
		return err
	}
	p.done = entries[len(entries)-1].N
	close(p.moved)
	p.moved = make(chan struct{})
	return nil
}

// fail stops the pen. p.mu is held.
func (p *pen) fail(err error) {
	if p.err == nil {
		p.err = err
		close(p.moved)
		p.moved = make(chan struct{})
	}
}

// close lets nothing more in.
func (p *pen) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shut = true
}

// look reads the state. The function must not keep the pointer.
func (p *pen) look(read func(*State)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	read(&p.state)
}

// since is the time since the call was answered.
func (p *pen) since(t time.Time) time.Duration { return t.Sub(p.began) }

// at is since in milliseconds.
func (p *pen) at(t time.Time) int64 { return p.since(t).Milliseconds() }
