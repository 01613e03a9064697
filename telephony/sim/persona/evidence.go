package persona

import (
	"slices"
	"time"
)

// Evidence is what a persona noted in one call. All times are since answer, on
// the line's own clock, exact to the sample.
type Evidence struct {
	Turns  []Turn
	Agent  []Span        // every stretch of the agent's voice
	Heard  time.Duration // how long it listened in all: the call's length as it saw it
	Keys   []Key         // every key that was heard
	GaveUp bool          // a moment never came, or Max was reached
	HungUp bool          // the persona ended the call
}

// Span is a stretch of voice, from its first to its last voiced sample.
type Span struct{ Begin, End time.Duration }

// Key is a key that was heard, in the agent's sound.
type Key struct {
	Key byte
	At  time.Duration // end of the frame in which it was sure
}

// Pressed is the keys that were heard, as one text.
func (e Evidence) Pressed() string {
	keys := make([]byte, len(e.Keys))
	for i, k := range e.Keys {
		keys[i] = k.Key
	}
	return string(keys)
}

// Turn is one spoken or pressed line.
type Turn struct {
	Line   int    // index in Persona.Lines, or in Persona.Menus
	Text   string // what was said, or the keys
	Keys   bool   // Text was pressed
	Expect []string

	Begin, End time.Duration // first and last voiced sample of the line; for keys, the first and the last key

	TalkedOver   bool          // the agent was speaking at Begin
	AgentBegan   time.Duration // when TalkedOver: start of the answer that was cut
	Stopped      bool          // when TalkedOver: the agent fell silent for 300 ms
	AgentStopped time.Duration // when Stopped: its last voiced sample

	Replied bool          // the agent began to speak anew after Begin
	Reply   time.Duration // when Replied: its first voiced sample; before End if it talked over the caller
}

// Gap is the time from the caller's last voiced sample to the agent's first.
// ok is false if the agent never answered.
func (t Turn) Gap() (gap time.Duration, ok bool) { return t.Reply - t.End, t.Replied }

// BargeIn is how long the agent's voice went on after the caller's first
// sample. ok is false if the line did not talk over it, or it never stopped.
func (t Turn) BargeIn() (d time.Duration, ok bool) { return t.AgentStopped - t.Begin, t.Stopped }

// clone copies e, so that it can be read while the call goes on.
func (e Evidence) clone() Evidence {
	e.Turns = slices.Clone(e.Turns)
	e.Agent = slices.Clone(e.Agent)
	e.Keys = slices.Clone(e.Keys)
	return e
}
