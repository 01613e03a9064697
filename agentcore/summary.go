package agentcore

import (
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// Summary is what came of a conversation on one leg.
type Summary struct {
	End    telephony.EndReason // empty: the call is not over, only this leg is
	Left   bool                // the agent has handed the call to somebody else; it may come back
	Yield  bool                // the floor is somebody else's: the agent would have ended the call, but another waits; with an error: it was lost, and the call was not
	Last   int                 // number of the last entry written
	Lasted time.Duration       // since the call was answered
}
