package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// answers is who answered the calls that were placed, as we found out.
type answers struct {
	found *bounded
	after prometheus.Histogram
	left  *bounded
}

func (f factory) answers() *answers {
	a := &answers{
		found: f.bounded("who_answered_total", "Verdicts about who answered a call that was placed, by class; one that changed is counted again.", "class",
			"human", "screener", "ivr", "voicemail_greeting", "voicemail_beep", "mailbox_full", "unavailable", "fax", "hold", "unknown"),
		after: f.times("who_answered_seconds", "From a call's answer to a verdict.",
			[]float64{.25, .5, .75, 1, 1.5, 2, 3, 4, 5, 7.5, 10, 15, 30, 60, 120}),
		left: f.bounded("voicemail_messages_total", "Messages that were left on voicemails, by how much of them was heard.", "heard", "all", "part"),
	}
	return a
}

// WhoAnswered implements agentcore.Observer: a verdict, so long after the call's
// answer.
func (c *Call) WhoAnswered(class string, after time.Duration) {
	c.set.answers.found.inc(class)
	c.time(c.set.answers.after, after)
}

// MessageLeft counts a message that was left on a voicemail.
func (s *Set) MessageLeft(whole bool) {
	heard := "part"
	if whole {
		heard = "all"
	}
	s.answers.left.inc(heard)
}
