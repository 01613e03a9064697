package agentcore

import (
	"slices"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/turn"
)

const (
	connectWait   = 3 * time.Second // that somebody who took a transfer waits for whoever speaks
	transferQuiet = 2 * time.Minute // from a transfer's beginning: so long a silent caller is not asked if they are there
	mostUntold    = 16              // news that wait for a reply
)

// hearNews takes what became of a transfer, or the carrier's word on who answered. ok is false when nothing more will.
func (t *talk) hearNews(n News, ok bool) {
	switch {
	case !ok:
		t.news = nil
	case n.Answerer != "":
		t.carrierSays(n.Answerer)
	case t.knows(n.Transfer):
	case n.Accepted:
		t.accepted()
	case t.keep(n):
		t.late.Stop()
		t.step(turn.Event{Kind: turn.News})
	}
}

// waiting takes the news that came before the conversation. It reports whether
// there are any, and whether somebody waits for the caller.
func (t *talk) waiting() (news, accepted bool) {
	for {
		select {
		case n, ok := <-t.news:
			switch {
			case !ok:
				t.news = nil
				return news, accepted
			case n.Answerer != "":
				t.carrierSays(n.Answerer)
			case t.knows(n.Transfer):
			case n.Accepted:
				accepted = true
			case t.keep(n):
				news, accepted = true, false
			}
		default:
			return news, accepted
		}
	}
}

// knows reports whether it is known that a transfer is over.
func (t *talk) knows(id string) bool {
	known := slices.ContainsFunc(t.untold, func(ev TransferOver) bool { return ev.Transfer == id })
	t.c.pen.look(func(s *State) { known = known || s.transferEnded(id) })
	return known
}

// keep keeps the end of a transfer for writeNews. It reports false if n is none,
// or one too many.
func (t *talk) keep(n News) bool {
	if n.Over == nil || len(t.untold) == mostUntold {
		return false
	}
	over := *n.Over
	over.Transfer = n.Transfer
	t.untold = append(t.untold, over)
	return true
}

// accepted is somebody's waiting for the caller.
func (t *talk) accepted() {
	t.late.Reset(connectWait)
	t.step(turn.Event{Kind: turn.Accepted})
	t.hush()
}

// hush makes the sentence that is being said the last one of its reply, unless
// it belongs to a goodbye.
func (t *talk) hush() {
	goodbye := false
	t.c.pen.look(func(s *State) { goodbye = s.Goodbye })
	if u := t.current; u != nil && u.why != turn.Connect && !goodbye && t.machine.Phase() == turn.Speaking {
		u.hush()
	}
}

// writeNews writes down what became of transfers. It is done when a reply begins
// that knows of it: what follows in the journal was said by somebody who knew.
func (t *talk) writeNews() {
	for _, ev := range t.untold {
		t.c.pen.commit(ev)
	}
	t.untold = nil
}

// handed is a tool's having handed the call to somebody else. A caller who has
// spoken meanwhile is not left.
func (t *talk) handed(ev event) {
	leaving, on := false, false
	t.c.pen.look(func(s *State) { leaving, on = s.Leaving, s.Transfer.Transfer == ev.id })
	switch {
	case t.machine.Aside():
		t.callOff(byMachine)
	case leaving:
		t.step(turn.Event{Kind: turn.LeaveAsked})
	case ev.leave && on:
		t.withdraw()
	}
}

// withdraw calls off the transfer that is on, because the caller spoke on.
func (t *talk) withdraw() { t.callOff("the caller spoke on") }

// callOff calls off the transfer that is on, if there is one.
func (t *talk) callOff(why string) {
	t.writeNews()
	pen := t.c.pen
	var on TransferBegan
	var took time.Duration
	now := time.Now()
	pen.look(func(s *State) { on, took = s.Transfer, now.Sub(pen.began)-s.since })
	if on.Transfer == "" {
		return
	}
	pen.commit(on.called(why, took))
	t.c.cfg.Withdraw(on.Transfer)
}

// patience is how long a silent caller is left in peace at least: while a
// transfer is on, they wait for somebody.
func (t *talk) patience() time.Duration {
	var left time.Duration
	pen := t.c.pen
	pen.look(func(s *State) {
		if s.Transfer.Transfer != "" {
			left = min(transferQuiet, transferQuiet-(time.Since(pen.began)-s.since)) // clocks of two nodes may differ
		}
	})
	return left
}
