package twilio

import (
	"net"
	"slices"
	"sync"
)

// pending holds the sockets that have not sent their start message. They are
// few when all is well (Twilio sends it at once), so one more than the limit
// is a flood, and the oldest, which had the longest time, goes.
type pending struct {
	max, perAddress int

	mu   sync.Mutex
	list []*place // oldest first
	shut bool     // dropAll was called
}

type place struct {
	address string
	conn    net.Conn
}

// add gives conn a place, and reports whether another lost its own for it. The
// loser's socket is closed, which its goroutine then notices. After dropAll conn
// itself is closed: its upgrade was on the way meanwhile.
func (p *pending) add(address string, conn net.Conn) (mine *place, dropped bool) {
	mine = &place{address, conn}
	p.mu.Lock()
	if p.shut {
		p.mu.Unlock()
		conn.Close()
		return mine, false
	}
	oldest := -1
	if same := p.countOf(address); same >= p.perAddress {
		oldest = slices.IndexFunc(p.list, func(o *place) bool { return o.address == address })
	} else if len(p.list) >= p.max {
		oldest = 0
	}
	var loser *place
	if oldest >= 0 {
		loser = p.list[oldest]
		p.list = slices.Delete(p.list, oldest, oldest+1)
	}
	p.list = append(p.list, mine)
	p.mu.Unlock()
	if loser != nil {
		loser.conn.Close()
	}
	return mine, loser != nil
}

func (p *pending) countOf(address string) (n int) {
	for _, o := range p.list {
		if o.address == address {
			n++
		}
	}
	return n
}

// remove takes mine off the list, if it is still there.
func (p *pending) remove(mine *place) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.Index(p.list, mine); i >= 0 {
		p.list = slices.Delete(p.list, i, i+1)
	}
}

// dropAll closes every socket that waits, and those that come later.
func (p *pending) dropAll() {
	p.mu.Lock()
	list := p.list
	p.list, p.shut = nil, true
	p.mu.Unlock()
	for _, o := range list {
		o.conn.Close()
	}
}
