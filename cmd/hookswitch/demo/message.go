package demo

import (
	"fmt"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
	"github.com/hookswitch/hookswitch/telephony/sim/persona"
)

// message is what the agent leaves on a voicemail, and forWhom is whom it names.
const (
	message = "Hello {{name}}, this is Lakeside Dental. Please call us back."
	forWhom = `{"name":"Alex"}`
)

// When a message may begin after the beep: sooner, and its first word is lost;
// later, and the machine may have hung up.
const (
	soonest = 200 * time.Millisecond
	latest  = 500 * time.Millisecond
)

// left is what a voicemail heard of the message, on its own clock.
type left struct {
	beep   time.Duration // when it was over
	begins time.Duration // first voiced sample of what was said after it; 0 if nothing was
}

// leftOn is what a voicemail was left; nil for anybody else.
func leftOn(script *persona.Script, e persona.Evidence) *left {
	beep := script.Truth().Beep
	if beep == 0 {
		return nil
	}
	l := &left{beep: beep}
	for _, s := range e.Agent {
		if s.End > beep { // one that began before has talked over the beep
			l.begins = s.Begin
			break
		}
	}
	return l
}

// after is how long after the beep the message began, as the machine recorded it.
func (l left) after() time.Duration { return l.begins - l.beep }

// checkLeft checks that whoever called a voicemail left a message when it had
// beeped: measured where it was recorded. ok is false if no call was to one.
func checkLeft(calls []show.Call, all []*left) (c show.Check, ok bool) {
	c = show.Check{Name: "message left after the beep", OK: true, Limit: fmt.Sprintf("limit %d to %s", soonest.Milliseconds(), show.Millis(latest.Milliseconds()))}
	var found []string
	for n, l := range all {
		if l == nil {
			continue
		}
		at, value := l.beep.Milliseconds(), "nothing was left"
		good := l.begins > 0 && l.after() >= soonest && l.after() <= latest
		if l.begins > 0 {
			at, value = l.begins.Milliseconds(), show.Millis(l.after().Milliseconds())
		}
		found = append(found, value)
		if !good {
			c.OK = false
			c.Faults = append(c.Faults, show.Fault{Call: n + 1, AtMS: at, Detail: fmt.Sprintf(
				"the beep was over at %s; %s", show.Clock(l.beep.Milliseconds()), value)})
		}
	}
	c.Value = strings.Join(found, ", ")
	return c, len(found) > 0 && len(calls) == len(all)
}
