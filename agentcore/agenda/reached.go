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

// machine reports whether a call that we placed was taken by an answering
// machine or a fax.
func machine(r dispatch.Record) bool {
	return r.Direction == telephony.Outbound &&
		(r.Reason == Voicemail || r.Answerer == "fax" || strings.HasPrefix(r.Answerer, "machine"))
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
