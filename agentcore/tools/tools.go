// Package tools is what an agent can do besides talking.
package tools

import (
	"context"
	"encoding/json"

	"github.com/hookswitch/hookswitch/agentcore/llm"
)

// Result is what a tool did.
type Result struct {
	Text string // for the model: JSON or plain words
	End  bool   // the call ends once what the agent is saying was heard
}

// Tool is one thing that an agent can do. It is used by many calls at once.
type Tool interface {
	Spec() llm.Tool
	// Safe says that a call with the same key may be repeated without harm.
	Safe() bool
	// Call does it. key is the same when the same call is tried again.
	// args is what the model wrote: anything at all. An error is told to the
	// model as text.
	Call(ctx context.Context, key string, args json.RawMessage) (Result, error)
}
