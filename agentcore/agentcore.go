// Package agentcore holds one phone conversation between a caller and an agent:
// it hears, decides whose turn it is, thinks, speaks, and keeps the journal of
// all that happened.
package agentcore

import (
	"time"

	"github.com/hookswitch/hookswitch/media"
)

// Agent is who answers: its words and its manners. Its texts may name dynamic
// variables, {{like_this}}: see [Config]. They are filled in when a text is
// used, the prompt at each request to the model.
type Agent struct {
	Name       string
	Prompt     string // the model's system message
	Greeting   string // said first; empty lets the caller begin
	Apology    string // said once when something broke for good. Empty has a default
	StillThere string // said after Silence, once; empty means none
	CutOff     string // said first when a lost line is back. Empty has a default
	Filler     string // said before a tool that wants it, if nothing else was. Empty has a default
	Connecting string // said before the agent leaves a caller to who took their transfer. Empty has a default

	EndpointWait time.Duration // silence that ends a turn. Zero means 500 ms
	PauseWait    time.Duration // silence after which recognition may begin. Zero means 200 ms
	MaxDuration  time.Duration // of the call, or since the agent got the floor from another. Zero means 30 m

	// Silence is how long nobody may speak before StillThere is said. Zero means
	// 10 s, less than zero never.
	Silence time.Duration
	// SilenceEnd is how long nobody may speak before the call ends; what StillThere
	// says does not count as speech. Less than zero means never. Zero means twice
	// Silence if StillThere is said, else Silence, or 10 s if that is never.
	SilenceEnd time.Duration
}

// Observer is told numbers as they arise, without names or words. Its methods
// take only basic types, so that an implementation need not import this
// package. They must not block.
type Observer interface {
	CallBegan(direction string)
	CallEnded(direction, reason string, lasted time.Duration)
	TurnTook(endpoint, recognise, tool, model, voice, line time.Duration) // of replies whose first sample the carrier says was played
	TalkedOver(untilClear time.Duration)
	RecogniserQueued(wait time.Duration)
	FrameDropped(where string) // "recogniser", "voice"
	ProviderFailed(part string)
	WhoAnswered(class string, after time.Duration) // of a call that was placed; told anew when it changes
	MessageLeft(whole bool)                        // on a voicemail

	TalkOverUndone()                                       // nothing was said in what cut a reply: it, or the rest of it, was said after all
	CutIn()                                                // a reply's first sound went out while the caller was speaking
	ToolTook(tool string, failed bool, took time.Duration) // a use of a tool was over: one of ours by its name, another as "own"
	Paced(late, lead time.Duration)                        // sound was sent: so long after its time, and so far ahead of the clock. Told once a lump
}

// Recorder keeps the call's sound. Record is called once for each 20 ms of the
// call with what both sides said; the frames are lent. It does not block and
// does not allocate.
type Recorder interface {
	Record(caller, agent *media.Frame)
}
