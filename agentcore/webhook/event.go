package webhook

import (
	"encoding/json"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/vars"
)

// Event is the body of a webhook without request_body. Its names are those of
// the variables, but for answered_by, answer, cost and transfers, which no variable has; what a
// pre_call can't know yet is left out.
type Event struct {
	Type         string   `json:"type"` // pre_call, post_call
	CallID       string   `json:"call_id"`
	Conversation string   `json:"conversation_uuid"`
	AgentUUID    string   `json:"agent_uuid"`
	AgentName    string   `json:"agent_name"`
	AgentVersion int      `json:"agent_version"`
	Direction    string   `json:"direction"`
	CallerPhone  string   `json:"caller_phone"`
	CalledPhone  string   `json:"called_phone"`
	StartedAt    string   `json:"started_at"`
	Variables    vars.Set `json:"dynamic_variables"`
	*Ending
}

// Ending is what an [Event] tells of a call that is over.
type Ending struct {
	AnsweredAt *string    `json:"answered_at"` // null: nobody did
	AnsweredBy *string    `json:"answered_by"` // in the carrier's word, such as human; null: it did not say
	Answer     *Answer    `json:"answer"`      // who answered, as we found out; null: nobody did
	EndedAt    string     `json:"ended_at"`
	Duration   int64      `json:"call_duration"` // whole seconds since it was answered
	Reason     string     `json:"end_reason"`
	Summary    string     `json:"call_summary"`
	Cost       *Cost      `json:"cost"`      // null: nothing has a price
	Transfers  []Transfer `json:"transfers"` // oldest first
	Transcript []Line     `json:"transcript"`
	Cut        bool       `json:"transcript_cut,omitempty"` // there was more
}

// Line is what one side said, or a tool did. Times are milliseconds since the
// call was answered.
type Line struct {
	Speaker string `json:"speaker"` // caller, agent, tool
	Text    string `json:"text"`    // the agent's: what was heard of it
	StartMS int64  `json:"start_ms"`
	EndMS   int64  `json:"end_ms"`
}

// beginning is the event of a call that nobody has answered yet.
func beginning(call dispatch.Record) (Event, error) {
	given, err := vars.Decode(call.Variables)
	if err != nil {
		return Event{}, err
	}
	return Event{
		Type: roster.PreCall, CallID: string(call.ID), Conversation: call.Conversation,
		AgentUUID: call.AgentUUID, AgentName: call.Agent, AgentVersion: call.Version,
		Direction: string(call.Direction), CallerPhone: string(call.From), CalledPhone: string(call.To),
		StartedAt: stamp(call.Created), Variables: given,
	}, nil
}

// ending is the event of a call that is over.
func ending(m matter, summary string) (Event, error) {
	call := m.call
	e, err := beginning(call)
	if err != nil {
		return Event{}, err
	}
	e.Type = roster.PostCall
	e.Ending = &Ending{
		EndedAt: stamp(call.Ended), Duration: int64(lasted(call).Seconds()), Reason: string(call.Reason),
		AnsweredBy: orNull(call.Answerer), Answer: answerOf(call), Cost: costOf(call), Transfers: transfersOf(m.transfers, call.Ended), Summary: summary, Transcript: []Line{},
	}
	if !call.Answered.IsZero() {
		at := stamp(call.Answered)
		e.AnsweredAt = &at
	}
	size := 0
	for _, u := range m.said {
		if size += len(u.Text); size > maxTranscript {
			e.Cut = true
			break
		}
		e.Transcript = append(e.Transcript, Line{Speaker: u.Speaker, Text: u.Text, StartMS: u.StartMS, EndMS: u.EndMS})
	}
	return e, nil
}

// orEvent is r with e as its body when it has none of its own. Requests that
// carry no body stay without.
func orEvent(r roster.Request, e Event) ([]byte, error) {
	if m := strings.ToUpper(r.Method); hasBody(r) || m == "GET" || m == "DELETE" {
		return nil, nil
	}
	return encode(e)
}

// hasBody reports whether r brings its own body.
func hasBody(r roster.Request) bool {
	var v any
	return len(r.Body) > 0 && (json.Unmarshal(r.Body, &v) != nil || v != nil)
}
