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
func EndCall() Tool {
	return must(Func(llm.Tool{
		Name:        EndCallName,
		Description: "End the phone call. Say goodbye first; the call ends once the caller has heard it.",
		Parameters: json.RawMessage(`{
			"type": "object",
			"properties": {"reason": {"type": "string", "maxLength": 200, "description": "why the call is over, in a few words"}},
			"additionalProperties": false
		}`),
	}, true, func(context.Context, string, json.RawMessage) (Result, error) {
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
