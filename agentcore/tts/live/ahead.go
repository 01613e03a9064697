package live

import (
	"context"
	"sync"
)

// mostAhead is how many bytes are read before the line has taken them: minutes
// of µ-law. A voice is read as fast as it speaks, since a socket that is not
// read for as long as the line takes would die.
const mostAhead = 4 << 20

// ahead is what came from a provider and was not looked at yet. One goroutine
// puts, one takes.
type ahead struct {
	mu    sync.Mutex
	all   []Message
	bytes int
	err   error         // nothing follows
	some  chan struct{} // there may be something to take
	room  chan struct{} // there may be room to put
}

func newAhead() *ahead {
	return &ahead{some: make(chan struct{}, 1), room: make(chan struct{}, 1)}
}

// put adds m, which is kept, once there is room; false when ctx ended before.
func (a *ahead) put(ctx context.Context, m Message) bool {
	for {
		a.mu.Lock()
		if len(a.all) == 0 || a.bytes+len(m.Data) <= mostAhead {
			a.all = append(a.all, m)
			a.bytes += len(m.Data) + messageCost
			a.mu.Unlock()
			signal(a.some)
			return true
		}
		a.mu.Unlock()
		select {
		case <-a.room:
		case <-ctx.Done():
			return false
		}
	}
}

// messageCost is what an empty message counts as.
const messageCost = 64

// end says that nothing follows, because of err.
func (a *ahead) end(err error) {
	a.mu.Lock()
	a.err = err
	a.mu.Unlock()
	signal(a.some)
}

// take waits for the next message. What came before the end comes before its
// error, unless ctx ends.
func (a *ahead) take(ctx context.Context) (Message, error) {
	for {
		if ctx.Err() != nil {
			return Message{}, context.Cause(ctx)
		}
		a.mu.Lock()
		if len(a.all) > 0 {
			m := a.all[0]
			a.all[0] = Message{}
			a.all = a.all[1:]
			a.bytes -= len(m.Data) + messageCost
			a.mu.Unlock()
			signal(a.room)
			return m, nil
		}
		err := a.err
		a.mu.Unlock()
		if err != nil {
			return Message{}, err
		}
		select {
		case <-a.some:
		case <-ctx.Done():
		}
	}
}

// untouched reports whether nothing came and nothing ended.
func (a *ahead) untouched() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.all) == 0 && a.err == nil
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
