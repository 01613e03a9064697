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
}

// say takes what the caller said: now, or once the reply that they can't cut is
// over. The journal has it only then: it has to follow the answer to what they
// said before.
func (t *talk) say(k kept) {
	if t.machine.Holds() {
		if len(t.later) < mostLater {
			t.later = append(t.later, k)
		}
		return
	}
	t.asked = k.asked
	t.c.pen.commit(k.write(t.turn()))
	t.step(turn.Event{Kind: k.kind})
}

// release takes what was kept back, if nothing holds it any more. That they had
// to wait is nobody's gap: it counts from now.
func (t *talk) release() {
	for len(t.later) > 0 && t.over == "" && !t.machine.Holds() {
		k := t.later[0]
		t.later = t.later[1:]
		now := time.Now()
		k.asked = asked{now, now, now}
		t.say(k)
	}
}

// keepLater writes down what was kept back when the call, or its line, is over.
func (t *talk) keepLater() {
	for _, k := range t.later {
		t.c.pen.commit(k.write(t.turn()))
	}
	t.later = nil
}
