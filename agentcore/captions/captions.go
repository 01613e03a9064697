// Package captions writes down what is said on a call, both sides, while it is
// said: for people who read along, and for the record. Nobody on the call need
// be ours: after a transfer two people talk.
package captions

import (
	"context"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// Side is who speaks.
type Side string

// The sides.
const (
	Caller Side = "caller" // whom we call, or who calls
	Agent  Side = "agent"  // whoever of ours, or of a LiveKit server, talks to them
	Person Side = "person" // who was connected by a transfer
)

// Caption is something that was said.
type Caption struct {
	Call       telephony.CallID
	N          int    // from 1, without gaps within a call
	Job        string // of the listener that wrote it
	Agent      string // the listener's name
	Side       Side
	Speaker    string // an agent's name; else empty
	Text       string
	Confidence float32   // 0: unknown
	Start, End time.Time // of the voice
}

// Interim is what somebody is saying just now: the next one of the same job and
// side, or its caption, replaces it.
type Interim struct {
	Call  telephony.CallID
	Job   string
	Side  Side
	Text  string
	Start time.Time
}

// Store keeps captions.
type Store interface {
	// Append numbers captions, keeps them, and returns them with their numbers.
	// A call has at most 20,000: more are dropped.
	Append(ctx context.Context, call telephony.CallID, all []Caption) ([]Caption, error)

	// Captions lists those of a workspace's call with numbers above after, in
	// order, at most limit. A call that isn't there has none.
	Captions(ctx context.Context, workspace string, call telephony.CallID, after, limit int) ([]Caption, error)
}
