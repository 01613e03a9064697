package consult

import "time"

// check takes the call for whoever speaks like a person: a few words, then a
// pause in which they wait for ours. A recording talks on, or beeps.
type check struct {
	*talk
	asked  bool          // said Hello
	spoken time.Duration // so far, pauses left out
	person time.Time     // when they are taken for one, unless they beep or talk on; zero: they are not
}

func (c *check) spoke(long time.Duration) *Verdict {
	now := time.Now()
	c.since = now
	c.spoken += long
	switch {
	case c.ear.talked: // tick says so
	case c.spoken <= c.cfg.Short, c.asked && long <= c.cfg.Short:
		c.person = now
	case c.spoken <= c.cfg.Person, c.asked:
		c.person = now.Add(c.cfg.BeepWait) // a short greeting is as long
	default:
		c.ask() // too long for a person and too short for a recording: a person answers
	}
	return nil
}

func (c *check) tick(now time.Time) *Verdict {
	switch {
	case c.ear.talked:
		return &Verdict{Outcome: Voicemail, Reason: "who answered talked on without a pause, as recordings do"}
	case c.ear.speaking:
		c.mouth.hush() // they are there
		c.since, c.person = now, time.Time{}
	case !c.person.IsZero():
		if now.Before(c.person) || c.ear.unsure() {
			return nil
		}
		return &Verdict{Accepted: true}
	case c.mouth.busy():
		c.since = now
	case now.Sub(c.since) < c.cfg.HelloWait:
	case c.asked:
		return &Verdict{Outcome: Silent}
	default:
		c.ask()
	}
	return nil
}

func (c *check) ask() {
	c.asked = true
	c.mouth.say(c.cfg.Hello)
}
