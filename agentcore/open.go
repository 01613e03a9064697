package agentcore

import (
	"time"

	"github.com/hookswitch/hookswitch/agentcore/turn"
	"github.com/hookswitch/hookswitch/telephony"
)

// open begins the conversation, or goes on with one whose line was lost.
func (t *talk) open() {
	c, past := t.c, t.c.state
	if past.End != "" {
		t.over = past.End // nothing follows the end
		return
	}
	c.pen.commit(Opened{
		Epoch: c.cfg.Call.Epoch, Agent: c.cfg.Agent.Name,
		Direction: c.cfg.Call.Direction, Pipeline: c.cfg.Pipeline,
	})
	if past.Answered.IsZero() {
		c.cfg.Observer.CallBegan(string(c.cfg.Call.Direction))
		t.step(turn.Event{Kind: turn.Opened})
		return
	}
	if past.Goodbye {
		t.over = telephony.AgentHangup
		return
	}
	t.reopen()
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
