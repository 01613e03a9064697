package show

import (
	"fmt"

	"github.com/hookswitch/hookswitch/agentcore/answer"
)

// classes are who may have answered, in words.
var classes = map[answer.Class]string{
	answer.Unknown:     "not clear",
	answer.Human:       "human",
	answer.Screener:    "call screener",
	answer.IVR:         "menu",
	answer.Greeting:    "voicemail",
	answer.Beeped:      "voicemail, after its beep",
	answer.MailboxFull: "voicemail, its mailbox full",
	answer.Unavailable: "announcement: can't be reached",
	answer.Fax:         "fax",
	answer.Hold:        "on hold",
}

// Class is who answered, in words; one of a later build stands as it is.
func Class(c answer.Class) string {
	if words, ok := classes[c]; ok {
		return words
	}
	return Clean(string(c))
}

// Who is a verdict in a line: who answered, how sure that is, and what speaks
// most for it.
func Who(v answer.Verdict) string {
	text := Class(v.Class)
	if v.Class == answer.Unknown {
		return text
	}
	text += fmt.Sprintf(" %.2f", v.Confidence)
	best := answer.Evidence{}
	for _, e := range v.Evidence {
		if e.For == v.Class && e.Weight > best.Weight {
			best = e
		}
	}
	if best.What != "" {
		text += " (" + Clean(best.What) + ")"
	}
	return text
}

// Beep says how long after the beep the agent's message began; empty for any
// other reply.
func (i Item) Beep() string {
	if i.Beeped == 0 {
		return ""
	}
	return "began " + millis(i.At-i.Beeped) + " after the beep"
}
