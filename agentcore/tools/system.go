package tools

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hookswitch/hookswitch/agentcore/llm"
)

// EndCallName is the name under which a model finds [EndCall].
const EndCallName = "end_call"

// EndCall hangs up, politely: the call ends once what the agent is saying was
// heard. It does nothing by itself, so repeating it is safe.
func EndCall() Tool { return endCall(false) }

// System makes one of the gateway's own tools as an agent has it set: hold and
// speakFirst are as in [Traits]. It reports false for a name that models are
// not offered.
func System(name string, hold, speakFirst bool) (Tool, bool) {
	if name != EndCallName {
		return nil, false
	}
	// speakFirst changes nothing: a model that says nothing with end_call is asked
	// for its last words, and "one moment" before a goodbye would be a lie.
	return endCall(hold), true
}

func endCall(hold bool) Tool {
	return must(Func(llm.Tool{
		Name:        EndCallName,
		Description: "End the phone call. Say goodbye first; the call ends once the caller has heard it.",
		Parameters: json.RawMessage(`{
			"type": "object",
			"properties": {"reason": {"type": "string", "maxLength": 200, "description": "why the call is over, in a few words"}},
			"additionalProperties": false
		}`),
	}, Traits{Safe: true, Hold: hold}, func(context.Context, Invocation) (Result, error) {
		return Result{Text: `{"ok":true}`, End: true}, nil
	}))
}

// VoicemailDetectionName is the name under which a model finds
// [VoicemailDetection].
const VoicemailDetectionName = "voicemail_detection"

// VoicemailDetection tells the conversation that a voicemail is on the line. What
// is done about one is the conversation's: the model is told message, which may
// name dynamic variables and is left behind the beep; empty: it is hung up on.
func VoicemailDetection(message string, hold, speakFirst bool) Tool {
	return must(Func(llm.Tool{
		Name: VoicemailDetectionName,
		Description: "Tell the phone system that you have reached a voicemail or another recording, and no person. " +
			"It then leaves the message, if there is one, and ends the call: say nothing more yourself.",
		Parameters: json.RawMessage(`{
			"type": "object",
			"properties": {"reason": {"type": "string", "maxLength": 200, "description": "what made it clear, in a few words"}},
			"additionalProperties": false
		}`),
	}, Traits{Safe: true, Hold: hold, SpeakFirst: speakFirst}, func(_ context.Context, in Invocation) (Result, error) {
		var said struct {
			Reason string `json:"reason"`
		}
		if err := json.Unmarshal(in.Arguments, &said); err != nil {
			return Result{}, fmt.Errorf("its arguments: %w", err)
		}
		same := func(s string) string { return s }
		filled, _ := in.Variables.FillWithin(message, MaxResult/2, same, in.Missing)
		text, err := json.Marshal(detected{"success", Cut(filled, MaxResult/2), said.Reason})
		return Result{Text: string(text), Machine: true}, err
	}))
}

// detected is what a model is told of a voicemail.
type detected struct {
	Status  string `json:"status"`
	Message string `json:"voicemail_message,omitempty"`
	Reason  string `json:"reason"`
}

// must is for tools whose schema is written in this package.
func must(t Tool, err error) Tool {
	if err != nil {
		panic(err)
	}
	return t
}
