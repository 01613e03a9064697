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
		t.step(turn.Event{Kind: turn.Opened})
	case found == foundTaken:
		t.takeOver()
	case past.Goodbye:
		t.end(telephony.AgentHangup)
	default:
		t.reopen()
	}
}

// takeOver begins where another agent talked, or nobody: as on a new call, unless
// the caller waits for an answer. No word is said of what the other left open.
func (t *talk) takeOver() {
	c := t.c
	now := time.Now()
	t.asked = asked{now, now, now}
	t.stray = c.strays(now)
	waits := false
	c.pen.look(func(s *State) { waits = s.Waiting })
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
