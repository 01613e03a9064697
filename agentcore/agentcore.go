// Package agentcore holds one phone conversation between a caller and an agent:
// it hears, decides whose turn it is, thinks, speaks, and keeps the journal of
// all that happened.
package agentcore

import (
	"time"

	"github.com/hookswitch/hookswitch/media"
)

// Agent is who answers: its words and its manners.
type Agent struct {
	Name         string
	Prompt       string        // the model's system message
	Greeting     string        // said first; empty lets the caller begin
	Apology      string        // said once when something broke for good. Empty has a default
	StillThere   string        // said after Silence, once; empty means none
	CutOff       string        // said first when a lost line is back. Empty has a default
	EndpointWait time.Duration // silence that ends a turn. Zero means 500 ms
	PauseWait    time.Duration // silence after which recognition may begin. Zero means 200 ms
	Silence      time.Duration // without a word from anyone. Zero means 10 s; then as long again ends the call
	MaxDuration  time.Duration // of the call. Zero means 30 m
}

// Observer is told numbers as they arise, without names or words. Its methods
// take only basic types, so that an implementation need not import this
// package. They must not block.
type Observer interface {
	CallBegan(direction string)
	CallEnded(direction, reason string, lasted time.Duration)
	TurnTook(endpoint, recognise, tool, model, voice, line time.Duration)
	TalkedOver(untilClear time.Duration)
	RecogniserQueued(wait time.Duration)
	FrameDropped(where string) // "recogniser", "voice"
	ProviderFailed(part string)
}

// Recorder keeps the call's sound. Record is called once for each 20 ms of the
// call with what both sides said; the frames are lent. It does not block and
// does not allocate.
type Recorder interface {
	Record(caller, agent *media.Frame)
}
