package consult

import "time"

// check takes the call for whoever speaks like a person: a few words, then a
// pause in which they wait for ours. A recording talks on.
type check struct {
	*talk
	asked bool // said Hello
}

func (c *check) spoke(long time.Duration) *Verdict {
	c.since = time.Now()
	switch {
	case c.ear.talked:
		return nil // tick says so
	case long <= c.cfg.Person || c.asked:
		return &Verdict{Accepted: true}
	}
	c.ask() // too long for a person and too short for a recording: a person answers
	return nil
}

func (c *check) tick(now time.Time) *Verdict {
	switch {
	case c.ear.talked:
		return &Verdict{Outcome: Voicemail, Reason: "who answered talked on without a pause, as recordings do"}
	case c.ear.speaking:
		c.mouth.hush() // they are there
		c.since = now
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
