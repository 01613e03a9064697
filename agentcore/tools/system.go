package tools

import (
	"context"
	"encoding/json"

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

// must is for tools whose schema is written in this package.
func must(t Tool, err error) Tool {
	if err != nil {
		panic(err)
	}
	return t
}
