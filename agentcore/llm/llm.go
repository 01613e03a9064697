// Package llm is the port to language models: a conversation in, words and tool
// calls out.
package llm

import (
	"context"
	"encoding/json"
	"iter"

	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// Role says whose message it is.
type Role string

const (
	System    Role = "system"
	User      Role = "user"      // the caller's words, or "[5]" for a key pressed
	Assistant Role = "assistant" // what the caller heard of the agent's words
	ToolRole  Role = "tool"      // a tool's result
)

// Message is one entry of the conversation so far.
type Message struct {
	Role  Role
	Text  string
	Calls []ToolCall // Assistant: the tools it asked for
	Call  string     // ToolRole: the id of the ToolCall that it answers
}

// ToolCall is a model's wish to have a tool run.
type ToolCall struct {
	ID        string // unique in the conversation
	Name      string
	Arguments json.RawMessage // a JSON object, or what the model wrote instead of one
}

// Tool describes a tool to a model.
type Tool struct {
	Name        string
	Description string
	Parameters  json.RawMessage // JSON Schema of the arguments; nil means none
}

// Request is everything a model is told for one reply.
type Request struct {
	Messages []Message // the system prompt first
	Tools    []Tool
}

// Delta is one piece of a reply, in order. Exactly one field is set.
type Delta struct {
	Text  string    // words to add, as they come; white space kept
	Call  *ToolCall // a whole tool call, never in parts
	Usage *Usage    // what the request cost so far; of several the last counts
}

// Usage is what a provider counted, in tokens.
type Usage struct {
	Input  int // of the request, those in Cached among them
	Cached int // of Input: read from the provider's cache, for less money
	Output int // of the reply, hidden reasoning included
}

// Model answers requests. It is used by many calls at once.
//
// The sequence ends after the last delta; an error ends it, too, and comes with
// a zero Delta. When ctx ends or the consumer stops, the provider's stream is
// let go of before the sequence returns.
type Model interface {
	Chat(ctx context.Context, r Request) iter.Seq2[Delta, error]
}

// Error is a model's failure, in a form a caller can act on.
type Error = provider.Error
