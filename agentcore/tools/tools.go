// Package tools is what an agent can do besides talking.
package tools

import (
	"context"
	"encoding/json"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/vars"
)

// Tool is one thing that an agent can do. It is used by many calls at once.
type Tool interface {
	Spec() llm.Tool
	Traits() Traits
	// Call does it. An error is told to the model as text.
	Call(ctx context.Context, in Invocation) (Result, error)
}

// Invocation is one use of a tool.
type Invocation struct {
	Key       string            // the same when the same call is tried again
	Arguments json.RawMessage   // what the model wrote: anything at all
	Variables vars.Set          // the call's dynamic variables; not to be changed
	Missing   func(name string) // is told of a variable that is named and not there; nil: nobody is
}

// Result is what a tool did.
type Result struct {
	Text     string   // for the model: JSON or plain words
	End      bool     // the call ends once what the agent is saying was heard
	Machine  bool     // whoever is on the line is a voicemail: the conversation does what it does about one
	Leave    bool     // the agent leaves the call once what it is saying was heard; the call goes on
	Handed   Handed   // a transfer that began; zero: none
	Collect  *Collect // what the caller is to key in from now on; nil: nothing
	Press    string   // keys of a telephone that the caller's line hears; the result counts once they were heard
	Assigned vars.Set // dynamic variables that the call has from now on
	Problems []string // that the model need not know of, for the log: without values
}

// Handed is a call's being handed to somebody else.
type Handed struct {
	ID   string // of the transfer
	To   string // what the agent calls them; no number
	Kind string // "blind", "conference" or "warm"
}

// Collect is what the caller is to key in: digits up to a terminator, a number
// of them, or a time without any.
type Collect struct {
	Slot       string        // the dynamic variable that gets them
	Min, Max   int           // how many, without the terminator
	Terminator string        // the key that ends them; empty: none does
	First      time.Duration // that a silent caller has for the first of them
	Between    time.Duration // and then for each other
	Sensitive  bool          // nobody but tools may see them
}

// Discreet is a [Tool] whose arguments may be secret: the journal gets what
// Shown makes of them.
type Discreet interface {
	Shown(args json.RawMessage) json.RawMessage
}

// Traits are how a call goes on around a tool.
type Traits struct {
	Timeout time.Duration // for one use of it, from 1 s to 60 s. Zero means 8 s
	Safe    bool          // a use with the same key may be repeated without harm

	// Hold keeps the caller from cutting the agent short from the use of the tool
	// to the end of the reply that it belongs to.
	Hold bool
	// SpeakFirst makes the agent say something before the use of the tool, if it
	// has said nothing in the reply yet.
	SpeakFirst bool
}

// Bounds of [Traits.Timeout].
const (
	minTimeout     = time.Second
	maxTimeout     = 60 * time.Second
	defaultTimeout = 8 * time.Second
)

// Limit is how long one use may take.
func (t Traits) Limit() time.Duration {
	if t.Timeout == 0 {
		return defaultTimeout
	}
	return min(max(t.Timeout, minTimeout), maxTimeout)
}
