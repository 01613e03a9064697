package moonshine

import (
	"errors"
	"sync"
)

// engine recognises one utterance at a time.
type engine interface {
	// transcribe gives up, with errStopped, soon after stop says so.
	transcribe(pcm []int16, x *expected, stop func() bool) (heard, error)
	close() error
}

// heard is what an engine made of an utterance.
type heard struct {
	text       string
	confidence float32 // 0 to 1: the mean of its tokens
}

var errStopped = errors.New("stopped")

// pool lends its engines, first to those who owe a final result. It bounds how
// many recognise at once, and how many guesses wait.
type pool struct {
	mu     sync.Mutex
	idle   []engine
	urgent []*ticket
	later  []*ticket
	most   int // guesses that may wait
	all    []engine
	home   sync.WaitGroup // engines that are lent
}

// ticket is a place in the queue.
type ticket struct{ ready chan engine }

func newPool(engines []engine, most int) *pool {
	return &pool{idle: append([]engine(nil), engines...), all: engines, most: most}
}

// ask queues for an engine. It returns nil when too many guesses wait already.
func (p *pool) ask(urgent bool) *ticket {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := &ticket{ready: make(chan engine, 1)}
	switch n := len(p.idle); {
	case n > 0:
		t.ready <- p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.home.Add(1)
	case urgent:
		p.urgent = append(p.urgent, t)
	case len(p.later) >= p.most:
		return nil
	default:
		p.later = append(p.later, t)
	}
	return t
}

// back returns an engine, which goes to whoever has waited longest.
func (p *pool) back(e engine) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, queue := range []*[]*ticket{&p.urgent, &p.later} {
		if len(*queue) > 0 {
			t := (*queue)[0]
			*queue = (*queue)[1:]
			t.ready <- e
			return
		}
	}
	p.idle = append(p.idle, e)
	p.home.Done()
}

// withdraw gives a ticket up, with the engine that it may have got meanwhile.
func (p *pool) withdraw(t *ticket) {
	p.mu.Lock()
	p.urgent = without(p.urgent, t)
	p.later = without(p.later, t)
	p.mu.Unlock()
	select {
	case e := <-t.ready:
		p.back(e)
	default:
	}
}

// use says how many engines there are, and how many of them are lent.
func (p *pool) use() (all, lent int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.all), len(p.all) - len(p.idle)
}

func without(queue []*ticket, t *ticket) []*ticket {
	for i, q := range queue {
		if q == t {
			return append(queue[:i], queue[i+1:]...)
		}
	}
	return queue
}

// close waits until every engine is back, and closes them.
func (p *pool) close() error {
	p.home.Wait()
	var errs []error
	for _, e := range p.all {
		errs = append(errs, e.close())
	}
	return errors.Join(errs...)
}
