package agentcore

import (
	"time"

	"github.com/hookswitch/hookswitch/agentcore/turn"
	"github.com/hookswitch/hookswitch/telephony"
)

// open begins the conversation, or goes on with one whose line was lost.
func (t *talk) open() {
	c, past := t.c, t.c.state
	found := c.open()
	t.limit.Reset(max(0, c.cfg.Agent.MaxDuration-c.held()))
	switch {
	case found == foundOver:
		t.over = past.End
	case found == foundNew:
		t.carrierSaid()
		t.step(turn.Event{Kind: turn.Opened})
	case t.stillMachine():
	case found == foundTaken:
		t.takeOver()
	case past.Goodbye:
		t.end(telephony.AgentHangup)
	default:
		t.carrierSaid()
		t.reopen()
	}
}

// listenFirst is how long it takes to hear for sure that somebody is speaking.
const listenFirst = 300 * time.Millisecond

// takeOver begins where another agent talked, or nobody. A caller who may be
// speaking is not spoken to before it is clear that they are not.
func (t *talk) takeOver() {
	c := t.c
	t.stray = c.strays(time.Now())
	speaks := false
	c.pen.look(func(s *State) { speaks = s.voice })
	if speaks {
		t.enter.Reset(listenFirst)
		return
	}
	t.begin()
}

// begin begins as on a new call, unless the caller waits for an answer: then they
// get it at once. No word is said of what another left open.
func (t *talk) begin() {
	now := time.Now()
	waits := false
	t.c.pen.look(func(s *State) { waits = s.Waiting })
	if waits && t.machine.Phase() == turn.Listening {
		t.asked = asked{now, now, now}
	}
	t.step(turn.Event{Kind: turn.Opened, Unanswered: waits})
}

// reopen goes on with a call that nobody talked on for a while. A caller who
// comes back from a transfer is told what became of it, and not that a line was
// lost.
func (t *talk) reopen() {
	past := t.c.state
	news, accepted := t.waiting()
	waits := t.regather() || past.Waiting || past.Owes
	if past.Untold || news {
		t.step(turn.Event{Kind: turn.News, Unanswered: waits})
	} else {
		now := time.Now()
		t.asked = asked{now, now, now}
		t.preface = t.c.cfg.Agent.CutOff
		t.step(turn.Event{Kind: turn.Reopened, Unanswered: waits})
	}
	if accepted {
		t.accepted()
	}
}
