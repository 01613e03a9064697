package twilio

import (
	"slices"
	"sync"

	"github.com/hookswitch/hookswitch/telephony"
)

// maxMarks bounds the marks of one stream that wait for their echo.
const maxMarks = 4096

// marks remembers which marks were sent and not yet echoed. Twilio echoes a
// mark when it is played and also when it is cleared, and the two echoes look
// alike: only whoever cleared can tell them apart.
//
// A mark whose true echo crossed our clear on the way counts as dropped; the
// error is on the side of "not heard".
type marks struct {
	mu    sync.Mutex
	open  []openMark // oldest first
	count func(reason string)
}

type openMark struct {
	id      uint32
	dropped bool
}

// sent opens mark id.
func (m *marks) sent(id uint32) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.open) == maxMarks {
		m.open = slices.Delete(m.open, 0, 1)
		m.count(ReasonMarkOverflow)
	}
	m.open = append(m.open, openMark{id: id})
}

// cleared turns every open mark into one that was not heard.
func (m *marks) cleared() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.open {
		m.open[i].dropped = true
	}
}

// echoed closes the oldest mark of that number and says what became of it:
// Played, Dropped, or 0 if no such mark is open.
func (m *marks) echoed(id uint32) telephony.Kind {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, mark := range m.open {
		if mark.id == id {
			m.open = slices.Delete(m.open, i, i+1)
			if mark.dropped {
				return telephony.Dropped
			}
			return telephony.Played
		}
	}
	return 0
}
