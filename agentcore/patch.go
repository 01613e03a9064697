package agentcore

import (
	"errors"

	"github.com/hookswitch/hookswitch/media"
)

// ErrReplaced is the cause with which a conversation's context is cancelled when
// another agent takes the floor.
var ErrReplaced = errors.New("agentcore: another agent takes the floor")

// Line is the far end of a call that is bridged to agents somewhere else.
type Line interface {
	Send(caller *media.Frame)        // what the caller says; copies, never blocks
	Receive(agent *media.Frame) bool // the next 20 ms of what is said there; false: nothing, and agent is left alone. Never blocks
	Gone() <-chan struct{}           // closed when nobody there is connected any more
	Err() error                      // why it is Gone; nil: they hung up
	Close() error
}
