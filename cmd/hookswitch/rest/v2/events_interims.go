package v2

import (
	"sync"

	"github.com/hookswitch/hookswitch/agentcore/captions"
	"github.com/hookswitch/hookswitch/telephony"
)

// interimQueue is how many interim captions wait for a reader. Who reads slower
// misses some: the next one says more.
const interimQueue = 8

// interims hands interim captions to those who read a call's along with it. They
// are of this process's calls only, and nobody keeps them.
type interims struct {
	mu      sync.Mutex
	readers map[chan captions.Interim]telephony.CallID
}

// Interim tells all who follow the call's captions what is being said just now.
// It does not block.
func (h *Hub) Interim(i captions.Interim) {
	h.interims.mu.Lock()
	defer h.interims.mu.Unlock()
	for reader, call := range h.interims.readers {
		if call != i.Call {
			continue
		}
		select {
		case reader <- i:
		default:
		}
	}
}

// follow returns the interim captions of call from now on, until stop.
func (s *interims) follow(call telephony.CallID) (all <-chan captions.Interim, stop func()) {
	reader := make(chan captions.Interim, interimQueue)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.readers == nil {
		s.readers = map[chan captions.Interim]telephony.CallID{}
	}
	s.readers[reader] = call
	return reader, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.readers, reader)
	}
}
