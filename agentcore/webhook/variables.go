package webhook

import (
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/vars"
)

// Names of the variables that every call has. They win over variables of the
// same name that an agent, a dispatch or an answer sets: nobody can pretend to
// be another caller.
const (
	AgentUUID    = "agent_uuid"
	AgentName    = "agent_name"
	Conversation = "conversation_uuid"
	CallID       = "call_id"
	CallerPhone  = "caller_phone" // who called
	CalledPhone  = "called_phone" // who was called
	Direction    = "direction"    // inbound, outbound
	StartedAt    = "started_at"   // RFC 3339, UTC

	// Known once the call is over; absent before.
	EndedAt      = "ended_at"
	CallDuration = "call_duration" // whole seconds since it was answered; 0 when it never was
	EndReason    = "end_reason"
	Transcript   = "transcript"   // a line for each side's words, as heard
	CallSummary  = "call_summary" // a few sentences
)

// maxTranscript is how many bytes of words a transcript has as a variable.
const maxTranscript = 256 << 10

// Known are a call's own variables while it runs.
func Known(call dispatch.Record) vars.Set {
	return vars.Set{
		AgentUUID:    call.AgentUUID,
		AgentName:    call.Agent,
		Conversation: call.Conversation,
		CallID:       string(call.ID),
		CallerPhone:  string(call.From),
		CalledPhone:  string(call.To),
		Direction:    string(call.Direction),
		StartedAt:    stamp(call.Created),
	}
}

// During are all variables of a call while it runs: the record's, which merge
// the agent's defaults, the dispatch's and pre_call's, under the call's own.
func During(call dispatch.Record) (vars.Set, error) {
	given, err := vars.Decode(call.Variables)
	if err != nil {
		return nil, err
	}
	return vars.Merge(given, Known(call)), nil
}

// After are all variables of a call that is over. The summary is the caller's
// to set.
func After(call dispatch.Record, said []agentcore.Utterance) (vars.Set, error) {
	all, err := During(call)
	if err != nil {
		return nil, err
	}
	return vars.Merge(all, vars.Set{
		EndedAt:      stamp(call.Ended),
		CallDuration: int64(lasted(call) / time.Second),
		EndReason:    string(call.Reason),
		Transcript:   Words(said),
	}), nil
}

func lasted(call dispatch.Record) time.Duration {
	if call.Answered.IsZero() || call.Ended.Before(call.Answered) {
		return 0
	}
	return call.Ended.Sub(call.Answered)
}

// stamp is a time as it is told; empty when there is none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Truncate(time.Millisecond).Format(time.RFC3339Nano)
}

// Words are what both sides said, a line each: "Caller: ..." and "Agent: ...".
// A very long transcript ends early, and says so.
func Words(said []agentcore.Utterance) string {
	var b strings.Builder
	for _, u := range said {
		who := speaker(u.Speaker)
		if who == "" || u.Text == "" {
			continue
		}
		if b.Len()+len(u.Text) > maxTranscript {
			b.WriteString("[the rest is left out]\n")
			break
		}
		b.WriteString(who + ": " + strings.Join(strings.Fields(u.Text), " ") + "\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// speaker is how a side is called in a transcript; empty for what is no side.
func speaker(s string) string {
	switch s {
	case "caller":
		return "Caller"
	case "agent":
		return "Agent"
	}
	return ""
}
