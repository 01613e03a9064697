package agentcore

import (
	"context"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/tools"
	"github.com/hookswitch/hookswitch/agentcore/turn"
)

// gather is what the caller keys in on this leg, as it is. Of converse alone.
type gather struct {
	of    int    // the collecting that the rest belongs to, counted from 1
	over  int    // the newest that is over, though the journal may have that later
	keys  []byte // so far
	first time.Time
	last  time.Time
}

// collects notes that a tool wants something to be keyed in, which the journal
// has by now.
func (c *Conversation) collects(ctx context.Context, wanted *tools.Collect) {
	if wanted == nil {
		return
	}
	c.hushRecorder(wanted.Sensitive)
	c.tell(ctx, event{kind: evCollect, at: time.Now()})
}

// gathering is what the caller is to key in; false: nothing.
func (t *talk) gathering() (on CollectBegan, is bool) {
	number := 0
	t.c.pen.look(func(s *State) { on, number = s.Collect, s.collects })
	if on.Slot == "" || number == t.gather.over {
		return CollectBegan{}, false
	}
	if number != t.gather.of {
		t.gather = gather{of: number, over: t.gather.over}
	}
	return on, true
}

// keyed takes a key of what the caller keys in. The one that ends it is not in
// the journal: what it ends is.
func (t *talk) keyed(on CollectBegan, ev event) {
	g := &t.gather
	if on.Terminator == string(ev.digit) {
		t.gathered(on, byTerminator, ev.at)
		return
	}
	t.step(turn.Event{Kind: turn.Keying, Unanswered: t.owes()}) // first: what was heard of the reply that it cuts belongs to the turn before
	shown := string(ev.digit)
	if on.Sensitive {
		shown = masked(1)
	}
	t.c.pen.commit(CallerPressed{Turn: t.turn(), Digit: shown, Slot: on.Slot})
	if len(g.keys) == 0 {
		g.first = ev.at
	}
	g.keys, g.last = append(g.keys, ev.digit), ev.at
	if len(g.keys) >= on.Max {
		t.gathered(on, byCount, ev.at)
		return
	}
	t.keys.Reset(on.wait(len(g.keys)))
}

// awaitKeys waits for keys while nobody speaks, and reports whether any are
// awaited: then it is no silence that the agent should ask about.
func (t *talk) awaitKeys() bool {
	on, is := t.gathering()
	if !is {
		t.keys.Stop()
		return false
	}
	listening := t.machine.Phase() == turn.Listening
	if n := len(t.gather.keys); n == 0 || listening {
		t.keys.Stop()
		if listening {
			t.keys.Reset(on.wait(0)) // also behind keys of a line that was lost: the caller has to find out
		}
	}
	return true
}

// noMoreKeys is a caller who has pressed none for too long.
func (t *talk) noMoreKeys() {
	if on, is := t.gathering(); is {
		t.gathered(on, byTimeout, time.Now())
	}
}

// gathered ends the collecting. That is the caller's turn.
func (t *talk) gathered(on CollectBegan, how string, now time.Time) {
	last := t.gather.last
	if len(t.gather.keys) == 0 || how == byTerminator {
		last = now
	}
	t.say(kept{kind: turn.Key, asked: asked{last, now, now}, write: t.sum(on, how, now)})
}

// spokeInstead ends the collecting because the caller has spoken; nil when there
// is none. A noise doesn't.
func (t *talk) spokeInstead(now time.Time) func(n int) Event {
	on, is := t.gathering()
	if !is {
		return nil
	}
	return t.sum(on, bySpeech, now)
}

// sum puts together what was keyed in, and forgets it.
func (t *talk) sum(on CollectBegan, how string, now time.Time) func(n int) Event {
	g := t.gather
	t.gather = gather{of: g.of, over: g.of}
	t.keys.Stop()
	if len(g.keys) == 0 {
		g.first, g.last = now, now
	}
	pen := t.c.pen
	ev := Collected{
		Slot: on.Slot, Digits: string(g.keys), Least: on.Min, How: how, Sensitive: on.Sensitive,
		Complete: how != bySpeech && len(g.keys) > 0 && len(g.keys) >= on.Min,
		StartMS:  pen.at(g.first), EndMS: pen.at(g.last),
	}
	if on.Sensitive {
		if ev.Complete {
			t.c.cfg.Secrets.put(on.Slot, ev.Digits)
		}
		ev.Digits = masked(len(g.keys))
		t.c.unhushRecorder(now)
	}
	return func(n int) Event { ev.Turn = n; return ev }
}

// regather goes on with what the caller was keying in when the line was lost, and
// tells of secrets that were lost with it. It reports whether that asks for an
// answer.
func (t *talk) regather() (waits bool) {
	c := t.c
	var hidden []string
	var keyed string
	c.pen.look(func(s *State) { hidden, keyed = s.hidden, s.keyed })
	for _, slot := range hidden {
		if !c.cfg.Secrets.has(slot) {
			c.pen.commit(Collected{Slot: slot, How: byLoss, Sensitive: true})
		}
	}
	on, is := t.gathering()
	switch {
	case !is:
		return false
	case on.Sensitive && keyed != "":
		c.pen.commit(Collected{Turn: t.turn(), Slot: on.Slot, Digits: keyed, Least: on.Min, How: byLoss, Sensitive: true})
		return true
	}
	now := time.Now()
	t.gather.keys, t.gather.first, t.gather.last = []byte(keyed), now, now
	c.hushRecorder(on.Sensitive)
	return false
}
