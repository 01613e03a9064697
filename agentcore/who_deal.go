package agentcore

import (
	"time"

	"github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/agentcore/turn"
)

// Times of an agent that a machine has answered.
const (
	afterBeep     = 252 * time.Millisecond // from a beep's end to the message: some machines record a little late. No whole number of frames, as penBatch
	commitLead    = 80 * time.Millisecond  // before that, it is written down that it begins. What is lost in between is never left
	mostAside     = 2 * time.Minute        // that a person is waited for
	mostScreening = 2                      // times that a screener is told who is calling
)

// byMachine is why a transfer is called off: nobody is connected to a machine.
const byMachine = "no person is on the line"

// manner is how an agent treats who answered.
type manner uint8

const (
	converses manner = iota // talks to them
	waits                   // keeps silent, but for what a machine of this kind is told
	hangsUp
)

// manner is how the agent treats who answered, at this point of the call. With no
// message to leave, a voicemail that is only likely is not hung up on yet: somebody
// who says "leave a message with me" would be lost.
func (t *talk) manner(v answer.Verdict) manner {
	a, class := t.c.cfg.Answering, v.Class
	if a == nil || !a.Act || !class.Machine() {
		return converses
	}
	has := func(yes bool, then, otherwise manner) manner {
		if yes {
			return then
		}
		return otherwise
	}
	switch class {
	case answer.Greeting:
		return has(t.leaving() || t.hasMessage() || !v.Sure() && !t.who.model, waits, hangsUp)
	case answer.Beeped:
		return has(t.leaving() || t.hasMessage(), waits, hangsUp)
	case answer.Screener:
		return has(t.saying() || tidy(t.c.fill(a.Screener)) != "", waits, converses)
	case answer.Hold:
		return has(a.OnHold == HoldHangUp, hangsUp, waits)
	case answer.IVR:
		switch {
		case a.OnMenu == MenuHangUp:
			return hangsUp
		case a.OnMenu == MenuPress, t.saying():
			return waits
		}
		return converses
	}
	return hangsUp // a mailbox that is full, an announcement, a fax
}

// deal begins to treat a class so.
func (t *talk) deal(class answer.Class, how manner) {
	switch {
	case how == hangsUp:
		t.step(turn.Event{Kind: turn.Dismissed})
	case how == waits:
		if !t.machine.Aside() {
			t.stepAside()
		}
		if class == answer.Greeting || class == answer.Beeped {
			t.prepare()
		}
	case t.machine.Aside():
		t.back()
	}
}

// stepAside leaves the line to a machine. Nobody is connected to one.
func (t *talk) stepAside() {
	t.late.Stop()
	t.callOff(byMachine)
	var since time.Duration
	t.c.pen.look(func(s *State) {
		if s.machine.aside {
			since = s.machine.since
		}
	})
	t.who.limit.Reset(min(mostAside, mostAside-(t.now()-since)))
	t.step(turn.Event{Kind: turn.Aside})
}

// back talks to a person who came where a machine was.
func (t *talk) back() {
	t.who.soon.Stop()
	t.who.pending = false
	t.who.limit.Stop()
	t.unprepare()
	waits := false
	t.c.pen.look(func(s *State) { waits = s.Waiting || s.Owes })
	now := time.Now()
	t.asked = asked{now, now, now}
	t.step(turn.Event{Kind: turn.Back, Unanswered: waits})
}

// saying reports whether the message is on the line.
func (t *talk) saying() bool { return t.current != nil && t.current.why == turn.Message }

// leaving reports whether the message is on the line, or about to be.
func (t *talk) leaving() bool { return t.saying() || t.who.pending }

// hasMessage reports whether there is a message that has not begun.
func (t *talk) hasMessage() bool {
	begun := false
	t.c.pen.look(func(s *State) { begun = s.machine.message > 0 })
	return (!begun || mutant("message-left-twice")) && tidy(t.c.fill(t.c.cfg.Answering.Message)) != ""
}

// leaveAt leaves the message a moment after a beep, or a greeting, that was over
// at that time since answer. Without one nobody need wait any longer.
func (t *talk) leaveAt(at time.Duration) {
	switch {
	case !t.machine.Aside(), t.saying():
		return
	case !t.hasMessage():
		t.step(turn.Event{Kind: turn.Dismissed})
		return
	}
	t.who.pending = true
	t.who.due = t.c.pen.began.Add(at + afterBeep)
	t.who.soon.Reset(max(0, time.Until(t.who.due)-commitLead))
}

// leave begins the message, if a machine is still on the line. It is heard once it
// is due and its beginning is committed.
func (t *talk) leave() {
	t.who.pending = false
	if t.machine.Aside() && t.hasMessage() {
		t.step(turn.Event{Kind: turn.MessageDue})
	}
}

// tellMachine speaks to a machine that has paused, or presses keys for it.
func (t *talk) tellMachine() {
	if !t.machine.Aside() {
		return
	}
	var class answer.Class
	var m machine
	t.c.pen.look(func(s *State) { class, m = s.Answer.Class, s.machine })
	switch {
	case class == answer.Screener && m.told < mostScreening:
		t.step(turn.Event{Kind: turn.ScreeningDue})
	case class == answer.IVR && !m.pressed:
		t.step(turn.Event{Kind: turn.MenuDue})
	}
}

// waitedEnough hangs up on a machine behind which nobody came. A message that has
// begun is left.
func (t *talk) waitedEnough() {
	if t.machine.Aside() && !t.leaving() {
		t.step(turn.Event{Kind: turn.Dismissed})
	}
}

// stillMachine goes on with a call that a machine has answered, as the journal
// says, and reports whether that is so. A message that has begun is never begun
// again, whoever died; one that is due is left at once. A machine that was talked
// to until nobody listened for a person any more may have become one.
func (t *talk) stillMachine() bool {
	past := t.c.state
	m, class := past.machine, past.Answer.Class
	how := t.manner(past.Answer.Verdict)
	late := !m.aside && time.Since(past.Answered) >= answer.LongestListen
	switch {
	case m.message > 0 && (m.aside || how != converses) && !mutant("message-left-twice"):
		t.end(endOf(turn.ByMachine))
		return true
	case how == converses || late:
		return false
	}
	t.deal(class, how)
	if class == answer.Beeped {
		t.leaveAt(t.now() - afterBeep)
	}
	return true
}
