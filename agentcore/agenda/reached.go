package agenda

import (
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

// reached reports whether a person was on the line: decision 7 of the gateway's
// APIs. What went wrong later, on our side, does not make a person answer twice.
func reached(r dispatch.Record) bool {
	if machine(r) || mutant("nobody-is-human") {
		return false
	}
	switch r.Reason {
	case telephony.AgentHangup, telephony.CallerHangup, telephony.Silence, telephony.MaxDuration, telephony.Transferred:
		return true // somebody picked up, even if the carrier's word of it was lost
	case telephony.Busy, telephony.NoAnswer, telephony.Failed, telephony.NotConnected:
		return false // NotConnected: who picked up heard nothing
	}
	return !r.Answered.IsZero()
}

// sure is how confident we must be to count a call by our own word.
const sure = 0.5

// machine reports whether a call that we placed was taken by an answering
// machine, a fax or an announcement. What we found out counts before the carrier's
// word: it hears the first seconds, and calls a talkative person a machine; we
// heard the words, too, and whether somebody took a turn. Of a menu, a screener
// and a queue nobody knows who came after, unless the call ended because of them.
func machine(r dispatch.Record) bool {
	if r.Direction != telephony.Outbound {
		return false
	}
	a, known := r.WhoAnswered()
	switch {
	case r.Reason == telephony.Voicemail:
		return true
	case r.Reason == telephony.Transferred:
		return false // whoever it was, somebody was put through to a person
	case known && a.Class == "human" && a.Confidence >= sure:
		return false
	case known && a.Confidence >= sure && (a.Class.Voicemail() || a.Class == "fax" || a.Class == "unavailable"):
		return true
	}
	return r.Answerer == "fax" || strings.HasPrefix(r.Answerer, "machine")
}

// final reports whether a call that reached nobody ended for a reason that no
// other call would change: somebody ended it, or we would not have it.
func final(reason telephony.EndReason) bool {
	switch reason {
	case telephony.OperatorHangup, telephony.Canceled, telephony.Refused,
		telephony.NumberUnknown, telephony.AgentDisabled, telephony.AgentIncomplete:
		return true
	}
	return false
}
