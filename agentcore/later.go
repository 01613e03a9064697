package agentcore

import (
	"time"

	"github.com/hookswitch/hookswitch/agentcore/turn"
)

// mostLater bounds what is kept back of a caller who can't cut a reply.
const mostLater = 64

// kept is something that the caller said.
type kept struct {
	kind  turn.EventKind       // Words or Key
	asked asked                // when
	write func(turn int) Event // what the journal says of it
	over  func(turn int) Event // and before it, of what they were keying in; nil: nothing
}

// say takes what the caller said. While they can't cut the reply, the journal
// has it only once that is over: it has to follow the answer to what they said
// before.
func (t *talk) say(k kept) {
	t.cutFor = false
	if t.machine.Holds() {
		if len(t.later) < mostLater {
			t.later = append(t.later, k)
		}
	} else {
		t.asked = k.asked
		t.write(k)
	}
	t.step(turn.Event{Kind: k.kind})
}

// writeLater writes down what was kept back. That it had to wait is nobody's
// gap: it counts from now.
func (t *talk) writeLater() {
	if len(t.later) == 0 {
		return
	}
	now := time.Now()
	t.asked = asked{now, now, now}
	for _, k := range t.later {
		t.write(k)
	}
	t.later = nil
}

// write writes down what the caller said. Who speaks on is not handed over.
func (t *talk) write(k kept) {
	leaving := false
	t.c.pen.look(func(s *State) { leaving = s.Leaving })
	if leaving {
		t.withdraw()
	}
	if k.over != nil {
		t.c.pen.commit(k.over(t.turn()))
	}
	t.c.pen.commit(k.write(t.turn()))
}
